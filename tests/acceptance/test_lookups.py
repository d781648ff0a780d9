"""Look-ups with the whole server: a server that is slow, hangs, answers something else each time and dies; kill -9."""

from __future__ import annotations

import contextlib
import itertools
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.log.reader import SqliteReader
from runtime.model.lookup import decode_answer
from runtime.store.delivery_reader import DeliveryReader
from runtime.store.files import delivery_path, log_path
from tests.support.load import kill, restart_if_dead
from tests.support.server import Server, command
from tests.support.shop import Browser
from tests.support.vendor import Answer, Behaviour, Received, Vendor

HITS = 360
KILLS = 6
CONTAINER = """
container: shop
domains: [shop.localhost]
consent: {{default: granted}}
clients:
  json: {{template: json_event, settings: {{paths: [/e]}}}}
tags:
  erp:
    template: webhook
    settings: {{endpoint: "{vendor}/hook", batch: 20}}
    triggers: [everything]
triggers:
  everything: {{all: []}}
  purchases: {{all: [{{field: event_name, is: equals, value: purchase}}]}}
variables:
  who: {{template: event_field, settings: {{path: user_id}}}}
  group:
    template: http_lookup
    settings:
      url: "{oracle}/customers/{{{{who}}}}"
      path: group
      default: none
      timeout_ms: 300
      ttl_s: 0
transformations:
  add-group:
    template: augment
    settings: {{fields: {{group: "{{{{group}}}}"}}}}
    triggers: [purchases]
"""


class Oracle(Vendor):
    """Puts a customer into another group each time it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self._numbers = itertools.count(1)

    def answer(self, request: Received) -> Answer:
        return Answer(200, json.dumps({"group": f"g{next(self._numbers)}"}).encode())


@pytest.fixture
def oracle() -> Iterator[Oracle]:
    server = Oracle()
    with server:
        yield server


@pytest.fixture
def erp() -> Iterator[Vendor]:
    with Vendor() as server:
        yield server


def taken(erp: Vendor) -> list[dict[str, str]]:
    """The events that the shop's own system took."""
    return [event for request in list(erp.requests) for event in request.json()["batch"]]


def shop(folder: Path, erp: Vendor, oracle: Vendor) -> Server:
    container = folder / "container.yaml"
    container.write_text(CONTAINER.format(vendor=erp.endpoint, oracle=oracle.endpoint))
    return Server(folder / "data", container)


class Sender:
    """Sends events and remembers which were acknowledged."""

    def __init__(self, port: int) -> None:
        self.acknowledged: list[str] = []
        self._port = port
        self._numbers = itertools.count(1)

    def send(self, name: str) -> None:
        event_id = f"{name}.{next(self._numbers)}"
        with contextlib.suppress(OSError, ValueError), Browser(self._port) as browser:
            event = {"event_name": name, "event_id": event_id, "user_id": event_id}
            if browser.post_json("/e", event)[0] == 200:
                self.acknowledged.append(event_id)


def recorded(data: Path) -> dict[str, str]:
    """Event id to the group that its hit's look-up is recorded with; "none" for a failure."""
    groups: dict[str, str] = {}
    log = SqliteReader(log_path(data, 0), 0)
    with contextlib.closing(log), contextlib.closing(DeliveryReader(delivery_path(data, 0))) as reader:
        for logged in log.read(0, 10_000):
            for value in reader.lookups(logged.seq).values():
                answer = decode_answer(value)
                groups[json.loads(logged.hit.body)["event_id"]] = (
                    "none" if answer.failed else json.loads(answer.body)["group"]
                )
    return groups


def test_answers_decide_once_whatever_dies(
    erp: Vendor, oracle: Oracle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(20261125)
    manners = itertools.cycle(
        [Behaviour(after_s=0.02), Behaviour("hang"), Behaviour(after_s=0.1), Behaviour(), Behaviour("reset")]
    )
    server = shop(tmp_path, erp, oracle).start()
    try:
        sender = Sender(server.port)
        for number in range(HITS):
            if number % 20 == 0:
                oracle.behave(next(manners))
            sender.send("purchase" if number % 3 else "page_view")
            time.sleep(0.02)  # So that some time-outs end between two kills.
            if number % (HITS // KILLS) == HITS // KILLS - 1:
                time.sleep(chance.uniform(0.0, 0.4))
                kill(server.pids()[1:] if number % 2 else server.pids())
                restart_if_dead(server)
        oracle.behave()
        want = set(sender.acknowledged)
        erp.wait(lambda: want <= {event["event_id"] for event in taken(erp)}, 60)
        time.sleep(1.0)  # A settlement.
        groups = recorded(server.data)
        with contextlib.closing(DeliveryReader(delivery_path(server.data, 0))) as reader:
            totals = reader.totals()
            rows = Counter((row.seq, row.pos) for row in reader.find(limit=10_000).rows)
    finally:
        server.stop()
    copies: dict[str, set[str | None]] = defaultdict(set)
    for event in taken(erp):
        copies[event["event_id"]].add(event.get("group"))
    logged = set(copies)
    assert all(len(seen) == 1 for seen in copies.values()), "one event was decided in two ways"
    assert {id: {group} for id, group in groups.items()} == {id: copies[id] for id in logged if id[:3] == "pur"}
    assert {seen.copy().pop() for id, seen in copies.items() if id[:3] != "pur"} == {None}
    assert totals["received", "json"] == totals["events", ""] == len(rows) == len(logged)
    repeated = len(taken(erp)) - len(logged)
    with capsys.disabled():
        failed = sum(group == "none" for group in groups.values())
        print(f"\n{KILLS} kills, {len(want)} acknowledged, {len(groups)} look-ups recorded ({failed} as failed),")
        print(f"0 lost, 0 decided twice, {repeated} repeated with the same decision")
    assert len(groups) > HITS / 2


def test_others_go_on_while_a_server_hangs(erp: Vendor, oracle: Oracle, tmp_path: Path) -> None:
    with shop(tmp_path, erp, oracle) as server:
        oracle.behave(Behaviour("hang"))
        sender = Sender(server.port)
        sender.send("purchase")
        for _ in range(5):
            sender.send("page_view")
        erp.wait(lambda: len(taken(erp)) >= 5, 10)
        assert {event["event_name"] for event in taken(erp)[:5]} == {"page_view"}
        erp.wait(lambda: len(taken(erp)) == 6, 10)
        assert taken(erp)[5]["group"] == "none"
        time.sleep(1.0)  # A settlement.
        shown = command("events", "show", "0.1", data=server.data)
        assert f"GET {oracle.endpoint}/customers/purchase.1" in shown.stdout, shown
        assert ": timeout" in shown.stdout
