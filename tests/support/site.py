"""The admin port on a loopback port, and Chromium to look at it."""

from __future__ import annotations

import asyncio
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from admin_ui.admin import Admin
from admin_ui.app import make_admin
from admin_ui.auth.passwords import hash_password
from runtime.model.role import Role
from runtime.settings import Settings
from runtime.store.control import Control
from runtime.store.files import control_path
from tests.support.admin import PASSWORD

QUIET = (
    "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
)  # fmt: skip


@dataclass
class Site:
    """An admin port that is served, by a thread of the tests."""

    data: Path
    port: int
    sessions: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def session(self, role: Role) -> str:
        """Returns the secret of a session in which somebody of that role is signed in."""
        if role not in self.sessions:
            with Control(control_path(self.data)) as control:
                name = f"an-{role}"
                kept = hash_password(PASSWORD)
                user = control.accounts.user(name) or control.accounts.add(name, role, password=kept)
                self.sessions[role], _ = control.accounts.sign_in(user, "127.0.0.1", "test")
        return self.sessions[role]

    def client(self, role: Role = "admin") -> httpx.Client:
        """Returns a browser without a window; close it."""
        return httpx.Client(base_url=self.url, cookies={"firsthand_session": self.session(role)}, timeout=60)

    def enter(self, browser: Browser, role: Role | None = "admin", **options: Any) -> BrowserContext:
        """Returns a browser's profile in which somebody of a role is signed in, None for nobody."""
        context = browser.new_context(base_url=self.url, reduced_motion="reduce", **options)
        if role is not None:
            context.add_cookies([{"name": "firsthand_session", "value": self.session(role), "url": self.url}])
        return context


@contextmanager
def serve(data: Path, **settings: Any) -> Iterator[Site]:
    """Serves the admin port of a data folder as long as the block runs."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        app = make_admin(Admin.make(Settings(data_dir=data, **settings)))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([sock])), daemon=True)
        thread.start()
        yield Site(data, int(sock.getsockname()[1]))
        server.should_exit = True
        thread.join(10)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Starts the system's Chromium."""
    found = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
    assert found, "Chromium is missing: `make system` installs it"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", *QUIET])
        yield running
        running.close()
