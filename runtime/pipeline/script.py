"""An instance's script as the stages call it.

A script that does not compile is no obstacle to its version: it fails at each call, like any other faulty script, so
that what depends on it becomes a dead letter or a failed tag that can be replayed, and the rest goes on.
"""

from __future__ import annotations

from time import perf_counter_ns

from runtime.errors import ScriptFault
from runtime.lua.sandbox import Grants, Pushed, Returned, Sandbox, Script
from runtime.model.hit import LoggedHit
from runtime.model.snapshot import Snapshot, Template


class Code:
    """A compiled template, or the fault that kept it from being compiled."""

    __slots__ = ("_cost", "_fault", "_functions", "_script", "sandbox")

    def __init__(self, sandbox: Sandbox, template: Template) -> None:
        self.sandbox = sandbox
        self._cost = sandbox.costs.setdefault(template.key, [0, 0])
        self._script: Script | None = None
        self._fault: ScriptFault | None = None
        self._functions: frozenset[str] | None = None
        try:
            self._script = _compile(sandbox, template)
        except ScriptFault as fault:
            self._fault = fault

    def call(
        self, function: str, *args: Pushed, at_us: int, seed: str, last: bool = False, hit: LoggedHit | None = None
    ) -> Returned:
        """Calls one of the script's functions; `hit` is what its event came with. Raises ScriptFault."""
        script, cost, started = self._ready(), self._cost, perf_counter_ns()
        try:
            return self.sandbox.call(script, function, *args, at_us=at_us, seed=seed, last=last, hit=hit)
        finally:
            cost[0] += perf_counter_ns() - started
            cost[1] += 1

    def has(self, function: str) -> bool:
        """Tells whether the script returns that function; raises ScriptFault where it cannot be asked."""
        if self._functions is None:
            self._functions = self.sandbox.functions(self._ready())
        return function in self._functions

    def _ready(self) -> Script:
        if self._script is None:
            assert self._fault is not None
            raise ScriptFault(self._fault.kind, self._fault.message, script=self._fault.script)
        return self._script


def _compile(sandbox: Sandbox, template: Template) -> Script:
    manifest = template.manifest
    permission = manifest.permissions.event
    grants = Grants(
        event_fields=None if manifest.kind == "client" else permission.fields if permission else (),
        event_denied=template.denied.event,
        readable=template.readable,
    )
    return sandbox.script(template.key, template.source, grants=grants, shared=manifest.shared, content=template.hash)


class Codes:
    """The scripts of a version, each compiled once however many instances use it."""

    def __init__(self, snapshot: Snapshot, sandbox: Sandbox) -> None:
        self._snapshot = snapshot
        self._sandbox = sandbox
        self._made: dict[str, Code] = {}

    def of(self, template: Template) -> Code:
        """Returns a template's script."""
        if template.key not in self._made:
            self._made[template.key] = Code(self._sandbox, template)
        return self._made[template.key]
