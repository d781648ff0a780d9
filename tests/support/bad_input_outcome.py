"""What became of malformed requests: the answer of each, and what the delivery file says of those that were taken."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from runtime.store.delivery_rows import EventFlag
from runtime.store.delivery_schema import open_reader
from tests.support.bad_input_wire import Answer

REFUSED, DEAD, REPAIRED, UNSEEN = "4xx", "dead letter", "repaired", "UNSEEN"


class Case(NamedTuple):
    """A malformed request that was sent."""

    mutation: str
    shape: str
    event_id: str
    raw: bytes
    answer: Answer
    after: int
    """How many hits had been taken before it and its twin: it is the next one or the one behind."""

    @property
    def taken(self) -> bool:
        return 200 <= self.answer.status < 300


class Fate(NamedTuple):
    """A class of outcome, and its reason: of a refusal or a dead letter; of a repair it is known for all only."""

    outcome: str
    reason: str


def reason_of(answer: Answer) -> str:
    """Returns why a request was refused; fails where the answer does not tell it in a form that its sender reads."""
    error = json.loads(answer.body)["error"]
    if "fbtrace_id" in error:
        assert error["message"], answer
        assert isinstance(error["code"], int), answer
        assert error["type"], answer
        return str(error["code"])
    assert isinstance(error["code"], str), answer
    assert error["code"], answer
    return str(error["code"])


@dataclass
class DeliveryFile:
    """The rows of interest, by the hit's sequence number."""

    dead: dict[int, list[str]]
    flags: dict[int, int]
    tags: dict[int, list[str]]
    seqs: dict[str, int]
    """By event id."""
    repairs: dict[str, int]

    @classmethod
    def read(cls, path: Path) -> DeliveryFile:
        """Reads the file of a server that has stopped."""
        connection = open_reader(path)
        try:
            dead: dict[int, list[str]] = defaultdict(list)
            for seq, reason, message in connection.execute("SELECT seq, reason, message FROM dead"):
                assert reason, (seq, message)
                dead[seq].append(reason)
            flags: dict[int, int] = defaultdict(int)
            tags: dict[int, list[str]] = defaultdict(list)
            seqs: dict[str, int] = {}
            for seq, event_id, flag, states in connection.execute("SELECT seq, event_id, flags, tags FROM event"):
                flags[seq] |= flag
                tags[seq].append(states)
                seqs[event_id] = seq
            repairs = dict(connection.execute("SELECT label, sum(n) FROM rollup WHERE name = 'repaired' GROUP BY 1"))
        finally:
            connection.close()
        return cls(dead, flags, tags, seqs, repairs)

    def is_untouched(self, event_id: str) -> bool:
        """Tells that the event's hit was neither mended nor given up."""
        seq = self.seqs[event_id]
        return seq not in self.dead and not self.flags[seq] & (EventFlag.REPAIRED | EventFlag.DEAD)

    def fate(self, case: Case, twin_id: str) -> Fate:
        """Returns what became of a case."""
        if not case.taken:
            return Fate(REFUSED, f"{case.answer.status} {reason_of(case.answer)}")
        twin_place = self.seqs[twin_id] - case.after
        assert twin_place in (1, 2), case
        seq = case.after + 3 - twin_place
        if seq in self.dead:
            return Fate(DEAD, self.dead[seq][0])
        if self.flags[seq] & EventFlag.REPAIRED:
            return Fate(REPAIRED, "")
        return Fate(UNSEEN, "; ".join(self.tags[seq]))


@dataclass
class Tally:
    """Counts by mutation and outcome."""

    counts: dict[str, Counter[str]]
    reasons: dict[str, Counter[str]]

    @classmethod
    def of(cls, fates: Iterable[tuple[Case, Fate]]) -> Tally:
        """Counts cases."""
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        reasons: dict[str, Counter[str]] = defaultdict(Counter)
        for case, fate in fates:
            counts[case.mutation][fate.outcome] += 1
            if fate.reason:
                reasons[case.mutation][fate.reason] += 1
        return cls(counts, reasons)

    @property
    def totals(self) -> Counter[str]:
        """Counts by outcome."""
        return sum(self.counts.values(), Counter())

    def lines(self) -> list[str]:
        """Returns the table, a mutation a line."""
        columns = (REFUSED, DEAD, REPAIRED)
        head = f"{'malformed by':<36}{''.join(f'{column:>13}' for column in columns)}  reasons"
        rows = [self._line(name, self.counts[name], columns) for name in sorted(self.counts)]
        return [head, *rows, self._line("all", self.totals, columns)]

    def _line(self, name: str, counts: Counter[str], columns: tuple[str, ...]) -> str:
        reasons = ", ".join(reason for reason, _ in self.reasons.get(name, Counter[Any]()).most_common(4))
        return f"{name:<36}{''.join(f'{counts[column]:>13}' for column in columns)}  {reasons}"
