"""Whatever a vendor does, the answer is of the right class, nothing is lost, and the attempts tell what happened."""

from __future__ import annotations

import asyncio
import dataclasses
import socket
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from runtime.containers.templates import BUILT_IN, load_templates
from runtime.delivery.retry import Backoff
from runtime.http.transport import Sender
from runtime.model.delivery import Batch, Envelope, Response, Verdict
from runtime.pipeline.program import Program
from runtime.pipeline.tag import judge
from tests.delivery.rig import LOOPBACK, QUICK, Rig, ids, run, until
from tests.delivery.vendors import Case, Moody, cases
from tests.support.programs import program, template
from tests.support.tls import Certificates, certificates
from tests.support.vendor import Behaviour, status

EVENTS = 10
SANE = dataclasses.replace(QUICK, backoff=Backoff(base_s=0.005, cap_s=0.02, ceiling_of_retry_after_s=0.05))

BY_ITEMS = """
local function verdict(response)
  local said = response.json or {}
  local items = {}
  for place, problem in ipairs(said.errors or {}) do
    items[place] = { index = problem.index, disposition = "reject", reason = problem.message }
  end
  local good = response.status == 200
  return { disposition = good and "delivered" or "reject", reason = good and "" or "named", items = items }
end
local function map() return {} end
local function request() return {} end
return { map = map, request = request, verdict = verdict }
"""


@cache
def judges() -> Program:
    """A tag for each kind of judge, in the real sandbox."""
    known = load_templates(BUILT_IN)
    plain = BY_ITEMS.replace(", verdict = verdict", "")
    tags = {
        "status": {"template": "plain"},
        "items": {"template": "by_items"},
        "meta": {"template": "meta_capi", "settings": {"pixel_id": "1", "access_token": "secret:T"}},
    }
    templates = (template("destination", "plain", plain), template("destination", "by_items", BY_ITEMS))
    return program({"tags": tags}, *templates, known.by_key["destination/meta_capi"], shared=dict(known.shared))


class Lab(Rig):
    """A rig whose answers are judged by the pipeline."""

    kind = "status"

    def verdict(self, tag: str, response: Response, batch: Batch) -> Verdict:
        return judge(judges(), self.kind, response, batch)


@pytest.fixture
def vendor() -> Iterator[Moody]:
    running = Moody()
    with running:
        yield running


@pytest.fixture
def lab(tmp_path: Path, vendor: Moody) -> Lab:
    return Lab(tmp_path, vendor, tuning=SANE)


def recover(vendor: Moody) -> None:
    vendor.up()
    vendor.behave()


