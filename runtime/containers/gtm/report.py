"""What became of each thing of an export: mapped, approximated or unmapped, each with its reasons in words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal

from runtime.containers.gtm.entity import Entity

Status = Literal["mapped", "approximated", "unmapped"]
STATUSES: tuple[Status, ...] = ("mapped", "approximated", "unmapped")


@dataclass
class Fate:
    """What became of one entity."""

    entity: Entity
    status: Status = "unmapped"
    became: str = ""
    """Where it is now: a path into container.yaml, a template's folder, or "" where it is nowhere."""
    reasons: list[str] = field(default_factory=list)

    def mapped(self, became: str, reason: str) -> None:
        """Notes that it has a counterpart which does the same."""
        self.became, self.status = became, "mapped"
        self.reasons.insert(0, reason)

    def differs(self, *reasons: str) -> None:
        """Notes in what the counterpart differs."""
        if self.status == "mapped" and reasons:
            self.status = "approximated"
        self.reasons += [reason for reason in reasons if reason not in self.reasons]

    def unmapped(self, reason: str, became: str = "") -> None:
        """Notes that it does here nothing of what it did, and where what is left of it lies."""
        self.status, self.became = "unmapped", became
        self.reasons.insert(0, reason)

    def as_dict(self) -> dict[str, Any]:
        """Returns plain JSON data."""
        entity = self.entity
        return {
            "kind": entity.kind,
            "position": entity.position,
            "gtm_id": entity.id,
            "name": entity.name,
            "type": entity.type,
            "status": self.status,
            "became": self.became,
            "reasons": self.reasons,
            "unknown": entity.unknown,
        }


@dataclass
class Report:
    """The whole import, for people and for programs."""

    container: str = ""
    fates: list[Fate] = field(default_factory=list)
    added: list[tuple[str, str]] = field(default_factory=list)
    """Parts of the container that no entity of the export is: path and reason."""
    notes: list[str] = field(default_factory=list)
    """About the export as a whole."""
    todo: list[str] = field(default_factory=list)
    """What somebody has to do before it goes live."""
    secrets: list[dict[str, str]] = field(default_factory=list)
    """Name, environment variable, what for, and whether the export held a value. Never the value."""

    def fate(self, entity: Entity) -> Fate:
        """Returns a new entry for an entity."""
        self.fates.append(Fate(entity))
        return self.fates[-1]

    @property
    def counts(self) -> dict[str, int]:
        """How many entities have each status."""
        counted = Counter(fate.status for fate in self.fates)
        return {status: counted[status] for status in STATUSES}

    def as_dict(self) -> dict[str, Any]:
        """Returns plain JSON data."""
        return {
            "container": self.container,
            "counts": self.counts,
            "todo": self.todo,
            "notes": self.notes,
            "secrets": self.secrets,
            "entities": [fate.as_dict() for fate in self.fates],
            "added": [{"path": path, "reason": reason} for path, reason in self.added],
        }
