"""One Lua runtime with the sealed environment: assembled, filled with the kit, watched for memory."""

from __future__ import annotations

from typing import Any

from runtime.lua.crossing import Crossings
from runtime.lua.kit import random
from runtime.lua.kit.registry import Kit
from runtime.lua.loader import PARTS, PRELUDE, read_chunk
from runtime.lua.pushed import fitting
from runtime.lua.values import Cuts, Limits, Modules


class Engine:
    """Holds a runtime and the entry functions of its base chunk. The globals are never touched again."""

    def __init__(self, runtime: Any, limits: Limits, kit: Kit, shared: Modules, crossings: Crossings) -> None:
        self._runtime = runtime
        self._limits = limits
        self._resident = 0
        self.settled = False
        """Whether the limits begin above what compiled scripts hold."""
        entries = self._assemble()
        self._register(entries, kit, crossings)
        for name, source in shared.sources.items():
            entries["add_shared"](name, source, name in shared.kept)
        self._new_script, self._settle, self._collect = entries["script"], entries["settle"], entries["collect"]
        self.call, self.functions, self.results = entries["call"], entries["functions"], entries["results"]
        self.names = entries["names"]
        self.table_type = type(runtime.table())

    def _chunk(self, name: str) -> Any:
        return self._runtime.compile(read_chunk(name), name=f"=sandbox/{name}", mode="t")

    def _assemble(self) -> Any:
        numbers = {name: getattr(self._limits, name) for name in Limits.__slots__}
        numbers["soft_kb"] = self._limits.soft_bytes / 1024
        parts = self._runtime.table_from({name: self._chunk(name) for name in PARTS})
        return self._chunk(PRELUDE)(parts, self._runtime.table_from(numbers))

    def _register(self, entries: Any, kit: Kit, crossings: Crossings) -> None:
        for namespace, functions in kit.items():
            for name, function in functions.items():
                if function.fn is None:
                    continue
                python = crossings.callable(f"{namespace}.{name}", function)
                kinds = self._runtime.table_from(function.types())
                entries["register"](namespace, name, python, kinds, function.base_cost, function.cost)
        entries["register_chance"](crossings.chance(random.block))
        entries["seal"]()

    def script(self, name: str, source: str, cuts: Cuts, shared: tuple[str, ...]) -> Any:
        """Compiles; returns a script, or a tuple that ends in fault kind and message."""
        self.settled = False
        granted, denied = (
            None if tree is None else self._runtime.table_from(tree, recursive=True)
            for tree in (cuts.granted, cuts.denied)
        )
        return self._new_script(name, source, granted, self._runtime.table_from(shared), denied)

    def table(self, tree: Any) -> Any:
        """Copies a fresh JSON tree into Lua. Without the hard limit: lupa aborts the process when it meets it here."""
        self._runtime.set_max_memory(0)
        try:
            return self._runtime.table_from(tree, recursive=True)
        except OverflowError:
            return self._runtime.table_from(fitting(tree), recursive=True)
        finally:
            self._runtime.set_max_memory(self._resident + self._limits.hard_bytes)

    def take_stock(self) -> None:
        """Lets the limits begin above what compiled scripts hold, which is nobody's call's. Before data is pushed."""
        if self.settled:
            return
        self._settle()
        self._resident = self._runtime.get_memory_used()
        self._runtime.set_max_memory(self._resident + self._limits.hard_bytes)
        self.settled = True

    def has_room(self, share: float) -> bool:
        """Whether memory is within a share of the soft limit, if need be after a collection."""
        limit = self._resident + self._limits.soft_bytes * share
        if self._runtime.get_memory_used() <= limit:
            return True
        self._collect()
        return bool(self._runtime.get_memory_used() <= limit)
