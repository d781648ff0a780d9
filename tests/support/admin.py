"""The admin port's application on a data folder, as a browser that is signed in sees it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx

from admin_ui.admin import Admin
from admin_ui.app import make_admin
from runtime.model.role import Role
from runtime.settings import Settings
from runtime.store.control import Control
from runtime.store.files import control_path

BASE = "http://127.0.0.1:8081"
PASSWORD = "correct horse battery staple 42"


class AdminBrowser:
    """Asks the application itself, without a socket. A role of None is nobody."""

    def __init__(self, data: Path, role: Role | None = "admin", *, name: str = "", **settings: Any) -> None:
        self.app = make_admin(Admin.make(Settings(data_dir=data, **settings)))
        self.data = data
        self.cookies: dict[str, str] = {}
        self.csrf = ""
        self.headers: dict[str, str] = {}
        self.peer = "127.0.0.1"
        if role is not None:
            self._sign_in(role, name or f"an-{role}")

    def _sign_in(self, role: Role, name: str) -> None:
        with Control(control_path(self.data)) as control:
            user = control.accounts.user(name) or control.accounts.add(name, role)
            secret, session = control.accounts.sign_in(user, "127.0.0.1", "test")
        self.cookies, self.csrf = {"firsthand_session": secret}, session.csrf

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Sends one request; follows no redirect."""

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=(self.peer, 50000), raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=BASE, cookies=self.cookies) as client:
                return await client.request(method, path, **more)

        more["headers"] = {**self.headers, **more.get("headers", {})}
        return asyncio.run(send())

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Opens a page."""
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, form: dict[str, Any] | None = None, **headers: str) -> httpx.Response:
        """Sends a form, as a page of ours would."""
        sent = {"sec-fetch-site": "same-origin", **headers}
        return self.ask("POST", path, data={"csrf": self.csrf, **(form or {})}, headers=sent)

    def json(self, method: str, path: str, content: Any = None, **headers: str) -> httpx.Response:
        """Calls the API, as a script of a page of ours would."""
        sent = {"sec-fetch-site": "same-origin", "x-csrf-token": self.csrf, **headers}
        return self.ask(method, path, json=content, headers=sent)
