"""The admin port with handlers that do nothing: what is left is who gets to them, and how."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from admin_ui.admin import Admin
from admin_ui.call import Call
from admin_ui.routes import Entry
from admin_ui.sections import entries
from admin_ui.serve import endpoint
from runtime.model.role import Role
from runtime.settings import Settings
from runtime.store.control import Control
from runtime.store.files import control_path
from tests.support.admin import AdminBrowser

ENTRIES = tuple(entries())
CHANGING = tuple(entry for entry in ENTRIES if entry.changes)
_PLACEHOLDER = re.compile(r"\{(\w+)(?::(\w+))?\}")


def name_of(entry: Entry) -> str:
    """Returns what a test of the route is called."""
    return f"{entry.method} {entry.path}"


def sample(entry: Entry) -> str:
    """Returns an address of the route."""
    return _PLACEHOLDER.sub(lambda found: "1" if found[2] == "int" else f"some-{found[1]}", entry.path)


class Guarded(AdminBrowser):
    """Somebody who asks for routes whose handlers only tell that they were reached."""

    def __init__(self, data: Path, role: Role | None, *, token: bool = False, **settings: Any) -> None:
        super().__init__(data, None if token else role, **settings)
        self.reached: list[Entry] = []
        admin = Admin.make(Settings(data_dir=data, **settings))
        routes = [
            Route(entry.path, endpoint(replace(entry, handler=self._handler(entry)), admin), methods=[entry.method])
            for entry in ENTRIES
        ]
        self.app = Starlette(routes=routes)
        if token:
            assert role is not None
            with Control(control_path(data)) as control:
                secret = control.accounts.add_token(f"of-{role}", role, "test")
            self.headers = {"authorization": f"Bearer {secret}"}

    def try_(self, entry: Entry, **headers: str) -> int:
        """Asks for a route as it wants to be asked, and returns the status: 299 where its handler was reached."""
        self.reached.clear()
        sent = {"sec-fetch-site": "same-origin", "x-csrf-token": self.csrf, **headers}
        more: dict[str, Any] = {"json": {}} if entry.takes else {}
        answer = self.ask(entry.method, sample(entry), headers=sent, **more)
        assert (answer.status_code == 299) == (self.reached == [entry]), name_of(entry)
        return answer.status_code

    def _handler(self, entry: Entry) -> Any:
        def reach(call: Call) -> Response:
            self.reached.append(entry)
            return Response(status_code=299)

        return reach
