"""Random bytes for ids, fetched from the system a few hundred draws at once.

A system call for each visitor would hand the interpreter lock to another thread each time.
"""

from __future__ import annotations

import os

BYTES = 16
"""Of one draw: 128 bits."""
_DRAWS = 256

_drawn: list[bytes] = []
# A forked process must not draw what its parent draws.
os.register_at_fork(after_in_child=_drawn.clear)


def draw_bytes() -> bytes:
    """Returns `BYTES` bytes that nobody else gets. Safe in threads, and over a fork."""
    try:
        return _drawn.pop()
    except IndexError:
        fresh = os.urandom(BYTES * _DRAWS)
        _drawn.extend(fresh[at : at + BYTES] for at in range(BYTES, len(fresh), BYTES))
        return fresh[:BYTES]
