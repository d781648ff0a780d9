"""Process names, so that an operator sees in `top` who is who."""

from __future__ import annotations

import contextlib
from pathlib import Path


def name_process(name: str) -> None:
    """Names this process where the kernel allows it (Linux; the first 15 characters)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(name)
