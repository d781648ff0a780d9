"""The sandbox as the pipeline sees it: compile a script, push data, call. The only place that imports lupa.

lupa itself is no sandbox. What holds is the construction: the base chunks build a script's environment from nothing, no
Python object ever reaches a script, and every way into C is capped and charged. One thread only.

A call's faults are ScriptFault: `cpu` (instructions or time), `memory`, `permission` (what the grants or the policy
took), `result` (what came back cannot be JSON), `quarantined` (it hung a router before), `error` (everything else). A
runtime whose memory does not come down, or that failed in an unforeseen way, is discarded and built anew
(milliseconds); scripts and pushed data follow by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import lupa.lua54 as lua
import orjson

from runtime.errors import FaultKind, ScriptFault
from runtime.lua.crossing import Crossings
from runtime.lua.engine import Engine
from runtime.lua.identity import script_id
from runtime.lua.kit.registry import Kit, namespaces
from runtime.lua.permissions import EVENT_FUNCTIONS, cuts_of, explain_nil, refused
from runtime.lua.pushed import plain_tree
from runtime.lua.shapes import Shapes
from runtime.lua.source import compilable, source_problem
from runtime.lua.values import Grants, Limits, Modules, Pushed, Returned, Script, Unwatched, Watch
from runtime.lua.walk import Walk
from runtime.model.hit import LoggedHit
from runtime.model.refusal import Refusal
from runtime.telemetry import log

__all__ = ["Grants", "Limits", "Pushed", "Returned", "Sandbox", "Script"]

_ALL = Grants()
_STANDARD = Limits()
_FLAGS_KEPT = 64
_LUA_FAULTS = (UnicodeDecodeError, lua.LuaError, lua.LuaMemoryError)


def _deny_get(obj: object, name: str) -> Any:
    raise AttributeError("denied")


def _deny_set(obj: object, name: str, value: object) -> None:
    raise AttributeError("denied")


def _new_runtime(limits: Limits) -> Any:
    return lua.LuaRuntime(
        encoding="utf-8",
        source_encoding="utf-8",
        register_eval=False,
        register_builtins=False,
        unpack_returned_tuples=True,
        attribute_handlers=(_deny_get, _deny_set),
        max_memory=limits.hard_bytes,
    )


def bare_runtime() -> Any:
    """Returns a Lua runtime that is no sandbox: what a benchmark compares ours with. Never for a script."""
    return lua.LuaRuntime(encoding="utf-8", unpack_returned_tuples=True)


class Sandbox:
    """Runs scripts. `shared` holds the sources of the shared modules by name, `kit` is ours where none is given.

    `kept` names the modules that come with Firsthand: they hold no state, and are made once for all calls.
    `watch` is told of every call. `quarantined` holds what there is against scripts, by `Script.id`.
    """

    def __init__(
        self,
        *,
        limits: Limits = _STANDARD,
        shared: Mapping[str, str] | None = None,
        kept: Collection[str] = (),
        kit: Kit | None = None,
        watch: Watch | None = None,
        quarantined: Mapping[str, Refusal] | None = None,
        costs: dict[str, list[int]] | None = None,
    ) -> None:
        self.costs = {} if costs is None else costs
        """Template to [nanoseconds, calls] so far, which whoever calls for a template adds to."""
        self._limits = limits
        self._watch = watch or Unwatched()
        self._quarantined = {} if quarantined is None else quarantined
        self._kit = namespaces() if kit is None else kit
        self._shared = {name: compilable(source, limits) for name, source in (shared or {}).items()}
        self._modules = Modules(self._shared, frozenset(kept))
        self._crossings = Crossings(limits.max_text)
        self._flags: dict[tuple[tuple[str, bool], ...], Pushed] = {}
        try:
            self.discard()
        except lua.LuaError as error:
            raise ValueError(str(error)) from None

    def discard(self) -> None:
        """Builds a new runtime. Scripts and pushed data follow at their next use."""
        self._engine = Engine(_new_runtime(self._limits), self._limits, self._kit, self._modules, self._crossings)
        self._walk = Walk(self._engine.table_type, self._limits.max_depth, self._limits.max_nodes)
        self._shapes = Shapes()

    def belong_to(self, container: str) -> None:
        """Names the container whose scripts run here: what `container.id` tells them."""
        self._crossings.context.container = container

    def script(
        self, name: str, source: str, *, grants: Grants = _ALL, shared: Sequence[str] = (), content: str = ""
    ) -> Script:
        """Compiles a script; raises ScriptFault where it, or a shared module that it lists, cannot be.

        `content` is a hash of source and manifest, by which the script is known; without it the source counts.
        """
        problem = source_problem(source, self._limits)
        if problem:
            raise ScriptFault("error", problem, script=name)
        id = script_id(name, content or source, shared, self._shared)
        script = Script(name, source, grants, cuts_of(grants), tuple(shared), id)
        self._compile(script)
        return script

    def push(self, data: dict[str, Any] | list[Any], *, fresh: bool = False) -> Pushed:
        """Takes JSON data for calls; TypeError where it is none. Members and elements that are null are left out.

        `fresh` vouches for plain dicts and lists of which none is in it twice (lupa would corrupt such data) and that
        nobody changes any more: then no copy is made, which saves 3 µs for an event.
        """
        text = orjson.dumps(data)
        return Pushed(text, data if fresh and b"null" not in text else None)

    def push_flags(self, flags: Mapping[str, bool]) -> Pushed:
        """Takes a few named booleans, such as a consent. Equal ones are handed to Lua once for all calls."""
        key = tuple(flags.items())
        pushed = self._flags.get(key)
        if pushed is None:
            if len(self._flags) >= _FLAGS_KEPT:
                self._flags.clear()
            pushed = self._flags[key] = self.push(dict(flags))
        return pushed

    def call(
        self,
        script: Script,
        function: str,
        *args: Pushed,
        at_us: int,
        seed: str,
        last: bool = False,
        hit: LoggedHit | None = None,
    ) -> Returned:
        """Calls one function of a script with its own copies of the data, an event cut to the script's grants.

        `at_us` is the time that the script sees, `seed` what its chance follows from. `last` hands the first argument
        over without a copy: nobody may use it again. `hit` is what it is about, if anything. Raises ScriptFault.
        """
        if script.id in self._quarantined:
            self._refuse(script, hit)
        self._watch.enter(script.id, "" if hit is None else hit.id)
        try:
            cut = script.is_cut and function in EVENT_FUNCTIONS
            handle, tables = self._prepared(script, args)
            # After what is compiled for the call, whose chunks run in no context.
            self._crossings.context.begin(at_us, seed, hit, script.grants.readable, function)
            if last and args:
                args[0].handle, args[0].home = None, None
            # `_guarded` in place: twice an event, a closure and a call less are worth 1 µs each.
            try:
                answer = self._engine.call(handle, function, at_us, cut, last, *tables)
            except _LUA_FAULTS as error:
                raise self._broken(script, error) from None
            except BaseException:
                self.discard()
                raise
            if self._crossings.failure is not None:
                self._report(script)
            return self._returned(script, answer, args[0] if cut and args else None)
        finally:
            self._watch.leave()

    def functions(self, script: Script) -> frozenset[str]:
        """Returns the names of the functions that the script returns; runs its chunk once, in the budget."""
        if script.id in self._quarantined:
            self._refuse(script, None)
        self._watch.enter(script.id, "")
        try:
            handle, _ = self._prepared(script, ())
            self._crossings.context.begin(0, "")
            answer = self._guarded(script, lambda: self._engine.functions(handle))
            if self._crossings.failure is not None:
                self._report(script)
            names = self._returned(script, answer, None).values[0]
        finally:
            self._watch.leave()
        return frozenset(names)

    def names(self, script: Script) -> dict[str, frozenset[str] | None]:
        """Returns the globals that a script sees: for a table the names of its members, for anything else None."""
        handle = self._handle(script)
        found = self._walk(self._guarded(script, lambda: self._engine.names(handle)))
        return {name: None if members is True else frozenset(members) for name, members in found.items()}

    def _prepared(self, script: Script, args: tuple[Pushed, ...]) -> tuple[Any, list[Any]]:
        """Returns the handles for a call, with room for it: what earlier calls left behind must not cost this one."""
        handle = self._handle(script)
        if not self._engine.has_room(0.5):
            self.discard()
            handle = self._handle(script)
        engine = self._engine
        tables = [pushed.handle if pushed.home is engine else self._table(script, pushed) for pushed in args]
        if not self._engine.has_room(1.0):
            self.discard()
            raise self._too_large(script)
        return handle, tables

    def _handle(self, script: Script) -> Any:
        if script.home is not self._engine:
            self._compile(script)
        if not self._engine.settled:
            self._engine.take_stock()
        return script.handle

    def _compile(self, script: Script) -> None:
        engine = self._engine
        self._crossings.context.begin(0, "")
        made = self._guarded(script, lambda: engine.script(script.name, script.source, script.cuts, script.shared))
        if isinstance(made, tuple):
            raise self._fault(script, made[1], made[2])
        script.handle, script.home = made, engine

    def _table(self, script: Script, pushed: Pushed) -> Any:
        tree, pushed.fresh = pushed.fresh, None
        if tree is None or len(pushed.text) > self._limits.max_nodes:
            tree = plain_tree(pushed.text, self._limits.max_nodes)
        if tree is None:
            raise self._too_large(script)
        try:
            pushed.handle, pushed.home = self._engine.table(tree), self._engine
        except _LUA_FAULTS as error:
            raise self._broken(script, error) from None
        except BaseException:
            self.discard()
            raise
        return pushed.handle

    def _guarded(self, script: Script, step: Callable[[], Any]) -> Any:
        """Takes one step into Lua."""
        try:
            return step()
        except _LUA_FAULTS as error:
            raise self._broken(script, error) from None
        except BaseException:
            self.discard()
            raise

    def _broken(self, script: Script, error: Exception) -> ScriptFault:
        """Returns the fault that a failed step into Lua is. Whatever is not foreseen costs the runtime."""
        if isinstance(error, UnicodeDecodeError):
            return ScriptFault("result", "the script returned text that is not valid UTF-8", script=script.name)
        self.discard()
        if isinstance(error, lua.LuaMemoryError):
            return self._fault(script, "memory", "memory")
        log().error("sandbox_failed", script=script.name, reason=type(error).__name__)
        return ScriptFault("error", "the sandbox failed and was built anew", script=script.name)

    def _report(self, script: Script) -> None:
        """Logs what a kit function raised; raises it where the process is told to end."""
        failed = self._crossings.take_failure()
        if failed is None:
            return
        if not isinstance(failed.error, Exception):
            self.discard()
            raise failed.error
        log().error(
            "kit_function_failed", function=failed.function, script=script.name, reason=repr(type(failed.error))
        )

    def _returned(self, script: Script, answer: tuple[Any, ...], event: Pushed | None) -> Returned:
        fault, used, logged, pieces, *values = answer
        logs = () if logged is None else tuple(self._walk(logged))
        if fault is not None:
            raise self._fault(script, fault, values[0], event, logs)
        try:
            restored = None if pieces is None else self._shapes.restore(pieces, values[0], values[1], values[2:])
            walked = self._walked(script, values, pieces is not None) if restored is None else restored
        except ScriptFault as problem:
            raise ScriptFault("result", problem.message, script=script.name, logs=logs) from None
        return Returned(walked, logs, used)

    def _walked(self, script: Script, values: list[Any], flat: bool) -> tuple[Any, ...]:
        """Returns results of any form; those that were made flat in vain are asked for again."""
        if flat:
            again = self._guarded(script, self._engine.results)
            values = list(again) if isinstance(again, tuple) else [again]
        while values and values[-1] is None:
            values.pop()
        return tuple([self._walk(value) for value in values])

    def _refuse(self, script: Script, hit: LoggedHit | None) -> None:
        refusal = self._quarantined[script.id]
        if hit is None or not refusal.batches_only:
            raise ScriptFault("quarantined", refusal.message, script=script.name)

    def _too_large(self, script: Script) -> ScriptFault:
        return ScriptFault("memory", "the data is too large for a script", script=script.name)

    def _fault(
        self, script: Script, kind: FaultKind, message: str, event: Pushed | None = None, logs: tuple[str, ...] = ()
    ) -> ScriptFault:
        words = {
            "instructions": f"the script ran more than {self._limits.instructions} instructions",
            "time": f"the script used more than {self._limits.cpu_s} s of CPU time",
            "memory": f"the script used more than {self._limits.soft_bytes >> 20} MiB of memory",
        }
        if kind in ("cpu", "memory"):
            return ScriptFault(kind, words.get(message, words["memory"]), script=script.name, logs=logs)
        if kind == "error" and refused(message, self._crossings.context.refusals):
            return ScriptFault("permission", message, script=script.name, logs=logs)
        if event is not None and kind == "error":
            kind, message = explain_nil(message, orjson.loads(event.text), script.grants, script.cuts)
        return ScriptFault(kind, message, script=script.name, logs=logs)
