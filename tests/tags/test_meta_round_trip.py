"""What a shop's server sends to the intake is what a Meta tag sends on: nothing is lost, made up or renamed."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from runtime.containers.snapshot import build_snapshot
from runtime.containers.templates import BUILT_IN
from runtime.edge.rehearsal import rehearse
from runtime.model.container import Container
from runtime.model.hit import LoggedHit
from runtime.pipeline.program import Program
from runtime.pipeline.run import run
from tests.support.clients import AT_S, TOKEN
from tests.support.templates import templates_of

HASH = "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"
OTHER_HASH = "6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec"
CONTAINER = {
    "container": "round-trip",
    "consent": {"default": "granted"},
    "clients": {"in": {"template": "meta_capi_intake", "settings": {"access_tokens": ["secret:INTAKE"]}}},
    "tags": {
        "out": {
            "template": "meta_capi",
            "settings": {"pixel_id": "111", "access_token": "secret:META"},
            "triggers": ["everything"],
        }
    },
    "triggers": {"everything": {"all": []}},
}
USER_DATA = {
    "em": [HASH, OTHER_HASH],
    "ph": [f"{HASH}.AQICAQMC"],
    "fn": [HASH],
    "ln": [OTHER_HASH],
    "ct": [HASH],
    "st": [HASH, OTHER_HASH],
    "zp": [HASH],
    "country": [HASH],
    "ge": [HASH],
    "db": [HASH],
    "external_id": [HASH, OTHER_HASH],
    "client_ip_address": "198.51.100.7",
    "client_user_agent": "Mozilla/5.0",
    "fbp": "fb.1.1790000000000.1234567890",
    "fbc": "fb.1.1790000000000.IwAR_abc",
    "subscription_id": "s-1",
    "fb_login_id": 77,
    "lead_id": "1234567890123456",
}
EVENT: dict[str, Any] = {
    "event_name": "Purchase",
    "event_time": 1_790_000_000,
    "event_id": "o-1001",
    "action_source": "website",
    "event_source_url": "https://shop.example/thanks",
    "referrer_url": "https://shop.example/checkout",
    "opt_out": False,
    "data_processing_options": ["LDU"],
    "data_processing_options_country": 1,
    "data_processing_options_state": 1000,
    "original_event_data": {"event_name": "Lead", "event_time": 1_789_990_000},
    "attribution_data": {"attribution_share": 0.5, "scope": "click"},
    "customer_segmentation": "new_customer_to_business",
    "user_data": USER_DATA,
    "custom_data": {
        "value": 12.5,
        "currency": "EUR",
        "order_id": "1001",
        "search_string": "cup",
        "content_ids": ["sku1", "sku2"],
        "contents": [
            {
                "id": "sku1",
                "quantity": 1,
                "item_price": 12.5,
                "title": "Cup",
                "brand": "Own",
                "category": "Cups",
                "x": "y",
            },
            {"id": "sku2", "quantity": 2, "delivery_category": "in_store"},
        ],
        "content_type": "product_group",
        "content_name": "Cups",
        "num_items": 3,
        "predicted_ltv": 99.5,
        "status": "true",
        "loyalty": {"tier": "gold", "points": [1, 2]},
    },
}


def sent_on(event: dict[str, Any]) -> dict[str, Any]:
    container = Container.model_validate(CONTAINER)
    folders = (BUILT_IN / "clients" / "meta_capi_intake", BUILT_IN / "destinations" / "meta_capi")
    snapshot = build_snapshot(container, templates_of(*folders), 1)
    received = rehearse(
        snapshot,
        method="POST",
        url=f"https://t.shop.example/v25.0/111/events?access_token={TOKEN}",
        headers={"content-type": "application/json"},
        body=orjson.dumps({"data": [event]}),
        client_ip="192.0.2.1",
        at_us=AT_S * 1_000_000,
        secrets=lambda _: TOKEN,
    )
    assert received.hit is not None
    (event_run,) = run(LoggedHit(0, 1, received.hit), Program.build(snapshot)).events
    (tag_run,) = event_run.tags
    assert tag_run.state == "fired", tag_run.reason
    sent: dict[str, Any] = orjson.loads(tag_run.item)
    return sent


def test_a_full_event() -> None:
    sent = sent_on(EVENT)
    assert sent == EVENT | {"user_data": USER_DATA | {"fb_login_id": sent["user_data"]["fb_login_id"]}}
    assert str(sent["user_data"]["fb_login_id"]) == "77"


OPTIONAL = [
    "referrer_url",
    "opt_out",
    "data_processing_options",
    "original_event_data",
    "attribution_data",
    "customer_segmentation",
]


@pytest.mark.parametrize("name", OPTIONAL)
def test_what_is_not_given_is_not_made_up(name: str) -> None:
    given = {key: value for key, value in EVENT.items() if not key.startswith(name)}
    sent = sent_on(given)
    assert sent | {"user_data": USER_DATA} == given


@pytest.mark.parametrize(
    ("name", "filled"), [("event_id", "0.1.0"), ("event_time", AT_S), ("action_source", "website")]
)
def test_what_meta_needs_is_filled_in(name: str, filled: Any) -> None:
    given = {key: value for key, value in EVENT.items() if key != name}
    assert sent_on(given) | {"user_data": USER_DATA} == given | {name: filled}


@pytest.mark.parametrize("name", ["Lead", "Cart saved", "purchase", "LeadSubmitted", "Kauf"])
def test_names_are_sent_on_as_they_came(name: str) -> None:
    assert sent_on(EVENT | {"event_name": name})["event_name"] == name
