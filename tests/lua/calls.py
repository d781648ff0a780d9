"""Short ways to run a piece of Lua in a real sandbox."""

from __future__ import annotations

from typing import Any

from runtime.errors import ScriptFault
from runtime.lua.sandbox import Grants, Returned, Sandbox
from runtime.model.hit import LoggedHit
from runtime.model.reach import Reach, Readable

AT_US = 1_767_225_600_123_456
"""2026-01-01T00:00:00.123456Z."""

_ANY = Reach(("*",))
ALL = Grants(readable=Readable(_ANY, _ANY, _ANY))


def script_of(body: str) -> str:
    """Returns the source of a script whose `map(event, settings)` has that body."""
    return f"local map\nmap = function(event, settings)\n{body}\nend\nreturn {{map = map}}"


def run(
    sandbox: Sandbox,
    body: str,
    event: Any = None,
    settings: Any = None,
    *,
    grants: Grants = ALL,
    seed: str = "1.1",
    hit: LoggedHit | None = None,
) -> Returned:
    """Compiles and calls a `map` with that body."""
    script = sandbox.script("test", script_of(body), grants=grants)
    return sandbox.call(
        script,
        "map",
        sandbox.push({} if event is None else event),
        sandbox.push(settings or {}),
        at_us=AT_US,
        seed=seed,
        hit=hit,
    )


def value(sandbox: Sandbox, body: str, event: Any = None, settings: Any = None, **options: Any) -> Any:
    """Returns the first value that the body returns, or None."""
    returned = run(sandbox, body, event, settings, **options)
    return returned.values[0] if returned.values else None


def fault(sandbox: Sandbox, body: str, event: Any = None, **options: Any) -> ScriptFault:
    """Returns the fault in which the body ends."""
    try:
        returned = run(sandbox, body, event, **options)
    except ScriptFault as problem:
        return problem
    raise AssertionError(f"no fault; returned {returned.values}")
