"""What a verdict means for each item of a batch. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from runtime.delivery.batch import Bunch
from runtime.model.delivery import Disposition, Item, Verdict


@dataclass(slots=True)
class Division:
    """A batch taken apart by its verdict."""

    delivered: list[Item] = field(default_factory=list)
    parked: list[tuple[Item, Verdict]] = field(default_factory=list)
    """Each waits for its own next try."""
    dead: list[tuple[Item, Verdict]] = field(default_factory=list)
    again: list[Bunch] = field(default_factory=list)
    """To be sent at once: halves of a refused batch, or what is left of one without its bad items."""
    outage: bool = False
    """The whole destination failed: nothing is decided about any item."""


def divide(bunch: Bunch, verdict: Verdict) -> Division:
    """Takes the batch apart.

    A batch refused as a whole is halved until the bad items are alone (Meta: one invalid event rejects the request;
    Meta developer documentation, 2026-09). Where the vendor names the bad ones, the rest goes again without them.
    """
    division = Division(outage=verdict.disposition is Disposition.RETRY and not verdict.items)
    if division.outage:
        return division
    rest = [item for place, item in enumerate(bunch.items) if not _named(division, item, verdict.items.get(place))]
    _rest(division, bunch, rest, verdict)
    return division


def _named(division: Division, item: Item, verdict: Verdict | None) -> bool:
    if verdict is None:
        return False
    if verdict.disposition is Disposition.DELIVERED:
        division.delivered.append(item)
    elif verdict.disposition is Disposition.RETRY:
        division.parked.append((item, verdict))
    else:
        division.dead.append((item, verdict))
    return True


def _rest(division: Division, bunch: Bunch, rest: list[Item], verdict: Verdict) -> None:
    if verdict.disposition is Disposition.DELIVERED:
        division.delivered += rest
    elif verdict.disposition is Disposition.RETRY:
        division.parked += [(item, verdict) for item in rest]
    elif verdict.final or len(bunch.items) == 1:
        division.dead += [(item, verdict) for item in rest]
    else:
        division.again = _halves(bunch, rest, whole=not division.dead)


def _halves(bunch: Bunch, rest: list[Item], *, whole: bool) -> list[Bunch]:
    middle = (len(rest) + 1) // 2 if whole else len(rest)
    parts = [part for part in (rest[:middle], rest[middle:]) if part]
    return [Bunch(part, attempts=bunch.attempts, failures=bunch.failures) for part in parts]
