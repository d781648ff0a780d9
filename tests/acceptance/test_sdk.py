"""A store's existing Meta SDK, unmodified, pointed at this host."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests
from facebook_business.adobjects.serverside.action_source import ActionSource
from facebook_business.adobjects.serverside.custom_data import CustomData
from facebook_business.adobjects.serverside.event import Event
from facebook_business.adobjects.serverside.event_request import EventRequest
from facebook_business.adobjects.serverside.user_data import UserData
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession

from tests.support.fake_meta import FakeMeta
from tests.support.server import Server
from tests.support.shop import PIXEL, SECRETS

EVENTS, PER_REQUEST = 500, 125


def sdk_event(number: int) -> Event:
    user = UserData(
        email=f"customer{number}@example.com",
        phone="+49 151 23456789",
        client_ip_address="203.0.113.7",
        client_user_agent="Mozilla/5.0",
        external_id=f"customer-{number}",
    )
    return Event(
        event_name="Purchase",
        event_time=int(time.time()),
        event_id=f"sdk.{number}",
        action_source=ActionSource.WEBSITE,
        event_source_url="https://shop.localhost/thanks",
        user_data=user,
        custom_data=CustomData(value=12.5, currency="eur", order_id=str(number)),
    )


@pytest.fixture
def sdk(server: Server, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(FacebookSession, "GRAPH", server.url)
    return FacebookAdsApi.init(access_token=SECRETS["FIRSTHAND_SECRET_INTAKE"], crash_log=False)


def test_sdk_sends_500_events_and_all_arrive(sdk: Any, meta: FakeMeta) -> None:
    for first in range(0, EVENTS, PER_REQUEST):
        events = [sdk_event(number) for number in range(first, first + PER_REQUEST)]
        answer = EventRequest(pixel_id=PIXEL, events=events).execute()
        assert answer.events_received == PER_REQUEST
        assert answer.messages == []
        assert answer.fbtrace_id
    meta.wait_events(EVENTS)
    assert set(meta.counts) == {f"sdk.{number}" for number in range(EVENTS)}
    assert set(meta.counts.values()) == {1}


def test_what_the_sdk_hashed_arrives_as_it_hashed_it(sdk: Any, meta: FakeMeta) -> None:
    event = sdk_event(1)
    EventRequest(pixel_id=PIXEL, events=[event]).execute()
    meta.wait_events(1)
    sent, arrived = event.normalize(), meta.events[0]
    for key, value in sent["user_data"].items():
        if key != "external_id":  # the SDK sends it plain; this host hashes it, as the browser's pixel does
            assert arrived["user_data"][key] == value, key
    assert arrived["custom_data"] == {"value": 12.5, "currency": "EUR", "order_id": "1"}
    assert {name: arrived[name] for name in ("event_name", "event_id", "event_time", "action_source")} == {
        "event_name": "Purchase",
        "event_id": "sdk.1",
        "event_time": sent["event_time"],
        "action_source": "website",
    }


def test_sdk_understands_a_wrong_token(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FacebookSession, "GRAPH", server.url)
    FacebookAdsApi.init(access_token="not-the-token", crash_log=False)
    with pytest.raises(FacebookRequestError) as refused:
        EventRequest(pixel_id=PIXEL, events=[sdk_event(1)]).execute()
    assert refused.value.api_error_code() == 190
    assert refused.value.http_status() == 401


def test_the_token_is_not_stored(sdk: Any, server: Server, meta: FakeMeta) -> None:
    EventRequest(pixel_id=PIXEL, events=[sdk_event(1)]).execute()
    meta.wait_events(1)
    token = SECRETS["FIRSTHAND_SECRET_INTAKE"].encode()
    server.stop()
    for path in server.data.iterdir():
        assert token not in path.read_bytes(), path.name
    assert token not in server.log_file.read_bytes()


def test_three_forms_of_one_body_are_one_event(server: Server, meta: FakeMeta) -> None:
    event = {
        "event_name": "Lead",
        "event_time": int(time.time()),
        "event_id": "lead.1",
        "action_source": "system_generated",
        "user_data": {"em": ["62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"]},
    }
    token = SECRETS["FIRSTHAND_SECRET_INTAKE"]
    target = f"{server.url}/capi/{PIXEL}/events"
    text = requests.models.complexjson.dumps
    with requests.Session() as session:
        bodies: list[dict[str, Any]] = [
            {"json": {"data": [event], "access_token": token}},
            {"data": {"data": text([event]), "access_token": token}},
            {"data": {"data": text([text(event)])}, "headers": {"Authorization": f"Bearer {token}"}},
        ]
        for body in bodies:
            assert session.post(target, timeout=10, **body).json()["events_received"] == 1
    meta.wait(lambda: meta.counts["lead.1"] == 3)
    assert meta.events[0] == meta.events[1] == meta.events[2]
