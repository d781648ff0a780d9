"""Mutations of credentials, cookies and single headers."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.support.bad_input import BROWSER, INTAKE, Draft, Message
from tests.support.bad_input_mutation import Book, Words

book = Book()


@book.of_draft(INTAKE, Words | st.sampled_from(["", "tök", "\x7f"]) | st.none())
def bad_token(draft: Draft, token: str | None) -> None:
    draft.token = None if token is None else token.encode()


IDS = st.sampled_from(
    ["", "fb", "fb.1", "fb.1.1790000000000.", "1.", "fb.1.1790000000000.12.", "%ff", "%zz", '"', "é", " "]
)


@book.of_message(st.sampled_from(["_fbp", "_fbc", "_fhid"]), IDS, Words, shapes=BROWSER)
def bad_cookie(message: Message, name: str, start: str, rest: str) -> None:
    message.headers.append((b"cookie", f"a=b; {name}={start}{rest}!".encode()))


@book.of_message(st.sampled_from(["_fbp", "_fbc", "_fhid"]), st.integers(2049, 9000), shapes=BROWSER)
def cookie_too_long(message: Message, name: str, size: int) -> None:
    message.headers.append((b"cookie", f"{name}=fb.1.1790000000000.{'1' * size}".encode()))


@book.of_message(
    st.sampled_from([b"\x01", b"\x0b", b"\x1b", b"\x7f", b"\t", b"\xff", b"\xc3("]),
    st.sampled_from([b"_fbp", b"_fbc"]),
    shapes=BROWSER,
)
def bad_byte_in_a_cookie(message: Message, bad: bytes, name: bytes) -> None:
    message.headers.append((b"cookie", name + b"=fb.1.1790000000000." + bad + b"12"))


@book.of_message(st.sampled_from([b"shop", b"https:/", b"https://", b"https://a b", b"://x", b"https://x/y", b"\xff"]))
def bad_origin(message: Message, origin: bytes) -> None:
    message.headers.append((b"origin", origin))


@book.of_message(
    st.sampled_from(
        [b"unknown", b"1.2.3", b"1.2.3.4.5", b"300.1.1.1", b"[::g]", b"::g", b",", b"\xff", b"127.0.0.1, x"]
    ),
    shapes=BROWSER,
)
def bad_forwarded_address(message: Message, address: bytes) -> None:
    message.headers.append((b"x-forwarded-for", address))


@book.of_message(
    st.sampled_from([b"user-agent", b"referer", b"accept-language"]),
    st.sampled_from([b"\xff", b"\xc3(", b"\xed\xa0\x80"]),
    Words,
)
def invalid_utf8_in_a_header(message: Message, name: bytes, bad: bytes, word: str) -> None:
    message.header(name, b"https://shop.localhost/" + word.encode() + bad)


@book.of_message(st.sampled_from([b"user-agent", b"referer", b"accept-language"]), st.integers(4097, 9000))
def header_too_long_to_keep(message: Message, name: bytes, size: int) -> None:
    message.header(name, b"https://shop.localhost/" + b"a" * size)
