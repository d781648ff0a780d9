"""One vendor misbehaves: does another one's delivery get slower? A real server, two tags, a steady load.

Each behaviour is compared within one run, as undisturbed - disturbed - disturbed - undisturbed, five times over.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from tests.faults.conftest import Row
from tests.support.fake_meta import SERVER_ERROR, FakeMeta
from tests.support.server import Server
from tests.support.shop import PIXEL, SECRETS, Browser, write_container
from tests.support.vendor import Answer, Behaviour, Received, Vendor

ROUNDS = 5
PHASE_S = 1.2
PER_S = 100
MOST = 1.25
DRAIN_S = 60.0

WATCHED = """
  watched:
    template: webhook
    settings: {{endpoint: {endpoint}, linger_ms: 0}}
    triggers: [everything]
triggers:
"""

TROUBLES: dict[str, Callable[[FakeMeta], None]] = {
    "hangs": lambda meta: meta.behave(Behaviour("hang")),
    "a byte a second": lambda meta: meta.behave(Behaviour("drip", pace_s=1.0)),
    "500": lambda meta: meta.behave(SERVER_ERROR),
    "down": lambda meta: meta.down(),
    "answers 100 MB": lambda meta: meta.behave(Behaviour("big")),
    "answers a gzip bomb": lambda meta: meta.behave(Behaviour("bomb")),
    "takes a second": lambda meta: meta.behave(Behaviour(after_s=1.0)),
}


class Watched(Vendor):
    """Notes when each event came."""

    def __init__(self) -> None:
        super().__init__()
        self.came: dict[str, float] = {}

    def answer(self, request: Received) -> Answer:
        self.came.setdefault(request.json()["event_id"], request.at_s)
        self.requests.clear()
        return Answer(204, b"")


@dataclass
class Street:
    """The server between a browser and its two vendors."""

    browser: Browser
    meta: FakeMeta
    watched: Watched
    sent: dict[str, float] = field(default_factory=dict)

    def phase(self) -> list[float]:
        """Sends for a while; returns the seconds from post to delivery of each event."""
        mine: list[str] = []
        began = time.monotonic()
        for n in range(int(PHASE_S * PER_S)):
            time.sleep(max(0.0, began + n / PER_S - time.monotonic()))
            id = f"e{len(self.sent)}"
            self.sent[id] = time.time()
            assert self.browser.buy(id)
            mine.append(id)
        self.watched.wait(lambda: self.watched.came.keys() >= set(mine), DRAIN_S)
        return [self.watched.came[id] - self.sent[id] for id in mine]

    def recover(self) -> None:
        """The vendor is well again, and what waited for it is delivered."""
        self.meta.down()
        self.meta.behave()
        self.meta.up()
        self.settle()

    def settle(self) -> None:
        """Waits until the vendor has everything."""
        self.meta.wait(lambda: len(self.meta.counts) == len(self.sent), DRAIN_S)
        self.meta.requests.clear()

    def round(self, trouble: Callable[[FakeMeta], None]) -> tuple[float, float]:
        """Returns the p95 of both kinds of phase."""
        calm = self.phase()
        trouble(self.meta)
        disturbed = self.phase() + self.phase()
        self.recover()
        return p95(calm + self.phase()), p95(disturbed)


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    folder = tmp_path_factory.mktemp("isolation")
    watched = Watched()
    with FakeMeta(token=SECRETS["FIRSTHAND_SECRET_META_TOKEN"], pixel=PIXEL) as meta, watched:
        container = write_container(folder, meta.endpoint)
        second = WATCHED.format(endpoint=f"http://127.0.0.1:{watched.port}/hook")
        container.write_text(container.read_text().replace("\ntriggers:\n", second, 1))
        with Server(folder / "data", container, env=SECRETS) as server, Browser(server.port) as browser:
            street = Street(browser, meta, watched)
            for _ in range(2):
                street.phase()  # Warms everything up.
            yield street


@pytest.mark.parametrize("name", TROUBLES)
def test_another_destination_does_not_feel_it(street: Street, row: Row, name: str) -> None:
    pairs = [street.round(TROUBLES[name]) for _ in range(ROUNDS)]
    ratios = [disturbed / calm for calm, disturbed in pairs]
    calm_ms, disturbed_ms = (1000 * statistics.median(side) for side in zip(*pairs, strict=True))
    figures = f"p95 {calm_ms:.1f} ms undisturbed, {disturbed_ms:.1f} ms disturbed"
    row(f"another vendor: {name}", f"{figures}, ratio {statistics.median(ratios):.2f} (median of {ROUNDS})")
    street.settle()
    assert len(street.meta.counts) == len(street.watched.came) == len(street.sent), "nothing is lost"
    assert statistics.median(ratios) <= MOST, ratios
