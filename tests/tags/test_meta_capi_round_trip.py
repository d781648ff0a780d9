"""A server event that a shop's SDK sent through us reaches Meta as it was: the two mappings undo each other."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runtime.containers.templates import BUILT_IN, load_template
from runtime.lua.sandbox import Sandbox
from runtime.text.hashing import sha256_hex
from tests.support.destinations import NOW_S, Bench
from tests.support.templates import shared_modules

DIGEST = {
    key: sha256_hex(key) for key in ("em", "ph", "fn", "ln", "ct", "st", "zp", "country", "ge", "db", "external_id")
}
SENDER = {"client_ip_address": "203.0.113.7", "client_user_agent": "Mozilla/5.0"}

PURCHASE = {
    "event_name": "Purchase",
    "event_time": NOW_S,
    "event_id": "o-1001",
    "event_source_url": "https://shop.example/thanks",
    "referrer_url": "https://shop.example/checkout",
    "action_source": "website",
    "opt_out": True,
    "data_processing_options": ["LDU"],
    "data_processing_options_country": 1,
    "data_processing_options_state": 1000,
    "user_data": {
        **{key: [digest] for key, digest in DIGEST.items()},
        **SENDER,
        "em": [DIGEST["em"], f"{DIGEST['ph']}.AQQCAQMC"],
        "external_id": [DIGEST["external_id"], DIGEST["em"][:32]],
        "fbc": "fb.1.1790000000000.IwAR_abc.AQIAAQMC",
        "fbp": "fb.1.1790000000000.1234567890",
        "subscription_id": "s1",
        "fb_login_id": 123456,
        "lead_id": 123456789012345,
        "f5first": DIGEST["fn"],
        "fi": DIGEST["ln"],
        "doby": DIGEST["db"],
    },
    "custom_data": {
        "value": 12.5,
        "currency": "EUR",
        "order_id": "1001",
        "contents": [
            {
                "id": "a",
                "quantity": 2,
                "item_price": 5.25,
                "title": "A",
                "brand": "B",
                "category": "C",
                "colour": "red",
            },
            {"id": 7, "quantity": 1, "item_price": 2, "description": "D", "delivery_category": "curbside"},
        ],
        "content_ids": ["a", 7],
        "content_type": "product",
        "content_name": "Two things",
        "num_items": 3,
        "predicted_ltv": 240,
        "net_revenue": 3.5,
        "own": {"any": [1, "x"]},
    },
    "customer_segmentation": "new_customer_to_business",
    "attribution_data": {"attribution_model": "last_click", "touchpoint_ts": NOW_S - 50},
    "original_event_data": {"event_name": "Purchase", "event_time": NOW_S - 90},
    "advanced_measurement_table": "t",
}
APP = {
    "event_name": "CustomAppEvent",
    "event_time": NOW_S,
    "event_id": "a-1",
    "action_source": "app",
    "app_data": {
        "advertiser_tracking_enabled": 0,
        "application_tracking_enabled": 1,
        "extinfo": ["i2", "", "", "", "17.1", *[""] * 11],
        "install_referrer": "r",
    },
    "user_data": {"madid": "m-1", "anon_id": "n-1", "client_ip_address": "2001:db8::1"},
}
MESSAGING = {
    "event_name": "LeadSubmitted",
    "event_time": NOW_S,
    "event_id": "w-1",
    "action_source": "business_messaging",
    "messaging_channel": "messenger",
    "user_data": {"page_id": "1", "page_scoped_user_id": "2", "ig_account_id": "3", "ig_sid": "4", "ctwa_clid": "5"},
}
SEARCH = {
    "event_name": "Search",
    "event_time": NOW_S,
    "event_id": "s-1",
    "action_source": "website",
    "event_source_url": "https://shop.example/?q=boots",
    "user_data": SENDER,
    "custom_data": {"search_string": "boots", "content_ids": ["a", "b"], "contents": "a,b", "status": "true"},
}


def parsed(server_event: dict[str, Any], fields: dict[str, str]) -> dict[str, Any]:
    """Returns what the client for Meta's SDKs makes of a server event."""
    template = load_template(BUILT_IN / "clients" / "meta_capi_intake")
    sandbox = Sandbox(shared=shared_modules())
    script = sandbox.script(template.key, template.source, shared=template.manifest.shared)
    hit = {"events": [server_event], "fields": fields, "route": {"pixel": "42"}, "trust": "server", "index": 0}
    hit |= {"received_s": NOW_S, "received_ms": NOW_S * 1000, "path": "/capi/42/events"}
    pushed = sandbox.push(hit), sandbox.push({})
    events = sandbox.call(script, "parse", *pushed, at_us=NOW_S * 1_000_000, seed="parse").values[0]
    return dict(events[0])


@pytest.mark.parametrize("server_event", [PURCHASE, APP, MESSAGING, SEARCH], ids=lambda event: event["event_name"])
def test_a_server_event_is_sent_on_as_it_came(server_event: dict[str, Any]) -> None:
    item, reason = Bench("meta_capi").map(parsed(server_event, {}))

    assert item == server_event, reason


def test_what_came_beside_the_events_is_sent_beside_them() -> None:
    fields = {"test_event_code": "TEST1", "upload_id": "u", "namespace_id": "n", "upload_source": "crm"}
    bench = Bench("meta_capi")
    _, options = bench.map(parsed(SEARCH, fields))

    assert json.loads(options["key"]) == fields
