"""What a section of the admin port offers: one entry a route, and who may use it.

The entries are the one table that the server, the OpenAPI document and the tests of roles read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel
from starlette.responses import Response

from admin_ui.call import Call
from runtime.model.role import Role

Handler = Callable[[Call], Response]
"""Runs in a thread of its own: it may wait for files."""
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
MAX_BODY = 5 * 1024 * 1024


@dataclass(frozen=True)
class Entry:
    """One route."""

    method: Method
    path: str
    handler: Handler
    role: Role | None = "viewer"
    """The least that one must be; None = anybody."""
    summary: str = ""
    """Of the API: what it does, for its document."""
    query: type[BaseModel] | None = None
    """Of the API: its query parameters."""
    takes: type[BaseModel] | None = None
    """Of the API: the body."""
    gives: Any = None
    """Of the API: the type of the answer."""
    status: int = 200
    local: bool = False
    """Whether who asks from this machine itself needs no sign-in."""
    person: bool = False
    """Whether it is for people alone: a program's token has no account to look after."""

    @property
    def is_api(self) -> bool:
        """Whether it speaks JSON."""
        return self.path.startswith("/api/")

    @property
    def changes(self) -> bool:
        """Whether it may change anything."""
        return self.method != "GET"
