"""The bytes that an application's messages become, write by write."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
import uvicorn
from uvicorn.server import ServerState

from runtime.edge.asgi import Header, Receive, Scope, Send, reply
from runtime.edge.guard import uvicorn_options
from runtime.settings import Settings

GET = b"GET /a%20b/?x=1#y HTTP/1.1\r\nHost: t.shop.example\r\n\r\n"
GIF = reply(200, [(b"content-type", b"image/gif")], b"GIF")
WHOLE = b"HTTP/1.1 200 OK\r\ncontent-type: image/gif\r\ncontent-length: 3\r\n\r\nGIF"

Message = dict[str, Any]


class Recorder(asyncio.Transport):
    """A connection whose writes are kept one by one."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        if data:
            self.writes.append(bytes(data))

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def can_write_eof(self) -> bool:
        return False


def exchange(raw: bytes, *messages: Any, seen: list[Scope] | None = None, full: bool = False) -> Recorder:
    """Sends bytes to an application that answers each request with these messages; `full`: nothing can be written."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if seen is not None:
            seen.append(scope)
        for message in messages:
            await send(message)

    async def main() -> Recorder:
        config = uvicorn.Config(app, **uvicorn_options(Settings(), lambda name, label: None))
        config.load()
        protocol = cast("Any", config.http_protocol_class)(config, ServerState(), {}, asyncio.get_running_loop())
        protocol.connection_made(transport := Recorder())
        if full:
            protocol.pause_writing()
        protocol.data_received(raw)
        await _turns()
        protocol.connection_lost(None)
        await _turns()
        return transport

    return asyncio.run(main())


async def _turns() -> None:
    for _ in range(8):
        await asyncio.sleep(0)


def test_a_whole_answer_is_one_write() -> None:
    seen: list[Scope] = []
    made = exchange(GET, *GIF, seen=seen)

    assert made.writes == [WHOLE]
    assert (seen[0]["method"], seen[0]["http_version"]) == ("GET", "1.1")
    assert (seen[0]["path"], seen[0]["raw_path"], seen[0]["query_string"]) == ("/a b/", b"/a%20b/", b"x=1")


def test_the_answers_of_one_connection_keep_their_order() -> None:
    assert exchange(GET * 3, *GIF).writes == [WHOLE] * 3


def test_a_last_answer_says_so_and_the_connection_ends() -> None:
    made = exchange(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), *GIF)

    assert made.writes == [WHOLE.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")]
    assert made.closed


@pytest.mark.parametrize(
    ("raw", "messages", "answer"),
    [
        (GET.replace(b"GET", b"HEAD"), GIF, WHOLE.removesuffix(b"GIF")),
        (GET, reply(204, []), b"HTTP/1.1 204 No Content\r\n\r\n"),
        (GET, [GIF.start, {**GIF.body, "body": b"G", "more_body": True}, {**GIF.body, "body": b"IF"}], WHOLE),
        (
            GET,
            [{"type": "http.response.start", "status": 200}, {"type": "http.response.body", "body": b"GIF"}],
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nGIF\r\n0\r\n\r\n",
        ),
    ],
    ids=["HEAD", "no body", "in pieces", "without its length"],
)
def test_any_other_answer_is_as_uvicorn_frames_it(raw: bytes, messages: list[Message], answer: bytes) -> None:
    assert b"".join(exchange(raw, *messages).writes) == answer


def test_a_head_without_its_body_is_an_error_of_ours() -> None:
    assert b"".join(exchange(GET, GIF.start).writes).startswith(b"HTTP/1.1 500 ")


@pytest.mark.parametrize("value", [b"a\r\nset-cookie: b=c", b"a\nb", b"a\rb", b"a\0b", b"a\x7fb"])
@pytest.mark.parametrize("more", [[], [(b"connection", b"close")]], ids=["alone", "with another"])
def test_no_header_value_adds_a_line(value: bytes, more: list[Header]) -> None:
    made = exchange(GET, *reply(200, [(b"x", value), *more], b"GIF"))

    assert value not in b"".join(made.writes)
    assert b"GIF" not in b"".join(made.writes)


def test_nothing_is_written_while_the_connection_is_full() -> None:
    assert exchange(GET, *GIF, full=True).writes == []
