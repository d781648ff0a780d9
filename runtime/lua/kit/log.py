"""`log`: lines for the author, shown by the debugger and `firsthand try`. Never part of what is sent."""

from __future__ import annotations

from runtime.lua.kit import KitFunction

_PARAMS = ("...: any — values; tables are shown as JSON",)

FUNCTIONS: dict[str, KitFunction] = {
    "info": KitFunction(
        None,
        "Notes a line. A call keeps its first 50 lines of 500 bytes each.",
        _PARAMS,
        "nothing",
        'log.info("no items in", event.event_name)',
    ),
    "warn": KitFunction(
        None,
        "Notes a line that marks something odd.",
        _PARAMS,
        "nothing",
        'log.warn("unknown currency", event.currency)',
    ),
}
