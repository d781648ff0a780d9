"""A data folder with a history: a real server took hits of every kind, sent them to a fake Meta, and was stopped."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from runtime.explain.explorer import list_attempts
from runtime.explain.search import list_events
from tests.support.fake_meta import INVALID, FakeMeta, unavailable
from tests.support.server import Server, until
from tests.support.shop import PIXEL, SECRETS, Browser, purchase, write_container
from tests.support.vendor import Received

EMAIL, PHONE = "jane.roe@shop.example", "+49 151 23456789"
PAGE = f"https://shop.localhost/thanks?email={EMAIL}&access_token=token-in-an-address"
PERSONAL = (EMAIL, "jane.roe", PHONE, PHONE.replace(" ", ""), "49 151 23456789", "4915123456789")
"""What names the visitor, in the forms in which it came."""
STOPPED_S = 600
"""For how long the fake Meta wants to hear no more, at the end."""

BUYS, ORDERS, DEAD, LEADS, BAD, LATER = (f"0.{number}" for number in range(1, 7))
"""The hits in their order: a pixel's purchase, a JSON event, one without a name, a batch of three, one that Meta
rejects, one that still waits."""


@dataclass(frozen=True)
class History:
    """What is left."""

    data: Path
    requests: tuple[Received, ...]
    """What Meta got, in order."""


def make_history(folder: Path) -> History:
    """Runs the server, and returns when it has stopped."""
    with FakeMeta(token=SECRETS["FIRSTHAND_SECRET_META_TOKEN"]) as meta:
        container = write_container(folder, meta.endpoint)
        with (
            Server(folder / "data", container, env=SECRETS | {"FIRSTHAND_DRAIN_S": "0"}) as server,
            Browser(server.port) as browser,
        ):
            _well(browser, server.data)
            meta.behave(INVALID)
            assert browser.buy("order.bad")
            _wait_for(server.data, attempts=4)
            meta.behave(unavailable(STOPPED_S))
            assert browser.buy("order.later")
            _wait_for(server.data, attempts=5, events=8)
            assert server.stop() == 0
        return History(server.data, tuple(meta.requests))


def _well(browser: Browser, data: Path) -> None:
    """Sends what Meta takes, and what is no event at all; each in a request of its own."""
    assert browser.send("GET", purchase("order.1", dl=PAGE, **{"ud[em]": EMAIL}))[0] == 200
    _wait_for(data, attempts=1)
    order = {"event_name": "purchase", "event_id": "order.2", "value": 3, "currency": "EUR", "page_location": PAGE}
    order["user_data"] = {"email_address": EMAIL, "phone_number": PHONE}
    assert browser.post_json("/e", order)[0] == 200
    _wait_for(data, attempts=2)
    assert browser.send("GET", f"/tr?id={PIXEL}&dl=x")[0] == 200
    leads = [
        {"event_name": "Lead", "event_time": int(time.time()), "event_id": f"lead.{number}",
         "action_source": "system_generated", "user_data": {"em": EMAIL}}
        for number in range(3)
    ]  # fmt: skip
    token = SECRETS["FIRSTHAND_SECRET_INTAKE"]
    assert browser.post_json(f"/capi/{PIXEL}/events", {"data": leads, "access_token": token})[0] == 200
    _wait_for(data, attempts=3)
    assert browser.send("GET", "/nowhere")[0] == 404


def _wait_for(data: Path, *, attempts: int, events: int = 0) -> None:
    with until(f"{attempts} attempts") as wait:
        while len(list_attempts(data)) < attempts or len(list_events(data)) < events:
            wait()
