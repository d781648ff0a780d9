"""Mutations of the message: request line, head, framing and compression."""

from __future__ import annotations

import gzip
import zlib

from hypothesis import strategies as st

from tests.support.bad_input import POSTED, Message
from tests.support.bad_input_mutation import Book, Words

BOMB = gzip.compress(bytes(40_000_000))

book = Book()


@book.of_message(st.sampled_from([b"PUT", b"DELETE", b"PATCH", b"TRACE"]))
def wrong_method(message: Message, method: bytes) -> None:
    message.method = method


@book.of_message(st.sampled_from([b"/nobody", b"/%zz", b"/\xff", b"/..%2f", b"//"]), Words)
def unknown_path(message: Message, start: bytes, rest: str) -> None:
    message.target = start + rest.encode()


@book.of_message(st.integers(16_384, 17_000))
def url_too_long(message: Message, size: int) -> None:
    message.target += (b"&" if b"?" in message.target else b"?") + b"x=" + b"a" * size


@book.of_message(st.sampled_from([b"G@T", b"get", b"", b"POST /x", b"GARBAGE"]))
def bad_request_line(message: Message, method: bytes) -> None:
    message.method = method


@book.of_message(st.sampled_from([b"HTTP/9.9", b"HTTP/1", b"HTTQ/1.1", b"1.1"]))
def bad_version(message: Message, version: bytes) -> None:
    message.version = version


@book.of_message(st.sampled_from([b"http://shop.localhost", b"shop.localhost", b"?"]))
def target_that_is_no_path(message: Message, start: bytes) -> None:
    message.target = start + message.target


@book.of_message(st.sampled_from([b"", b"a/b", b"a b", b"shop.localhost:http", b"[::1", b"\xc3\xa9", b"a@b", b"*"]))
def bad_host(message: Message, host: bytes) -> None:
    message.header(b"host", host)


@book.of_message(st.sampled_from([0, 2]), Words)
def not_one_host(message: Message, count: int, name: str) -> None:
    message.headers = message.headers[1:] + [(b"host", name.encode())] * count


@book.of_message(st.sampled_from([b" : ", b"", b"\0: ", b" "]))
def bad_header_line(message: Message, separator: bytes) -> None:
    message.separator = separator


@book.of_message(st.sampled_from([b"a\0b", b"a\nb", b"a\rb", b"a\r\n b", b"\x7f\0"]), Words)
def bad_header_value(message: Message, value: bytes, name: str) -> None:
    message.headers.append((b"x-" + name.encode(), value))


@book.of_message(st.integers(100, 120))
def too_many_headers(message: Message, count: int) -> None:
    message.headers += [(b"x-%d" % number, b"1") for number in range(count)]


@book.of_message(st.integers(32_769, 40_000), st.sampled_from([b"x-large", b"cookie", b"user-agent"]))
def header_too_large(message: Message, size: int, name: bytes) -> None:
    message.headers.append((name, b"a" * size))


@book.of_message(st.sampled_from([b"abc", b"-1", b"1, 2", b"", b"0x10", b"1 1", b"9" * 30]), shapes=POSTED)
def bad_content_length(message: Message, length: bytes) -> None:
    message.framed = False
    message.headers.append((b"content-length", length))


@book.of_message(st.integers(4_194_305, 10**9), shapes=POSTED)
def body_declared_too_large(message: Message, length: int) -> None:
    message.framed = False
    message.headers.append((b"content-length", b"%d" % length))


@book.of_message(st.integers(270_000, 300_000), shapes=("pixel form", "bridge", "event"))
def body_too_large(message: Message, size: int) -> None:
    message.body += b" " * size


@book.of_message(st.sampled_from([b"gzip", b"gzip, chunked", b"identity", b"chunked, chunked", b"x"]), shapes=POSTED)
def bad_transfer_encoding(message: Message, coding: bytes) -> None:
    message.framed = False
    message.headers.append((b"transfer-encoding", coding))


@book.of_message(shapes=POSTED)
def length_beside_chunks(message: Message) -> None:
    message.headers.append((b"transfer-encoding", b"chunked"))


@book.of_message(st.sampled_from([b"zz\r\n", b"-1\r\n", b"5\n", b"1\r\nab\r\n", b"f" * 17 + b"\r\n"]), shapes=POSTED)
def bad_chunk(message: Message, chunk: bytes) -> None:
    message.framed = False
    message.headers.append((b"transfer-encoding", b"chunked"))
    message.body = chunk + message.body


@book.of_message(st.integers(1, 400), st.sampled_from([b"gzip", b"deflate"]), shapes=POSTED)
def cut_compression(message: Message, cut: int, coding: bytes) -> None:
    whole = gzip.compress(message.body) if coding == b"gzip" else zlib.compress(message.body)
    compressed(message, whole[: max(len(whole) - cut, 1)], coding)


@book.of_message(st.binary(min_size=1, max_size=9), shapes=POSTED)
def text_after_the_compression(message: Message, rest: bytes) -> None:
    compressed(message, gzip.compress(message.body) + rest, b"gzip")


@book.of_message(st.sampled_from([b"gzip", b"deflate"]), st.binary(min_size=2, max_size=9), shapes=POSTED)
def no_compression(message: Message, coding: bytes, start: bytes) -> None:
    compressed(message, b"\xff" + start + message.body, coding)


@book.of_message(shapes=POSTED)
def compression_bomb(message: Message) -> None:
    compressed(message, BOMB, b"gzip")


@book.of_message(st.sampled_from([b"br", b"zstd", b"compress", b"gzip, gzip", b"x", b"\xff"]), shapes=POSTED)
def unknown_compression(message: Message, coding: bytes) -> None:
    compressed(message, message.body, coding)


def compressed(message: Message, body: bytes, coding: bytes) -> None:
    """Puts another body, said to be compressed, in place of the message's own."""
    message.body = body
    message.headers.append((b"content-encoding", coding))
