"""The admin process: pages and API for who runs the store's tags, and the one writer of the control database."""

from __future__ import annotations

import socket
from functools import partial

from admin_ui.admin import Admin
from admin_ui.app import make_admin
from runtime.app.shared import Shared, run_process
from runtime.supervise.readiness import is_ready
from runtime.supervise.serving import Stopping, serve_http


def admin_process(shared: Shared, sock: socket.socket, collector: tuple[str, int]) -> int:
    """Serves them until it is told to stop."""
    return run_process(shared, "admin", _admin(shared, sock, collector))


async def _admin(shared: Shared, sock: socket.socket, collector: tuple[str, int]) -> None:
    app = make_admin(Admin.make(shared.settings, partial(is_ready, *collector), shared.policy))
    await serve_http(app, sock, Stopping(shared.alive_fd), drain_s=0)