def check_file(lab: Lab, case: Case) -> None:
    """Everything is accounted for, by name where it was refused, and each try is on record."""
    reader = lab.reader()
    letters = {letter.row.event_id: letter.row for letter in reader.dead_letters()}
    attempts = [attempt.row for attempt in reversed(reader.attempts(limit=500))]
    counts, retries = reader.counts(0, 1 << 40), reader.retries()
    reader.close()
    assert set(letters) == case.dead
    assert retries == []
    assert counts["delivered", "meta"] == EVENTS - len(case.dead)
    assert counts.get(("dead", "meta"), 0) == len(case.dead)
    first = attempts[0]
    assert first.status == case.status, case.name
    assert case.reason in first.reason
    if first.disposition == "delivered" and not case.dead:
        assert {row.disposition for row in attempts} == {"delivered"}, "none fails without need"
    assert case.words in first.answer
    assert attempts[-1].disposition == "delivered" or case.dead
    for id, letter in letters.items():
        assert letter.status == case.status
        assert id in letter.message, "the vendor's own words name it"
        assert letter.payload


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: case.name)
def test_every_behaviour(lab: Lab, vendor: Moody, case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    lab.kind = case.judge

    async def work() -> None:
        lab.add_events(ids(0, EVENTS))
        if isinstance(case.trouble, Behaviour):
            vendor.behave(case.trouble)
        else:
            case.trouble(vendor)
        plan = lab.plan(**{"linger_ms": 5000, "max_items": EVENTS, **case.plan})
        async with lab.router(plan) as router:
            if case.state == "closed":
                await until(lambda: router.upto() == EVENTS)
                assert router.status()["meta"].state == "closed"
                return
            await until(lambda: router.status()["meta"].state == case.state)
            assert router.upto() == 0, "nothing is decided about any event"
            assert case.reason in router.status()["meta"].reason
            recover(vendor)
            await until(lambda: router.upto() == EVENTS)
            assert router.status()["meta"].state == "closed"

    run(work())
    told = "".join(capsys.readouterr())
    assert ("tag_stopped" in told) == (case.state == "stopped"), "a person hears of it"
    taken = vendor.counts
    if case.name != "204":  # It takes without looking.
        assert set(taken) == set(ids(0, EVENTS)) - case.dead
        assert max(taken.values()) == 1 or case.again, "no event goes twice without need"
    check_file(lab, case)


@pytest.fixture(scope="module")
def shown() -> Certificates:
    return certificates("vendor.example")


class Secure(Lab):
    """A rig whose vendor has a name and speaks TLS."""

    trust: Any = None
    fails = False

    def sender(self) -> Sender:
        async def find(host: str, port: int) -> Sequence[str]:
            if self.fails:
                raise socket.gaierror(socket.EAI_NONAME, "unknown")
            return ["127.0.0.1"]

        return Sender(LOOPBACK, trust=self.trust, find=find)

    def request(self, tag: str, batch: Batch) -> Envelope:
        made = super().request(tag, batch)
        url = made.url.replace("http://127.0.0.1", "https://vendor.example")
        return Envelope(made.method, url, made.headers, made.body)


@pytest.mark.parametrize("fault", ["other_name", "expired", "self_signed", "plain text", "no such name"])
def test_tls_and_names(tmp_path: Path, vendor: Moody, shown: Certificates, fault: str) -> None:
    lab = Secure(tmp_path, vendor, tuning=SANE)
    lab.trust, lab.fails = shown.trust, fault == "no such name"
    vendor.speak(None if fault == "plain text" else getattr(shown, fault, shown.good))
    reason = "dns" if lab.fails else "tls"

    async def work() -> None:
        lab.add_events(ids(0, EVENTS))
        async with lab.router(lab.plan(hosts=("vendor.example",), max_items=EVENTS, linger_ms=5000)) as router:
            await until(lambda: router.status()["meta"].state == "open")
            assert router.status()["meta"].reason == reason
            assert (router.upto(), vendor.requests) == (0, [])
            lab.fails = False
            await asyncio.to_thread(vendor.speak, shown.good)
            await until(lambda: router.upto() == EVENTS)

    run(work())
    assert dict(vendor.counts) == dict.fromkeys(ids(0, EVENTS), 1)
    check_file(lab, Case(fault, Behaviour(), "open", reason))


@pytest.mark.parametrize("header", ["1", "a date"])
def test_retry_after_is_kept_in_both_forms(lab: Lab, vendor: Moody, header: str) -> None:
    lab.tuning = QUICK
    if header == "a date":
        lab.clock = lambda: 1_790_000_000.0
        header = "Mon, 21 Sep 2026 14:13:21 GMT"  # One second later.

    async def work() -> None:
        vendor.then(status(503, b"", retry_after=header))
        lab.add_events(["a"], event_time=int(lab.clock()))
        async with lab.router() as router:
            await until(lambda: router.upto() == 1)

    vendor.now = lab.clock
    run(work())
    first, second = vendor.requests
    assert second.at_s - first.at_s >= 0.99


def test_an_answer_that_nobody_asked_for_counts_for_nothing(lab: Lab, vendor: Moody) -> None:
    """The stray 200 comes while the connection is idle; the request after it is refused and must not pass for taken."""

    async def work() -> None:
        vendor.then(Behaviour("extra", pace_s=0.0), status(500), Behaviour("extra", pace_s=0.0), status(500))
        async with lab.router(lab.plan(max_items=1, linger_ms=0, concurrency=1)) as router:
            for n in range(4):
                lab.add_events([f"e{n}"])
                router.wake()
                await until(lambda: router.upto() == len(lab.log))
                await asyncio.sleep(0.02)

    run(work())
    assert dict(vendor.counts) == dict.fromkeys(ids(0, 4), 1)
    reader = lab.reader()
    assert sorted(attempt.row.status for attempt in reader.attempts()) == [200] * 4 + [500] * 2
    reader.close()


def test_a_large_answer_is_not_read_to_its_end(lab: Lab, vendor: Moody) -> None:
    async def work() -> None:
        vendor.behave(Behaviour("big"))
        lab.add_events(["a"])
        async with lab.router() as router:
            await until(lambda: router.status()["meta"].state == "open")
            assert vendor.sent < 20_000_000, "of 100 MB"
            vendor.behave()
            await until(lambda: router.upto() == 1)

    run(work())
