"""What goes into the sandbox and what comes out, apart from Lua itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import msgspec

from runtime.model.reach import UNREADABLE, Readable, Rule


@dataclass(frozen=True, slots=True)
class Limits:
    """What one call may use. Sizes in bytes, times in CPU seconds.

    Scripts, masters and the base chunk do not count; the distance from soft to hard must hold the largest event, the
    largest kit result and the largest arguments together.
    """

    instructions: int = 2_000_000
    cpu_s: float = 0.1
    soft_bytes: int = 8 << 20
    """Above it, after a collection, a call is dead."""
    hard_bytes: int = 24 << 20
    """Where Lua gets no more memory."""
    max_text: int = 1 << 20
    """Of one text that `string.rep`, `json.encode` or a kit function makes, and of a kit function's arguments."""
    max_source: int = 256 << 10
    max_nodes: int = 50_000
    """Values in a result, in one JSON text, and in the data given to a script."""
    max_depth: int = 32
    """Levels of a result."""
    max_result: int = 8 << 20
    """Bytes of text in a result, each as often as the result has it."""
    max_crossings: int = 10_000
    """Kit calls into Python."""
    log_lines: int = 50
    log_line: int = 500
    hook_step: int = 1_000
    """Instructions between two looks at the budget."""
    debt: int = 50_000
    """Work in C, in instructions, between two looks at the clock."""
    pattern_steps: int = 3_000_000
    """Worst case that the native pattern matcher may have, about 10 ms; -1 sends everything to the one in Lua."""


@dataclass(frozen=True, slots=True)
class Grants:
    """What a script receives of an event: `map`, `apply` and `resolve` get it cut to these dotted paths.

    None or ("*",) is all, () nothing. A path through a list holds for each element; a name that ends in `*` stands
    for all names that begin so, with all that lies beneath.
    """

    event_fields: tuple[str, ...] | None = None
    event_denied: tuple[Rule, ...] = ()
    """Paths that the operator's policy takes away again, each with the reason."""
    readable: Readable = UNREADABLE
    """What it may read of the request that brought the event."""


@dataclass(frozen=True, slots=True)
class Cuts:
    """The trees by which copies.lua cuts an event, as permissions.py draws them."""

    granted: dict[str, Any] | None = None
    """None is all."""
    denied: dict[str, Any] | None = None
    """None is nothing."""

    def __bool__(self) -> bool:
        return self.granted is not None or self.denied is not None


class Modules(NamedTuple):
    """Shared modules."""

    sources: Mapping[str, str]
    """By name."""
    kept: frozenset[str]
    """Names of those that are made once for all calls, because they are known to hold no state; the others are made
    anew for each."""


class Watch(Protocol):
    """Who is told when Lua is entered and left, so that another process can tell a script that hangs."""

    def enter(self, script: str, hit: str) -> None:
        """A script begins to work on a hit, by its id; "" where it is at work for a batch."""

    def leave(self) -> None:
        """It ended, well or not."""


class Unwatched:
    """A watch that nobody reads."""

    def enter(self, script: str, hit: str) -> None:
        """Notes nothing."""

    def leave(self) -> None:
        """Notes nothing."""


class Returned(msgspec.Struct, frozen=True):
    """What a call gave back."""

    values: tuple[Any, ...]
    """At most three, as plain Python data; trailing nils are left out."""
    logs: tuple[str, ...]
    instructions: int
    """Used of the budget, to the nearest thousand."""


class Script:
    """A script. Its handle is made anew where the sandbox's engine is another."""

    __slots__ = ("cuts", "grants", "handle", "home", "id", "is_cut", "name", "shared", "source")

    def __init__(self, name: str, source: str, grants: Grants, cuts: Cuts, shared: tuple[str, ...], id: str) -> None:
        self.name = name
        self.id = id
        """What it is known by across versions: see identity.py."""
        self.source = source
        self.grants = grants
        self.cuts = cuts
        self.is_cut = bool(cuts)
        self.shared = shared
        self.handle: Any = None
        self.home: Any = None
        """The engine that the handle belongs to."""


class Pushed:
    """JSON data for any number of calls. Its handle is a master copy in Lua, which no script ever sees."""

    __slots__ = ("fresh", "handle", "home", "text")

    def __init__(self, text: bytes, fresh: Any = None) -> None:
        self.text = text
        self.fresh = fresh
        """The same data as a tree that may go into Lua as it is, once; None = to be decoded from the text."""
        self.handle: Any = None
        self.home: Any = None
        """The engine that the handle belongs to."""
