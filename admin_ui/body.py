"""Reads what a request sends, with limits on its size, its time and its kind, before anything looks at it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from admin_ui.refusals import Refused
from admin_ui.routes import MAX_BODY, Entry

MOST_FIELDS = 5000
MOST_FILES = 10
BODY_S = 30.0
"""A body that has not come whole by then is no longer waited for."""
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_JSON = "application/json"

Fields = Mapping[str, list[str]]


async def sent(entry: Entry, request: Request) -> tuple[Fields, bytes]:
    """Returns the fields of a form, or any other body; Refused where it is too large, too slow, or not of a kind that
    the route takes."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await read_body(request)
    if body and not _takes(entry, kind):
        raise Refused(415, f"A body of the type {kind[:100] or '(none)'} is not taken here.", f"Send {_wanted(entry)}.")
    return (await _fields(request, body), b"") if kind in _FORMS else ({}, body)


async def read_body(request: Request, most: int = MAX_BODY, within_s: float = BODY_S) -> bytes:
    """Returns the body. It need not say how large it is; Refused where it is too large, or too slow."""
    size = request.headers.get("content-length", "")
    if size.isascii() and size.isdigit() and int(size) > most:
        raise Refused(413, f"The body is larger than {most} bytes.")
    body = bytearray()
    try:
        async with asyncio.timeout(within_s):
            async for part in request.stream():
                body += part
                if len(body) > most:
                    raise Refused(413, f"The body is larger than {most} bytes.")
    except TimeoutError:
        raise Refused(408, f"The body did not come within {within_s:g} seconds.") from None
    except ClientDisconnect:
        raise Refused(400, "The body did not come whole.") from None
    return bytes(body)


def _takes(entry: Entry, kind: str) -> bool:
    if entry.is_api:
        return entry.takes is None or kind == _JSON
    return kind in _FORMS or kind == _JSON


def _wanted(entry: Entry) -> str:
    return _JSON if entry.is_api else "a form"


async def _fields(request: Request, body: bytes) -> Fields:
    async def again() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    form = await Request(request.scope, again).form(
        max_files=MOST_FILES, max_fields=MOST_FIELDS, max_part_size=MAX_BODY
    )
    fields: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        text = (await value.read()).decode("utf-8", "replace") if isinstance(value, UploadFile) else value
        fields.setdefault(name, []).append(text)
    return fields
