"""A vendor misbehaves towards a running server: the class it gives the tries, and that nothing is lost.

The whole table, with every oddity of the wire, is tests/delivery/test_vendors.py; this is the server as it is shipped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from runtime.store.delivery_reader import DeliveryReader
from runtime.store.delivery_rows import AttemptRow
from runtime.store.files import delivery_path
from tests.faults.conftest import Row
from tests.support.fake_meta import BAD_TOKEN, SERVER_ERROR, THROTTLED, FakeMeta, error, unavailable
from tests.support.server import Server, until
from tests.support.shop import PIXEL, SECRETS, Browser, write_container
from tests.support.vendor import Answer, Behaviour, Manner, Received, status

EVENTS = 20


@dataclass
class Shop:
    """A server, its browser and its vendor."""

    server: Server
    meta: FakeMeta
    sent: int = 0

    def send(self) -> set[str]:
        """Sends some events; returns their ids."""
        ids = {f"e{self.sent + n}" for n in range(EVENTS)}
        self.sent += EVENTS
        with Browser(self.server.port) as browser:
            assert all(browser.buy(id) for id in ids)
        return ids

    def attempts(self, after: int) -> list[AttemptRow]:
        """Returns the tries since that one, oldest first."""
        with closing(DeliveryReader(delivery_path(self.server.data, 0))) as reader:
            return [found.row for found in reversed(reader.attempts(limit=1000)) if found.id > after]

    def last(self) -> int:
        with closing(DeliveryReader(delivery_path(self.server.data, 0))) as reader:
            return next((found.id for found in reader.attempts(limit=1)), 0)

    def wait_tried(self, after: int) -> AttemptRow:
        with until("the first try") as wait:
            while not (found := self.attempts(after)):
                wait()
        return found[0]

    def restart(self) -> None:
        """A stopped tag is tried again every five minutes, or when the server starts."""
        self.server.stop()
        self.server.start()


def misbehaves(manner: Manner) -> Callable[[FakeMeta], None]:
    return lambda meta: meta.behave(Behaviour(manner))


def says(behaviour: Behaviour) -> Callable[[FakeMeta], None]:
    return lambda meta: meta.behave(behaviour)


OUTAGES: dict[str, tuple[Callable[[FakeMeta], None], str]] = {
    "down": (lambda meta: meta.down(), "connect"),
    "reset": (misbehaves("reset"), "reset"),
    "reset in the body": (misbehaves("reset_in_body"), "reset"),
    "hang": (misbehaves("hang"), "timeout"),
    "100 MB": (misbehaves("big"), "too_large"),
    "gzip bomb": (misbehaves("bomb"), "too_large"),
    "bad gzip": (misbehaves("bad_gzip"), "protocol"),
    "garbage": (misbehaves("garbage"), "protocol"),
    "500": (says(SERVER_ERROR), "code 2"),
    "503, Retry-After": (says(unavailable(1)), "HTTP 503"),
    "429": (says(THROTTLED), "code 4"),
    "200 with an error": (says(Behaviour(answer=error(200, 1, "unknown"))), "code 1"),
    "a gateway's page": (says(status(400, b"<html>")), "HTTP 400"),
}
STOPS: dict[str, tuple[Callable[[FakeMeta], None], str]] = {
    "401": (says(BAD_TOKEN), "code 190"),
    "redirect": (says(status(302, b"", location="https://elsewhere.example/")), "http_302"),
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("vendors")
    with FakeMeta(token=SECRETS["FIRSTHAND_SECRET_META_TOKEN"], pixel=PIXEL) as meta:
        container = write_container(folder, meta.endpoint)
        with Server(folder / "data", container, env=SECRETS) as server:
            yield Shop(server, meta)


@pytest.mark.parametrize("name", [*OUTAGES, *STOPS])
def test_nothing_is_lost(shop: Shop, row: Row, name: str) -> None:
    start, reason = (OUTAGES | STOPS)[name]
    before = shop.last()
    start(shop.meta)
    ids = shop.send()
    first = shop.wait_tried(before)
    taken_early = ids & shop.meta.counts.keys()
    shop.meta.down()  # Cuts what hangs.
    shop.meta.behave()
    shop.meta.up()
    if name in STOPS:
        shop.restart()
    shop.meta.wait(lambda: ids <= shop.meta.counts.keys(), 90)
    with until("the last try is on record") as wait:
        while sum(each.count for each in shop.attempts(before) if each.disposition == "delivered") < EVENTS:
            wait()
    tries = Counter(each.disposition for each in shop.attempts(before))
    kind = "stop" if name in STOPS else first.disposition
    lost = len(ids - shop.meta.counts.keys())
    row(f"vendor: {name}", f"{kind}, {first.reason[:40]!r}; {tries['retry']} retries, {EVENTS} events, {lost} lost")
    assert (first.disposition, taken_early) == ("retry", set())
    assert first.reason.startswith(reason)
    log = shop.server.log_file.read_text()
    assert name not in STOPS or first.reason[:20] in next(
        line for line in reversed(log.splitlines()) if "tag_stopped" in line
    )
    with closing(DeliveryReader(delivery_path(shop.server.data, 0))) as reader:
        assert reader.dead_letters() == []
    assert {shop.meta.counts[id] for id in ids} == {1}


def test_bad_events_are_found_by_halving(tmp_path: Path, row: Row) -> None:
    """One bad event refuses the whole request; the others get through, and the bad ones carry the vendor's words."""
    bad = {"e3", "e4", "e17"}

    class Picky(FakeMeta):
        def answer(self, request: Received) -> Answer:
            refused = bad & {event["event_id"] for event in request.json()["data"]}
            return error(400, 100, "we do not like it", 2804019) if refused else super().answer(request)

    with Picky(token=SECRETS["FIRSTHAND_SECRET_META_TOKEN"], pixel=PIXEL) as meta:
        container = write_container(tmp_path, meta.endpoint)
        with Server(tmp_path / "data", container, env=SECRETS) as server:
            ids = Shop(server, meta).send()
            meta.wait(lambda: meta.counts.keys() >= ids - bad)
            with closing(DeliveryReader(delivery_path(server.data, 0))) as reader, until("dead letters") as wait:
                while len(letters := reader.dead_letters()) < len(bad):
                    wait()
                requests = len(reader.attempts(limit=1000))
    words = sum("we do not like it" in letter.row.message for letter in letters)
    row("vendor: 400 for 3 of 20 events", f"{len(letters)} dead letters, {words} with its words; {requests} requests")
    assert {letter.row.event_id for letter in letters} == bad
    assert words == len(bad)
    assert dict(meta.counts) == dict.fromkeys(ids - bad, 1)
