"""Mutations of queries and forms: what hand-written image tags and half-broken pixels send."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.support.bad_input import BOUNDARY, CONTENTS, Draft, Message, Shapes, part
from tests.support.bad_input_mutation import Book, Words

ENCODED: Shapes = ("pixel query", "pixel form")
MULTIPART: Shapes = ("pixel multipart",)
ALL: Shapes = ENCODED + MULTIPART
NAMES = st.sampled_from(["id", "ev", "eid", "rl", "fbp", "ud[em]", "cd[value]", "cd[currency]", "cd[contents]"])

book = Book()


@book.of_draft(ENCODED, NAMES, st.sampled_from([b"%", b"%4", b"%zz", b"%u20AC", b"%%"]))
def bad_percent_escape(draft: Draft, name: str, escape: bytes) -> None:
    draft.put(name, draft.value(name) + escape)


@book.of_draft(
    ENCODED, NAMES, st.sampled_from([b"%ff", b"%c3%28", b"%ed%a0%80", b"%f8%88%80%80%80", b"\xff", b"\xe2\x82"])
)
def invalid_utf8_in_a_form(draft: Draft, name: str, sequence: bytes) -> None:
    if draft.shape == "pixel query":
        sequence = sequence.replace(b"\xff", b"%ff").replace(b"\xe2\x82", b"%e2%82")
    draft.put(name, draft.value(name) + sequence)


@book.of_draft(MULTIPART, NAMES, st.sampled_from([b"\xff", b"\xc3(", b"\xed\xa0\x80"]))
def invalid_utf8_in_multipart(draft: Draft, name: str, sequence: bytes) -> None:
    draft.put(name, draft.value(name) + sequence)


@book.of_draft(ALL, NAMES, st.integers(1, 9))
def nul_in_a_form(draft: Draft, name: str, count: int) -> None:
    draft.put(name, draft.value(name) + (b"\0" if draft.shape == "pixel multipart" else b"%00") * count)


@book.of_draft(ALL, st.sampled_from(["id", "ev"]), st.booleans())
def missing_pixel_or_event_name(draft: Draft, name: str, empty: bool) -> None:
    draft.put(name, b"") if empty else draft.drop(name)


@book.of_draft(ALL, st.sampled_from(["id", "ev"]), st.sampled_from(["[]", "[x]"]), Words)
def list_or_map_for_a_name(draft: Draft, name: str, brackets: str, value: str) -> None:
    draft.drop(name)
    draft.add(name + brackets, value)


@book.of_draft(ALL, st.integers(1, len(CONTENTS) - 1) | Words)
def bad_json_in_contents(draft: Draft, rest: int | str) -> None:
    draft.drop("cd[contents]")
    draft.add("cd[contents]", CONTENTS[:rest] if isinstance(rest, int) else rest)


@book.of_draft(ALL, st.sampled_from(["[", '["a"', '["a",]', "[a]", "[1 2]"]), st.integers(0, 99))
def bad_json_in_content_ids(draft: Draft, text: str, number: int) -> None:
    draft.drop("cd[content_ids]")
    draft.add("cd[content_ids]", f"{text}{number}")


@book.of_draft(
    ALL,
    st.sampled_from(["cd[value]", "cd[num_items]"]),
    Words | st.sampled_from(["1,5", "NaN", "1e999", "0x10", "1.2.3"]),
)
def bad_number_in_a_form(draft: Draft, name: str, number: str) -> None:
    draft.drop(name)
    draft.add(name, number)


@book.of_draft(ALL, NAMES, Words)
def duplicate_name(draft: Draft, name: str, value: str) -> None:
    draft.add(name, value)


@book.of_draft(ALL, st.sampled_from(["cd", "ud"]), Words)
def one_name_as_text_and_as_map(draft: Draft, name: str, value: str) -> None:
    draft.add(name, value)


@book.of_draft(ALL, st.integers(513, 600))
def too_many_pairs(draft: Draft, count: int) -> None:
    draft.pairs += [(b"x%d" % number, b"1") for number in range(count)]


@book.of_draft(ALL, st.sampled_from(["dl", "rl"]), st.sampled_from(["", "javascript:", "//", "http:/"]), Words)
def bad_url_in_a_form(draft: Draft, name: str, start: str, rest: str) -> None:
    draft.drop(name)
    draft.add(name, start + rest)


@book.of_draft(ALL, Words | st.sampled_from(["2026-11-24", "12:30", "1e999", "-"]))
def bad_time_in_a_form(draft: Draft, time: str) -> None:
    draft.drop("ts")
    draft.add("ts", time)


@book.of_draft(ALL, st.sampled_from(["sw", "sh"]), Words)
def bad_screen_size(draft: Draft, name: str, size: str) -> None:
    draft.drop(name)
    draft.add(name, size)


@book.of_draft(
    ALL,
    st.sampled_from(["fbp", "fbc"]),
    st.sampled_from(["", "fb.", "fb.1.", "fb.1.1790000000000."]),
    Words,
    st.sampled_from([" ", ";", "..", "\n"]),
)
def bad_browser_or_click_id(draft: Draft, name: str, start: str, rest: str, end: str) -> None:
    draft.drop(name)
    draft.add(name, start + rest + end)


@book.of_message(Words, shapes=MULTIPART)
def file_among_the_parts(message: Message, name: str) -> None:
    upload = part(b'; name="%b"; filename="a.png"' % name.encode(), b"\x89PNG")
    message.body = upload + message.body


@book.of_message(Words, shapes=MULTIPART)
def part_without_a_name(message: Message, value: str) -> None:
    message.body = part(b"", value.encode()) + message.body


@book.of_message(st.sampled_from([b"", b"; boundary=", b"; boundary=another"]), shapes=MULTIPART)
def no_such_boundary(message: Message, parameter: bytes) -> None:
    message.header(b"content-type", b"multipart/form-data" + parameter)


@book.of_message(st.integers(1, 900), shapes=MULTIPART)
def cut_multipart(message: Message, rest: int) -> None:
    message.body = message.body[: min(rest, len(message.body) - len(BOUNDARY) - 8)]


@book.of_message(
    st.sampled_from([b"image/png", b"application/octet-stream", b"application/json", b"x", b"\xff/\xff"]),
    shapes=("pixel form",),
)
def wrong_type_of_a_form(message: Message, kind: bytes) -> None:
    message.header(b"content-type", kind)
