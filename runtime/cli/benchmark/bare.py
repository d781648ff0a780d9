"""The baseline: the smallest ASGI application, on the same server software. It stores and does nothing."""

from __future__ import annotations

import socket

import uvicorn
from starlette.types import Receive, Scope, Send

_START = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]}
_BODY = {"type": "http.response.body", "body": b""}


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers every request with an empty 200."""
    await receive()
    await send(_START)
    await send(_BODY)


def run_bare(sock: socket.socket) -> None:
    """Serves until the process is ended."""
    config = uvicorn.Config(
        application, loop="uvloop", http="httptools", lifespan="off", access_log=False, log_config=None
    )
    uvicorn.Server(config).run(sockets=[sock])
