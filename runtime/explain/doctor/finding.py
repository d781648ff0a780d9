"""What a check says: a state, what was found, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

State = Literal["ok", "warn", "bad", "unknown"]
"""ok: as it should be · warn: it works, with a loss or a risk · bad: it does not work · unknown: nobody could tell."""
_WORST: tuple[State, ...] = ("bad", "warn", "unknown", "ok")


@dataclass(frozen=True)
class Finding:
    """One check."""

    name: str
    """Stable, for programs."""
    title: str
    state: State
    found: str
    todo: str = ""


@dataclass(frozen=True)
class Report:
    """All checks of one look."""

    domain: str
    shop: str
    """The host of the pages, as the verdicts take it."""
    at: float
    """Unix seconds."""
    findings: tuple[Finding, ...]

    @property
    def worst(self) -> State:
        """The worst state of all."""
        return worst([each.state for each in self.findings])

    def as_dict(self) -> dict[str, Any]:
        """Returns it as JSON types."""
        return asdict(self) | {"worst": self.worst, "findings": [asdict(each) for each in self.findings]}


def worst(states: Sequence[State]) -> State:
    """Returns the worst of several states, ok for none."""
    return next((state for state in _WORST if state in states), "ok")
