"""`random`: chance that follows from the hit, event, tag and call, so that a replay draws the same."""

from __future__ import annotations

import hashlib

from runtime.lua.kit import CallContext, KitFunction


def block(context: CallContext) -> str:
    """Returns the next 256 bits of the call's stream, as hex: SHA-256 over seed and counter."""
    counter, context.drawn = context.drawn, context.drawn + 1
    return hashlib.sha256(f"{context.seed}\0{counter}".encode("utf-8", "replace")).hexdigest()


FUNCTIONS: dict[str, KitFunction] = {
    "integer": KitFunction(
        None,
        "Draws an integer, each of the range equally likely. `math.random` draws from the same stream.",
        ("min: integer", "max: integer"),
        "integer — from min to max, both included",
        "random.integer(1, 6)",
    ),
    "uuid": KitFunction(
        None,
        "Draws a UUID of version 4.",
        (),
        "text — 36 characters, lower case",
        "random.uuid()",
    ),
}
