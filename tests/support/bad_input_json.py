"""Mutations of JSON bodies: of their text."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.support.bad_input import COMMON, JSON, Draft, Message
from tests.support.bad_input_mutation import Book, Words

book = Book()


def member(draft: Draft, text: bytes) -> None:
    """Puts a member, as it stands, into the outermost object."""
    draft.spoil = lambda json: json.replace(b"{", b'{"x":%b,' % text, 1)


@book.of_draft(JSON, st.integers(1, 400))
def cut_json(draft: Draft, cut: int) -> None:
    draft.spoil = lambda json: json[: max(len(json) - cut, 1)]


@book.of_draft(JSON, st.sampled_from([b",", b"}", b"]", b" x", b"\0", b"{}", b"\xff"]), st.integers(1, 3))
def text_after_the_json(draft: Draft, text: bytes, count: int) -> None:
    draft.spoil = lambda json: json + text * count


@book.of_draft(
    JSON,
    st.sampled_from([b"NaN", b"-Infinity", b"01", b"+1", b".5", b"1.", b"0x1", b"'a'", b"undefined", b"/**/1"]),
)
def no_json_value(draft: Draft, value: bytes) -> None:
    member(draft, value)


@book.of_draft(JSON, st.sampled_from([b"1e999", b"-1e400", b"9" * 400]))
def number_out_of_range(draft: Draft, number: bytes) -> None:
    member(draft, number)


@book.of_draft(JSON, st.sampled_from([b"\\ud800", b"\\udfff", b"\\ud83d x", b"\\ude00\\ud83d"]), Words)
def lone_surrogate(draft: Draft, escape: bytes, word: str) -> None:
    member(draft, b'"%b%b"' % (word.encode(), escape))


@book.of_draft(
    JSON, st.sampled_from([b"\xff", b"\xc3(", b"\xed\xa0\x80", b"\n", b"\0", b"\x01", b"\\x41", b"\\u12"]), Words
)
def bad_bytes_in_json_text(draft: Draft, bad: bytes, word: str) -> None:
    member(draft, b'"%b%b"' % (word.encode(), bad))


@book.of_draft(JSON, st.integers(33, 5000), st.sampled_from([(b"[", b"]"), (b'{"a":', b"}")]))
def deep_json(draft: Draft, depth: int, brackets: tuple[bytes, bytes]) -> None:
    member(draft, brackets[0] * depth + b"1" + brackets[1] * depth)


@book.of_draft(JSON, st.integers(1001, 1100))
def too_many_keys(draft: Draft, count: int) -> None:
    member(draft, b"{%b}" % b",".join(b'"k%d":1' % number for number in range(count)))


@book.of_draft(JSON, st.integers(65537, 70000))
def text_too_long(draft: Draft, size: int) -> None:
    draft.event["x"] = "a" * size


@book.of_draft(JSON, Words, st.integers(1, 5))
def nul_in_json(draft: Draft, word: str, count: int) -> None:
    member(draft, b'"%b%b"' % (word.encode(), b"\\u0000" * count))


@book.of_draft(JSON)
def byte_order_mark(draft: Draft) -> None:
    draft.spoil = lambda json: b"\xef\xbb\xbf" + json


@book.of_message(st.sampled_from([b"", b" ", b"\n\n", b"\xef\xbb\xbf"]), shapes=("bridge", "intake json", *COMMON))
def empty_body(message: Message, body: bytes) -> None:
    message.body = body


@book.of_message(
    st.sampled_from([b"1", b'"text"', b"null", b"true", b"a=1&b=2"]),
    shapes=("bridge", "intake json", *COMMON),
)
def body_that_is_no_object(message: Message, body: bytes) -> None:
    message.body = body
