"""The files that pages load. Each is named with the hash of its content, so that browsers may keep it for ever."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from starlette.responses import FileResponse, PlainTextResponse, Response

STATIC = Path(__file__).parent / "static"
_FOR_EVER = "public, max-age=31536000, immutable"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}


@cache
def asset(name: str) -> str:
    """Returns the path of a file of ours, for templates."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{digest}/{name}"


def serve_asset(path: str) -> Response:
    """Returns the file that a path of `asset` names."""
    digest, _, name = path.partition("/")
    file = (STATIC / name).resolve()
    if not file.is_relative_to(STATIC) or file.suffix not in _TYPES or not file.is_file():
        return PlainTextResponse("There is no such file.\n", 404)
    current = asset(name) == f"/static/{digest}/{name}"
    headers = {"Cache-Control": _FOR_EVER if current else "no-cache"}
    return FileResponse(file, media_type=_TYPES[file.suffix], headers=headers)
