"""Which items a replay is about and what is to be done with each. Decides, and changes nothing.

The router's job and the count that a person sees beforehand walk the same way: over dead letters by their number, or
over the log's hits by their sequence number. What a hit makes is computed by the pipeline, by the hit's own version or
by the live one; whether the vendor has it already is read from the delivery file.

An item counts as delivered where the event's summary says that the tag fired, and neither a retry row nor a dead letter
nor the tag's cursor says that it is still on its way. Hits that the pipeline gave up have letters of their own, with
tag "": they are replayed for every tag at once, so only where no tag is named.
"""

from __future__ import annotations

from collections.abc import Container, Iterator

from runtime.delivery.ports import Source
from runtime.delivery.replay_task import Decision, Step, Task, Unanswered, Word
from runtime.delivery.reroutes import by_version
from runtime.delivery.run_hit import run_hit
from runtime.errors import OperatorError
from runtime.model.event import EventRun, Outcome, TagRun
from runtime.model.hit import LoggedHit
from runtime.store.delivery_replay import ReplayReader, Standing
from runtime.store.delivery_rows import DeadRow

SLACK_US = 60_000_000
"""Hits stand in the log nearly in the order of their arrival; none is further off than this."""

_PAGE = 32
_WINDOW = 2000
"""Dead letters that one query looks through: few of them may be asked for, and the loop has other work, too."""
_DECIDED = ("denied", "dropped", "blocked", "not_live", "unscheduled", "sampled_out", "limited")
"""States that a second run by the same version gives again."""


