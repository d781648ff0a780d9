"""Computes again what left: each member of an attempt by the version that made it, with its recorded look-ups, and the
request by the attempt's version and time. Its hash must be the attempt's; where it is not, the cause is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from runtime.delivery.envelope import Masked, mask
from runtime.delivery.reroutes import by_version
from runtime.errors import OperatorError, ScriptFault
from runtime.explain import causes
from runtime.explain.causes import Cause
from runtime.explain.programs import Programs
from runtime.explain.shard import Shard
from runtime.log.records import RecordUnreadable
from runtime.model.delivery import Batch
from runtime.model.event import Outcome, TagRun
from runtime.model.fingerprint import BYTES, fingerprint
from runtime.model.hit import LoggedHit
from runtime.pipeline.program import Program
from runtime.pipeline.run import run
from runtime.pipeline.tag import describe_request
from runtime.store.delivery_reader import Attempt

_KEPT = 4096
"""Runs kept: a retry has the members of the try before it."""


class Refusal(Exception):
    """Something cannot be computed again."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause.message)
        self.cause = cause


class Comparison(NamedTuple):
    """What an attempt's request is when it is computed again."""

    same: bool | None
    """None where there is nothing to compare: no request left, or it cannot be computed any more."""
    causes: tuple[Cause, ...] = ()
    """Why it is not the same; empty where it is, and where no request left."""
    request: Masked | None = None


class Recomputer:
    """Computes what left a shard. For one thread; it remembers the latest runs."""

    def __init__(self, shard: Shard, programs: Programs) -> None:
        self._shard, self._programs = shard, programs
        self._runs: dict[tuple[int, int, str], Outcome] = {}
        self._basis = programs.basis

    def compare(self, tried: Attempt) -> Comparison:
        """Compares the request of an attempt, whole batch, with the one that left."""
        row = tried.row
        if not row.body_sha256:
            return Comparison(None)
        try:
            request = self._request(tried)
        except Refusal as refusal:
            others = [cause for cause in self._changed(tried) if cause.code != "unrecorded"]
            return Comparison(None, (refusal.cause, *others))
        if request.body_sha256 == row.body_sha256:
            return Comparison(True, (), request)
        found = tuple(self._changed(tried))
        compared = f"{row.count} items, SHA-256 {row.body_sha256.hex()} sent, {request.body_sha256.hex()} computed"
        return Comparison(False, found or (causes.unknown(compared),), request)

    def item(self, tag: str, seq: int, position: int, version: int | None) -> TagRun:
        """Returns what the tag made of an event, by that version, None = the one that its hit arrived on; Refusal where
        it makes no item now."""
        logged = self._hit(seq)
        version = logged.hit.version if version is None else version
        outcome = self._outcome(logged, version, tag)
        event = next((event for event in outcome.events if event.position == position), None)
        if event is None:
            dead = next((dead for dead in outcome.dead if dead.reason == "script_quarantined"), None)
            if dead is not None:
                reason = f"quarantined: {dead.message}"
                raise Refusal(causes.not_made(logged.id, tag, version, "failed", reason))
            raise Refusal(causes.no_such_event(logged.id, position, version))
        made = next((one for one in event.tags if one.tag == tag), None) or TagRun(tag, "not_triggered")
        if made.state != "fired":
            raise Refusal(causes.not_made(logged.id, tag, version, made.state, made.reason))
        return made

    def alone(self, made: TagRun, version: int, at_s: int) -> Masked:
        """Returns the request that carries an item alone, by that version and time, with names in place of secrets;
        raises Refusal."""
        return self._described(made.tag, made.key, [made.item], version, at_s)

    def _request(self, tried: Attempt) -> Masked:
        row = tried.row
        versions: Sequence[int | None] = tried.made.versions or [None] * len(tried.members)
        members = zip(tried.members, versions, strict=True)
        made = [self.item(row.tag, seq, position, version) for (seq, position), version in members]
        return self._described(row.tag, made[0].key, [one.item for one in made], row.version, row.started_ms // 1000)

    def _described(self, tag: str, key: str, items: Sequence[bytes], version: int, at_s: int) -> Masked:
        program = self._program(version)
        if tag not in program.tags:
            raise Refusal(Cause("version_gone", f"version {version} has no tag {tag}"))
        try:
            return mask(describe_request(program, tag, Batch(key, len(items), version)), items, at_s=at_s)
        except ScriptFault as fault:
            raise Refusal(causes.script_failed(tag, version, fault)) from fault

    def _outcome(self, logged: LoggedHit, version: int, tag: str) -> Outcome:
        place = logged.seq, version, tag
        if place not in self._runs:
            recorded = self._shard.delivery.lookups(logged.seq) if self._shard.delivery else {}
            program = self._program(version)
            outcome = run(by_version(logged, version), program, only=frozenset((tag,)), recorded=recorded)
            if outcome.needs:
                raise Refusal(causes.lookups_missing(logged.id, outcome.needs))
            self._runs[place] = outcome
            while len(self._runs) > _KEPT:
                del self._runs[next(iter(self._runs))]
        return self._runs[place]

    def _hit(self, seq: int) -> LoggedHit:
        id = f"{self._shard.number}.{seq}"
        try:
            logged = self._shard.log.get(seq)
        except RecordUnreadable as error:
            raise Refusal(causes.hit_damaged(id, error.problem)) from error
        if logged is None:
            raise Refusal(causes.hit_gone(id))
        return logged

    def _program(self, version: int) -> Program:
        try:
            return self._programs.program(version)
        except OperatorError as error:
            raise Refusal(causes.version_gone(version, error.message)) from error

    def _changed(self, tried: Attempt) -> list[Cause]:
        """Returns what is another one than it was when the attempt was made."""
        changed = [causes.hit_changed(f"{self._shard.number}.{seq}") for seq in sorted(set(self._changed_hits(tried)))]
        return [*changed, *causes.basis_differs(tried.row.basis, self._basis)]

    def _changed_hits(self, tried: Attempt) -> Iterator[int]:
        """Yields the members' hits that differ from what this attempt, or for a retry an earlier one, kept of them."""
        for place, (seq, position) in enumerate(tried.members):
            kept = _check(tried, place) or self._earlier_check(tried, seq, position)
            try:
                if kept and kept != fingerprint(self._hit(seq).hit):
                    yield seq
            except Refusal:
                pass  # It is told of already.

    def _earlier_check(self, tried: Attempt, seq: int, position: int) -> int:
        earlier = self._shard.delivery.attempts_of(seq, position, tried.row.tag) if self._shard.delivery else []
        kept = (_check(one, one.members.index((seq, position))) for one in earlier)
        return next((check for check in kept if check), 0)


def _check(tried: Attempt, place: int) -> int:
    return int.from_bytes(tried.made.checks[BYTES * place : BYTES * (place + 1)])
