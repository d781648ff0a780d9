"""A kit namespace that no server has: native code that hangs or crashes on purpose."""

from __future__ import annotations

import ctypes
import re
import time

from runtime.lua.kit import KitFunction


def _spin() -> None:
    """Never gives the interpreter's lock back: no signal handler, no thread and no Lua hook of this process runs."""
    re.match(r"(a+)+$", "a" * 64 + "b")


def _sleep() -> None:
    """A deadlock as seen from outside: it waits and uses nothing."""
    time.sleep(3600)


def _crash() -> None:
    ctypes.string_at(0)


def _function(fn: object, doc: str) -> KitFunction:
    assert callable(fn)
    return KitFunction(fn=fn, doc=doc, params=(), returns="nothing", example="")


FUNCTIONS = {
    "spin": _function(_spin, "Uses CPU in native code for ever."),
    "sleep": _function(_sleep, "Waits in native code for ever."),
    "crash": _function(_crash, "Reads from address 0."),
}
