"""All variables and transformations in one container: it is valid, and runs from the request to the items."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
import pytest

from runtime.containers.check import check
from runtime.containers.interchange import load_container
from runtime.containers.snapshot import build_snapshot, decode_snapshot, encode_snapshot
from runtime.containers.templates import BUILT_IN, load_templates
from runtime.edge.rehearsal import rehearse
from runtime.lua.script_check import ScriptCheck
from runtime.model.hit import LoggedHit
from runtime.model.lookup import Answer, encode_answer
from runtime.model.snapshot import Snapshot
from runtime.pipeline.program import Program
from runtime.pipeline.run import run
from runtime.pipeline.trace import Trace

FILE = Path(__file__).parent.parent / "containers" / "all_parts.yaml"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:129.0) Gecko/20100101 Firefox/129.0"
EMAIL = "ann@shop.example"
EVENT: dict[str, Any] = {
    "event_name": "purchase",
    "event_id": "e-1",
    "transaction_id": "o-1",
    "user_id": "c-42",
    "value": 34.97,
    "page_location": f"https://shop.example/p/mug?utm_campaign=fall&mail={EMAIL}",
    "items": [{"sku": "mug", "price": 9.99, "quantity": 3}, {"sku": "pen", "price": "5"}],
    "user_data": {"email_address": EMAIL, "address": {"country": "de"}},
}
RATINGS = "https://api.shop.example/customers/"
RATED = encode_answer(Answer(0, 200, '{"rating": 4.5}'))
SENT = {"x-country": "DE", "x-other": "no", "cookie": "member=%7B%22group%22%3A%22gold%22%7D; session=s"}


@lru_cache
def version() -> Snapshot:
    return build_snapshot(load_container(FILE), load_templates(BUILT_IN), 1)


def arrived(event: dict[str, Any], headers: dict[str, str], query: str = "") -> LoggedHit:
    received = rehearse(
        version(),
        method="POST",
        url=f"https://tags.shop.example/e{query}",
        headers={"content-type": "application/json", "user-agent": BROWSER, **headers},
        body=orjson.dumps(event),
        client_ip="203.0.113.9",
        at_us=1_790_000_000_000_000,
        secrets=lambda name: "",
    )
    assert received.hit is not None
    return LoggedHit(0, 1, received.hit)


def items(event: dict[str, Any], headers: dict[str, str], query: str = "") -> dict[str, Any]:
    """Returns each tag's item, and for one that made none its state."""
    logged, program = arrived(event, headers, query), Program.build(version())
    needs = run(logged, program).needs
    assert [need.envelope.url for need in needs] == [RATINGS + hashlib.sha256(event["user_id"].encode()).hexdigest()]
    (made,) = run(logged, program, recorded={needs[0].key: RATED}).events
    return {each.tag: orjson.loads(each.item) if each.item else each.state for each in made.tags}


def test_it_is_valid() -> None:
    templates = load_templates(BUILT_IN)
    assert check(load_container(FILE), templates, script_check=ScriptCheck) == []


def test_every_kind_of_variable_and_transformation_is_used() -> None:
    used = {key for key in version().templates if key.startswith(("variable/", "transformation/"))}
    assert len(used) == 27


def test_a_purchase_at_home() -> None:
    made = items(EVENT, SENT, "?source=till")
    warehouse, partner = made["warehouse"], made["partner"]
    draw = warehouse["x-seen"].pop("draw")
    assert draw in range(1, 11)
    assert warehouse["x-seen"] == {
        "country": "de",
        "rating": 4.5,
        "source": "till",
        "path": "/e",
        "campaign": "fall",
        "section": "product mug",
        "arrived": "2026-09-21",
        "net": 29.39,
        "label": "SALE o-1",
        "group": "gold",
        "customer": hashlib.sha256(b"c-42").hexdigest(),
        "browser": "Firefox",
        "ads": "yes",
        "order": "o-1",
        "client": "json",
        "place": "nowhere",
    }
    hashed = {"sha256_email_address": hashlib.sha256(EMAIL.encode()).hexdigest(), "address": {"country": "de"}}
    for seen in (warehouse, partner):
        assert [item["item_id"] for item in seen["items"]] == ["mug", "pen"]
        assert seen["user_data"] == hashed
        assert seen["page_location"] == "https://shop.example/p/mug?utm_campaign=fall&mail=(redacted)"
    assert "x-seen" not in partner


def test_conditions_decide_for_a_purchase_from_abroad() -> None:
    made = items(EVENT, SENT | {"x-country": "FR"})
    assert made["warehouse"]["page_location"].endswith(EMAIL), "redacted has an exception"
    assert made["partner"].keys() == {"event_name", "event_id", "event_time", "value", "items", "user_data"}
    assert made["warehouse"]["x-seen"]["country"] == "fr"


def test_consent_and_missing_values() -> None:
    denied = EVENT | {"consent_state": {"ad_storage": False}, "event_name": "view_item"}
    made = items(denied, {})
    assert made["partner"] == "not_triggered"
    seen = made["warehouse"]["x-seen"]
    assert (seen["country"], seen["ads"], "group" in seen) == ("none", "no", False)
    assert "address" not in made["warehouse"]["user_data"]


def test_only_the_header_and_the_cookie_that_are_named_are_stored() -> None:
    hit = arrived(EVENT, SENT).hit
    assert hit.headers.get("x-country") == "DE"
    assert "x-other" not in hit.headers
    assert set(hit.cookies) == {"member"}


def test_a_version_read_back_makes_the_same_bytes() -> None:
    hit = arrived(EVENT, SENT)
    again = decode_snapshot(encode_snapshot(version()), 1)
    assert again == version()
    one, two = (run(hit, Program.build(each), trace=Trace()) for each in (version(), again))
    assert one == two
    assert not one.logs


@pytest.mark.parametrize("name", ["Cookie", "Authorization"])
def test_no_setting_grants_a_header_that_holds_credentials(name: str) -> None:
    container = load_container(FILE)
    variable = container.variables["country"].model_copy(update={"settings": {"name": name}})
    spoiled = container.model_copy(update={"variables": container.variables | {"country": variable}})
    snapshot = build_snapshot(spoiled, load_templates(BUILT_IN), 1)
    trace = Trace()
    run(arrived(EVENT, SENT), Program.build(snapshot), trace=trace)
    shown = trace.as_dict()["events"][0]["variables"]["country"]
    assert shown["fault"].startswith("permission:")
    assert shown["value"] == "none"


def test_the_name_of_a_header_can_name_no_variable() -> None:
    container = load_container(FILE)
    variable = container.variables["country"].model_copy(update={"settings": {"name": "X-{{member}}"}})
    spoiled = container.model_copy(update={"variables": container.variables | {"country": variable}})
    (problem,) = check(spoiled, load_templates(BUILT_IN))
    assert problem.path == "variables.country.settings.name"
    assert "needed before there is an event" in problem.message
