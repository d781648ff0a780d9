"""Asks servers what variables want to know, and records what came of it beside the hit.

Whoever runs a hit lends the pipeline `recall(seq)`: what is recorded for the hit, else what another hit got a moment
ago, which is recorded in that moment. What even that lacks is asked for by `record`, after which the hit is run again.

Nobody waits for long. A look-up has a deadline that counts from the moment in which it is asked for; equal ones share a
request; and a host that gave no answer a few times in a row is left alone for a while, in which its look-ups fail at
once. What is recorded is the outcome, failures too: whatever runs the hit again decides the same.

No item leaves before the answers that it was made with are written: see `Ledger.answers_written`.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from runtime.delivery.answer_cache import AnswerCache
from runtime.delivery.envelope import fill
from runtime.delivery.lookup_host import Host
from runtime.delivery.ports import Outlet, Tuning
from runtime.delivery.settle import Ledger
from runtime.errors import OperatorError, ScriptFault, VendorError
from runtime.model.delivery import Response
from runtime.model.lookup import MAX_ANSWER, Answer, Lookup, encode_answer
from runtime.telemetry import log

MOST_ROUNDS = 8
"""An answer can lead to further look-ups. After so many rounds for one hit those that are still missing have failed."""

_MOST_HOSTS = 1000


class Lookups:
    """All look-ups of one router. Loop thread only; one that is asked for is answered, also where nobody waits."""

    def __init__(self, outlet: Outlet, ledger: Ledger, tuning: Tuning) -> None:
        self._outlet, self._ledger, self._tuning = outlet, ledger, tuning
        self._cache = AnswerCache(tuning.answers, tuning.answer_bytes)
        self._asked: dict[str, asyncio.Task[bytes]] = {}
        self._recording: dict[int, asyncio.Task[None]] = {}
        self._hosts: dict[str, Host] = {}

    def recall(self, seq: int) -> Mapping[str, bytes]:
        """Returns the answers that are there for a hit, as `run` takes them."""
        return _Recalled(seq, self._ledger, self._cache)

    def refuse(self, seq: int, needs: Sequence[Lookup]) -> bool:
        """Records that hosts which are left alone gave no answer; returns whether that was all that the hit needs, so
        that it need not wait."""
        now = time.monotonic()
        refused = [lookup for lookup in needs if self._host(lookup).rest(now)]
        for lookup in refused:
            self._ledger.record(seq, lookup.key, self._failed("host_down"))
        return len(refused) == len(needs)

    def record(self, seq: int, needs: Sequence[Lookup], rounds: int) -> asyncio.Task[None]:
        """Asks for what a hit needs, for the first time (`rounds` 1) or again. When the task is done, what it asked for
        can be recalled; it never fails. While there is one for the hit, that one is returned, whatever it asks for."""
        task = self._recording.get(seq)
        if task is None:
            task = self._recording[seq] = asyncio.create_task(self._record(seq, needs, rounds))
            task.add_done_callback(lambda _: self._recording.pop(seq, None))
        return task

    async def close(self) -> None:
        """Cuts off what is under way. Whatever waits for it is asked for again after a start."""
        tasks = [*self._recording.values(), *self._asked.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _record(self, seq: int, needs: Sequence[Lookup], rounds: int) -> None:
        if rounds > MOST_ROUNDS:
            log().warning("lookups_endless", hit=seq, variable=needs[0].variable, rounds=MOST_ROUNDS)
            answers = [self._failed("too_many_rounds")] * len(needs)
        else:
            answers = await asyncio.gather(*(self._answer(lookup) for lookup in needs))
        for lookup, answer in zip(needs, answers, strict=True):
            self._ledger.record(seq, lookup.key, answer)

    async def _answer(self, lookup: Lookup) -> bytes:
        kept = self._cache.get(lookup.key)
        if kept is not None:
            return kept
        task = self._asked.get(lookup.key)
        if task is None:
            task = self._asked[lookup.key] = asyncio.create_task(self._ask(lookup))
            task.add_done_callback(lambda _: self._asked.pop(lookup.key, None))
        return await asyncio.shield(task)

    async def _ask(self, lookup: Lookup) -> bytes:
        """Returns what came of a look-up, and keeps it for other hits; a mistake of our own is a failure like any."""
        logger = log()
        try:
            answer = await self._asked_in_time(lookup)
        except Exception as error:
            logger.exception("lookup_broken", variable=lookup.variable)
            answer = self._failure(f"internal_error: {type(error).__name__}")
        value = encode_answer(answer)
        self._cache.put(lookup.key, value, self._lifetime(lookup, answer))
        self._ledger.total("lookups", lookup.variable, answer.failed.partition(":")[0] or "answered")
        return value

    def _lifetime(self, lookup: Lookup, answer: Answer) -> float:
        if answer.failed == "host_down":
            return min(lookup.failed_ttl_s, self._host(lookup).rest(time.monotonic()))
        good = not answer.failed and answer.status < 500 and answer.status != 429
        return lookup.ttl_s if good else lookup.failed_ttl_s

    async def _asked_in_time(self, lookup: Lookup) -> Answer:
        host, now = self._host(lookup), time.monotonic()
        if not host.lets(now):
            return self._failure("host_down")
        try:
            async with asyncio.timeout(lookup.timeout_ms / 1000), host.places:
                return await self._send(lookup, host)
        except TimeoutError:
            return self._failure("timeout")

    async def _send(self, lookup: Lookup, host: Host) -> Answer:
        at_ms, started = self._ledger.now_ms(), time.monotonic()
        try:
            filled = fill(
                lookup.envelope, (), at_s=at_ms // 1000, secret=self._outlet.secret,
                timeout_s=lookup.timeout_ms / 1000, hosts=lookup.hosts, max_answer=MAX_ANSWER,
            )  # fmt: skip
            response = await self._outlet.send(filled.request)
        except VendorError as error:
            if error.reason not in ("address_refused", "too_large"):
                host.failed(time.monotonic(), started, error.reason)
            return Answer(at_ms, failed=error.reason)
        except asyncio.CancelledError:
            host.failed(time.monotonic(), started, "timeout")
            raise
        except (OperatorError, ScriptFault) as error:
            log().error("lookup_impossible", variable=lookup.variable, message=str(error))
            return Answer(at_ms, failed="not_possible")
        host.answered()
        return _answer_of(response, at_ms)

    def _host(self, lookup: Lookup) -> Host:
        """Returns what is known about the server that a look-up goes to; a name that is not known yet is written out in
        every URL that was let through."""
        name = urlsplit(lookup.envelope.url).netloc.lower()
        host = self._hosts.pop(name, None) or Host(name, self._tuning)
        self._hosts[name] = host
        while len(self._hosts) > _MOST_HOSTS:
            del self._hosts[next(iter(self._hosts))]
        return host

    def _failure(self, why: str) -> Answer:
        return Answer(self._ledger.now_ms(), failed=why)

    def _failed(self, why: str) -> bytes:
        return encode_answer(self._failure(why))


def _answer_of(response: Response, at_ms: int) -> Answer:
    if len(response.body) > MAX_ANSWER:
        return Answer(at_ms, failed="too_large")
    return Answer(at_ms, response.status, response.body.decode("utf-8", "replace").replace("\0", ""))


class _Recalled(Mapping[str, bytes]):
    """One hit's answers: recorded ones are read when the first is asked for, a fresh one of another hit is recorded."""

    def __init__(self, seq: int, ledger: Ledger, cache: AnswerCache) -> None:
        self._seq, self._ledger, self._cache = seq, ledger, cache
        self._recorded: dict[str, bytes] | None = None

    def __getitem__(self, key: str) -> bytes:
        if self._recorded is None:
            self._recorded = self._read()
        if key not in self._recorded:
            kept = self._cache.get(key)
            if kept is None:
                raise KeyError(key)
            self._ledger.record(self._seq, key, kept)
            self._recorded[key] = kept
        return self._recorded[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def _read(self) -> dict[str, bytes]:
        try:
            return self._ledger.recorded(self._seq)
        except sqlite3.Error as error:
            # The hit waits: decided without its answers it would be another hit.
            raise OperatorError(f"The delivery file cannot be read: {error}.", hint="Look at the disk.") from error
