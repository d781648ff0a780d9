"""Every error Firsthand raises on purpose. Each class names who has to act; its docstring is the default message.

FirsthandError
├── SenderError            the sender of a hit must change the request (4xx)
├── Overloaded             we cannot take the hit now; send it again (503)
│   └── LogUnavailable     the log cannot be written
│       └── DiskFull       the disk is nearly full; an operator must make room
├── ScriptFault            the author of a template must change its script
├── OperatorError          the operator must change a setting, a file or a command
│   ├── ContainerInvalid   the container has problems; all of them are listed
│   ├── WorkspaceMoved     somebody else has saved the draft; start again from their revision
│   ├── MergeConflict      two people changed the same place; all such places are listed
│   └── FormatTooNew       the data was written by a newer Firsthand
└── VendorError            a destination did not answer
    └── AddressRefused     the SSRF guard refused the address
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal

FaultKind = Literal["error", "cpu", "memory", "permission", "result", "quarantined"]
"""quarantined: the script hung or crashed a router and is called no more; the others are what a call did wrong."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a container or a manifest: where (dotted path), what, and what to do."""

    path: str
    message: str
    hint: str = ""
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.path or '(file)'}: {self.message}{hint}"


@dataclass(frozen=True, slots=True)
class Conflict:
    """One place that two people changed in different ways. A side that has nothing there is `ABSENT`."""

    path: str
    """Dotted for a place of container.yaml; a template's file by its own path."""
    base: Any
    """What both started from."""
    mine: Any
    theirs: Any

    def as_dict(self) -> dict[str, Any]:
        """Returns it as JSON types; a side that has nothing there lacks its key."""
        sides = {"base": self.base, "mine": self.mine, "theirs": self.theirs}
        return {"path": self.path, **{name: value for name, value in sides.items() if value is not ABSENT}}


class Absent(Enum):
    """Stands for a value that is not there; None is one that is."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT


class FirsthandError(Exception):
    """Something went wrong in Firsthand."""

    def __init__(self, message: str | None = None, *, hint: str = "") -> None:
        self.message = message or (self.__doc__ or "").strip().splitlines()[0]
        self.hint = hint
        super().__init__(f"{self.message} {hint}".strip())


class SenderError(FirsthandError):
    """The request cannot be accepted as it is."""

    def __init__(self, status: int, reason: str, message: str, *, hint: str = "") -> None:
        """`reason` is a short stable code that is counted and that an answer may map to a vendor's code."""
        super().__init__(message, hint=hint)
        self.status = status
        self.reason = reason


class Overloaded(FirsthandError):
    """The server cannot take the hit now. Send it again in a moment."""

    reason = "overload"
    retry_after_s = 5


class LogUnavailable(Overloaded):
    """The log cannot be written, so the hit was not accepted. Send it again in a moment."""

    reason = "log_unavailable"


class DiskFull(LogUnavailable):
    """The disk is nearly full, so the hit was not accepted. Send it again later."""

    reason = "disk_full"
    retry_after_s = 30


class ScriptFault(FirsthandError):
    """A script failed."""

    def __init__(self, kind: FaultKind, message: str, *, script: str = "", logs: tuple[str, ...] = ()) -> None:
        """`logs` is what the script logged before it failed."""
        super().__init__(message)
        self.kind = kind
        self.script = script
        self.logs = logs


class OperatorError(FirsthandError):
    """The operator must change something."""


class ContainerInvalid(OperatorError):
    """The container has problems."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class WorkspaceMoved(OperatorError):
    """Somebody else has saved this workspace meanwhile."""

    def __init__(self, name: str, latest: int, who: str) -> None:
        super().__init__(
            f"`{name}` has moved on: revision {latest}, saved by {who}, is its latest.", hint="Start again from that."
        )
        self.latest = latest


class MergeConflict(OperatorError):
    """Two people changed the same place. Say for each which one holds."""

    def __init__(self, conflicts: Sequence[Conflict], theirs: int) -> None:
        """`theirs` is the revision, or the version, that the other side of each conflict is of."""
        listed = "\n".join(f"  {conflict.path}" for conflict in conflicts)
        super().__init__(f"These were changed on both sides, and nothing was saved:\n{listed}\n")
        self.conflicts = tuple(conflicts)
        self.theirs = theirs


class FormatTooNew(OperatorError):
    """This data was written by a newer Firsthand. Upgrade before you open it."""


class VendorError(FirsthandError):
    """The destination did not answer."""

    def __init__(self, reason: str, message: str) -> None:
        """`reason` is one of dns, connect, tls, timeout, reset, protocol, too_large."""
        super().__init__(message)
        self.reason = reason


class AddressRefused(VendorError):
    """The destination's address is not a public one, or not one the container names."""

    def __init__(self, message: str) -> None:
        super().__init__("address_refused", message)
