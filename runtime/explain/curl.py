"""A request of a trace as a command for curl, on one line: secrets by name, personal data masked as it is shown."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

import orjson

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def as_curl(request: Mapping[str, Any]) -> str:
    """Returns the command for `method`, `url`, `headers` and `body` of a request as a trace shows it; "" where no
    request could be made. Who runs it puts secrets in the place of their names first."""
    if "url" not in request:
        return ""
    words = ["curl", "--globoff", "-X", str(request["method"]), _quoted(str(request["url"]))]
    for name, value in sorted(request["headers"].items()):
        words += ["-H", _quoted(f"{name}: {value}")]
    body = request["body"]
    if body:
        words += ["--data-raw", _quoted(body if isinstance(body, str) else orjson.dumps(body).decode())]
    return " ".join(words)


def _quoted(text: str) -> str:
    """Returns a word for a shell; what would break the line, or do something to a terminal, is escaped."""
    if not _CONTROL.search(text):
        return shlex.quote(text)
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return "$'" + _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", escaped) + "'"