class Walk:
    """One part of a replay, from a place on."""

    def __init__(
        self, task: Task, source: Source, kept: ReplayReader, *, live: int, tags: Container[str], now_s: float
    ) -> None:
        """`live` is the number of the live version, `tags` are its tags."""
        self._task, self._source, self._kept = task, source, kept
        self._live, self._tags, self._now_s = live, tags, now_s

    def span(self, last_hit: int) -> tuple[int, int, int]:
        """Returns the first place, the last one to look at, and how many hits of the time range are gone."""
        selection = self._task.selection
        if self._task.by_letters:
            return 0, self._kept.last_letter(), 0
        if selection.seq:
            return selection.seq - 1, min(selection.seq, last_hit), 0
        first = self._first_hit()
        lost = self._kept.lost_hits(selection, first) if first > 1 else 0
        return self._before(selection.since_us - SLACK_US, first, last_hit), last_hit, lost

    def steps(self, place: int, last: int) -> Iterator[Step]:
        """Yields what follows a place, in order, and ends past `last`. Raises Unanswered."""
        return self._by_letters(place, last) if self._task.by_letters else self._by_hits(place, last)

    def _by_letters(self, place: int, last: int) -> Iterator[Step]:
        task = self._task
        while place < last:
            end = min(last, place + _WINDOW)
            letters = self._kept.letters(
                task.selection, after=place, last=end, limit=_PAGE, before_ms=task.at_us // 1000, script_of=task.version
            )
            for letter in letters:
                place = letter.id
                yield self._letter(place, letter.row)
            if len(letters) < _PAGE:
                place = end
                yield Step(place=place)

    def _letter(self, place: int, row: DeadRow) -> Step:
        if row.tag and row.tag not in self._tags:
            return Step(place=place, decisions=(_of_letter("no_tag", row),))
        logged = self._hit(row.seq)
        if logged is None:
            return Step(place=place, decisions=(_of_letter("gone", row),))
        if not row.tag:
            return self._revival(place, row, logged)
        return Step(place=place, decisions=self._again(row, logged), logged=logged)

    def _again(self, row: DeadRow, logged: LoggedHit) -> tuple[Decision, ...]:
        outcome, standing = self._run(logged, row.tag), self._kept.standing(row.tag, row.seq)
        if outcome is None:
            return (_of_letter("failed", row),)
        wanted = {row.pos} if row.pos >= 0 else {event.position for event in outcome.events} - standing.dead.keys()
        runs = _runs(outcome, row.tag)
        found = [self._decide(logged, event, run, standing) for event, run in runs if event.position in wanted]
        return tuple(found) or (_of_letter("failed" if outcome.dead else "nothing", row),)

    def _revival(self, place: int, row: DeadRow, logged: LoggedHit) -> Step:
        outcome = self._run(logged, None)
        if outcome is None or any(dead.position in (-1, row.pos) for dead in outcome.dead):
            return Step(place=place, decisions=(_of_letter("failed", row),))
        known = {summary.pos for summary in self._kept.summaries(row.seq)}
        wanted = {event.position for event in outcome.events if row.pos in (-1, event.position)} - known
        events = tuple(event for event in outcome.events if event.position in wanted)
        if not events:
            return Step(place=place, decisions=(_of_letter("nothing", row),))
        decisions = tuple(
            self._decide(logged, event, run, Standing())
            for event in events
            for run in event.tags
            if run.state != "not_triggered"
        )
        return Step(place=place, decisions=decisions, logged=logged, revived=events, letter=row)

    def _by_hits(self, place: int, last: int) -> Iterator[Step]:
        selection = self._task.selection
        while place < last:
            try:
                hits = self._source.read(place, _PAGE)
            except OperatorError as error:
                place = max(place + 1, int(getattr(error, "seq", 0)))
                yield Step(place=place, lost=1)
                continue
            for logged in hits:
                ended = logged.seq > last or logged.hit.received_us >= selection.until_us + SLACK_US
                lost = self._lost(place, logged.seq, last)
                place = last if ended else logged.seq
                wanted = not ended and selection.since_us <= logged.hit.received_us < selection.until_us
                wanted = wanted and logged.hit.environment == "live"
                yield Step(place=place, decisions=self._of_hit(logged) if wanted else (), lost=lost, logged=logged)
                if ended:
                    return
            if not hits:
                yield Step(place=last, lost=last - place)
                return

    def _lost(self, place: int, seq: int, last: int) -> int:
        """Returns how many hits are gone between a place and the next hit there is. The log may have gaps of its own:
        those count only where they are asked for by name."""
        between = min(seq, last + 1) - place - 1
        return between if between > 0 and (self._task.selection.seq or self._first_hit() >= seq) else 0

    def _of_hit(self, logged: LoggedHit) -> tuple[Decision, ...]:
        tag = self._task.selection.tag or ""
        if tag not in self._tags:
            return (Decision(word="no_tag", tag=tag, seq=logged.seq, pos=-1),)
        given_up = self._kept.standing("", logged.seq).dead
        if -1 in given_up:
            return ()  # The pipeline's part is about it.
        if self._kept.waits(logged.seq):
            return (Decision(word="waiting", tag=tag, seq=logged.seq, pos=-1),)
        standing = self._kept.standing(tag, logged.seq)
        if self._known(logged, tag, standing):
            return _settled(tag, logged.seq, standing)
        outcome = self._run(logged, tag)
        if outcome is None or (outcome.dead and not outcome.events):
            return (Decision(word="failed", tag=tag, seq=logged.seq, pos=-1),)
        return tuple(
            self._decide(logged, event, run, standing)
            for event, run in _runs(outcome, tag)
            if run.state != "not_triggered" and event.position not in given_up and self._asked_for(event)
        )

    def _known(self, logged: LoggedHit, tag: str, standing: Standing) -> bool:
        """Tells that the summaries say it all, so that the pipeline need not run."""
        selection = self._task.selection
        filtered = self._task.current or selection.event_name or selection.event_id or selection.which != "undelivered"
        rerouted = self._source.version(tag, logged.hit.version) != logged.hit.version
        open_ = standing.dead or standing.waiting or logged.seq > standing.upto or not standing.states
        words = {state.partition(":")[0] for state in standing.states.values()}
        return not (filtered or rerouted or open_) and words <= {"", "fired", *_DECIDED}

    def _asked_for(self, event: EventRun) -> bool:
        selection, data = self._task.selection, event.event
        named = selection.event_name in ("", data.get("event_name"))
        return named and selection.event_id in ("", str(data.get("event_id", "")))

    def _decide(self, logged: LoggedHit, event: EventRun, run: TagRun, standing: Standing) -> Decision:
        arrived = self._live if self._task.current else logged.hit.version
        return Decision(
            word=self._word(logged.seq, event.position, run, standing),
            tag=run.tag,
            seq=logged.seq,
            pos=event.position,
            letter=standing.dead.get(event.position) or standing.dead.get(-1),
            event=event,
            run=run,
            version=self._source.version(run.tag, arrived),
        )

    def _word(self, seq: int, pos: int, run: TagRun, standing: Standing) -> Word:
        fired, dead = standing.states.get(pos) == "fired", pos in standing.dead or -1 in standing.dead
        if pos in standing.waiting or (fired and not dead and seq > standing.upto):
            return "waiting"
        if fired and not dead and self._task.selection.which != "all":
            return "delivered_before"
        if run.tag not in self._tags:
            return "no_tag"
        if run.state != "fired":
            return "failed" if run.state == "failed" else "nothing"
        return "too_old" if 0 < run.expires_s <= self._now_s else "replayed"

    def _run(self, logged: LoggedHit, tag: str | None) -> Outcome | None:
        chosen = by_version(logged, self._live) if self._task.current else logged
        outcome = run_hit(self._source, chosen, None if tag is None else frozenset((tag,)))
        if outcome is not None and outcome.needs:
            raise Unanswered(logged.seq, outcome.needs)
        return outcome

    def _hit(self, seq: int) -> LoggedHit | None:
        try:
            found = self._source.read(seq - 1, 1)
        except OperatorError:
            return None
        return found[0] if found and found[0].seq == seq else None

    def _first_hit(self) -> int:
        try:
            found = self._source.read(0, 1)
        except OperatorError:
            return 1
        return found[0].seq if found else 1

    def _before(self, since_us: int, first: int, last: int) -> int:
        """Returns a place before the first hit that arrived since then, found by halving."""
        low, high = first - 1, max(first - 1, last)
        while since_us > 0 and high - low > _PAGE:
            middle = (low + high) // 2
            try:
                found = self._source.read(middle, 1)
            except OperatorError:
                break
            if found and found[0].hit.received_us < since_us:
                low = middle
            else:
                high = middle
        return low


def _runs(outcome: Outcome, tag: str) -> list[tuple[EventRun, TagRun]]:
    return [(event, run) for event in outcome.events for run in event.tags if run.tag == tag]


def _of_letter(word: Word, row: DeadRow) -> Decision:
    return Decision(word=word, tag=row.tag, seq=row.seq, pos=row.pos, letter=row)


def _settled(tag: str, seq: int, standing: Standing) -> tuple[Decision, ...]:
    return tuple(
        Decision(word="delivered_before" if state == "fired" else "nothing", tag=tag, seq=seq, pos=pos)
        for pos, state in standing.states.items()
        if state
    )
