"""The kit: what a script can ask for beside Lua's own libraries. One file holds one namespace, a global of the script.

A namespace module exports `FUNCTIONS: dict[str, KitFunction]`. The fields of a `KitFunction` are its documentation,
and the check of its arguments at once. Functions are pure: what varies (time, random) is in the `CallContext`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from runtime.model.hit import LoggedHit
from runtime.model.reach import UNREADABLE, Readable

LONGEST_REFUSAL = 380
"""Bytes of a refusal, so that Lua hands the host's words back whole, with the place before them."""


class KitError(Exception):
    """A kit function refuses its arguments. The message is shown to the script, and to its author."""


class NotPermitted(KitError):
    """A kit function refuses what is not granted. Uncaught, it ends the call with the fault `permission`."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()).encode()[:LONGEST_REFUSAL].decode("utf-8", "ignore"))


@dataclass(slots=True)
class CallContext:
    """What the call under way is bound to, so that it computes the same at every run."""

    at_us: int = 0
    """Arrival of the hit, Unix microseconds."""
    seed: str = ""
    """Names the call; all that is random follows from it."""
    drawn: int = 0
    """How many random blocks the call has taken so far."""
    hit: LoggedHit | None = None
    """The request that brought the event; None where the call is about a batch."""
    readable: Readable = UNREADABLE
    """What the script may read of it."""
    function: str = ""
    """Name of the script's function that is called."""
    container: str = ""
    """Name of the container whose scripts run; it stays from call to call."""
    refusals: list[str] = field(default_factory=list)
    """Messages of what was not permitted in this call."""

    def begin(
        self,
        at_us: int,
        seed: str,
        hit: LoggedHit | None = None,
        readable: Readable = UNREADABLE,
        function: str = "",
    ) -> None:
        """Binds the context to the next call."""
        self.at_us, self.seed, self.drawn = at_us, seed, 0
        self.hit, self.readable, self.function = hit, readable, function
        if self.refusals:
            self.refusals = []


@dataclass(frozen=True, slots=True)
class KitFunction:
    """One function of the kit.

    `fn` takes and returns None, bool, int, float, str, or a dict or list of them (a script's table arrives as a fresh
    dict or list; a returned one becomes a fresh table). It raises KitError for what the script shall read; any other
    exception reaches the script as "host error" only. `fn` is None where the function is written in Lua (kit.lua).
    """

    fn: Callable[..., Any] | None
    doc: str
    """What it does, one or two sentences."""
    params: tuple[str, ...]
    """One text a parameter: `name: type — meaning`. Types: text, integer, number, boolean, table, any; a `?` after the
    type makes it optional. A last parameter named `...` stands for any number of arguments."""
    returns: str
    """`type — meaning`, "nothing" where there is none."""
    example: str
    """One or a few lines of Lua."""
    context: bool = False
    """Whether `fn` takes the CallContext as its first argument."""
    cost: float = 0.125
    """Work for each byte of text arguments, in VM instructions (about 50 ns each)."""
    base_cost: int = 20
    """Work of a call with empty arguments, in VM instructions."""

    def types(self) -> tuple[str, ...]:
        """Returns each parameter's type, `?` included, in order."""
        return tuple(param.partition(":")[2].partition("—")[0].strip() for param in self.params)
