"""Hits through an imported container: the same tags fire as there, and they map what they mapped there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from runtime.containers.check_scripts import OWN
from runtime.containers.snapshot import build_snapshot
from runtime.containers.templates import BUILT_IN, load_templates
from runtime.edge.rehearsal import rehearse
from runtime.model.consent_rule import ConsentRule
from runtime.model.event import EventRun
from runtime.model.hit import LoggedHit
from runtime.model.snapshot import Snapshot
from runtime.pipeline.program import Program
from runtime.pipeline.run import run
from tests.containers.gtm.support import from_file, write

AT_US = 1_790_000_001_000_000
PURCHASE = "en=purchase&cu=EUR&epn.value=120.5&ep.transaction_id=o-1&pr1=idSKU1~pr60.25~qt2&ep.x-test-code=TEST77"

PAGE = "dl=https%3A%2F%2Fshop.example%2FTHANKS%2F1"


class Imported:
    """An import with all consent granted, and its paused tags running where the test asks for that."""

    def __init__(self, name: str, folder: Path, *, unpaused: tuple[str, ...] = ()) -> None:
        found = from_file(name)
        write(found, folder)
        tags = {
            id: tag.model_copy(update={"paused": False}) if id in unpaused else tag
            for id, tag in found.container.tags.items()
        }
        container = found.container.model_copy(update={"consent": ConsentRule(default="granted"), "tags": tags})
        self.snapshot: Snapshot = build_snapshot(container, load_templates(BUILT_IN, folder / OWN), 1)
        self.program = Program.build(self.snapshot)

    def send(self, path: str, *, body: bytes = b"", method: str = "POST", **headers: str) -> dict[str, Any]:
        """Sends a hit; returns of its one event the items of the tags that fired, and the states of all others."""
        answer = rehearse(
            self.snapshot,
            method=method,
            url=f"https://t.shop.example{path}",
            headers={"user-agent": "Mozilla/5.0"} | {key.replace("_", "-"): value for key, value in headers.items()},
            body=body,
            client_ip="198.51.100.20",
            at_us=AT_US,
            secrets=lambda _: "s",
        )
        assert answer.hit is not None, answer.reason
        outcome = run(LoggedHit(0, 1, answer.hit), self.program)
        (event,) = outcome.events
        return told(event)


def told(event: EventRun) -> dict[str, Any]:
    """What each tag did: its item where it fired, else its state."""
    return {each.tag: orjson.loads(each.item) if each.state == "fired" else str(each.state) for each in event.tags}


def ga4(query: str) -> str:
    """The path of a hit of Google's tag."""
    return f"/g/collect?v=2&tid=G-ABC123&cid=123.456&sid=1790000000&{query}"


def test_meta_by_the_gallery(tmp_path: Path) -> None:
    shop = Imported("ga4_meta_gallery", tmp_path, unpaused=("ga4-forward",))
    tags = shop.send(ga4(f"{PURCHASE}&{PAGE}"))
    purchase = tags["meta-purchase"]
    assert purchase["event_name"] == "Purchase"
    assert purchase["action_source"] == "website"
    assert purchase["event_source_url"] == "https://shop.example/THANKS/1"
    assert purchase["custom_data"]["value"] == 120.5
    assert purchase["custom_data"]["order_id"] == "o-1"
    assert purchase["custom_data"]["content_ids"] == ["SKU1"]
    assert tags["meta-everything-else"] == "blocked"
    assert tags["ga4-forward"]["name"] == "purchase"  # the value is above 100, and the pattern ignores case
    settings = shop.snapshot.container.tags["meta-purchase"].settings
    assert settings["access_token"] == "secret:META_ACCESS_TOKEN"
    assert settings["test_event_code"] == "{{test-code}}"


def test_other_events_take_the_other_tag(tmp_path: Path) -> None:
    tags = Imported("ga4_meta_gallery", tmp_path, unpaused=("ga4-forward",)).send(
        ga4(f"en=view_item&epn.value=20&{PAGE}")
    )
    assert tags["meta-purchase"] == "not_triggered"
    assert tags["meta-everything-else"]["event_name"] == "ViewContent"
    assert tags["ga4-forward"] == "not_triggered"


def lead(**more: Any) -> bytes:
    given: dict[str, Any] = {
        "event_name": "generate_lead",
        "event_id": "e-1",
        "transaction_id": "T9",
        "value": 7,
        "lead_kind": "phone",
    }
    given |= {"page_location": "https://shop.example/form", "x-jp": "ja"}
    return orjson.dumps({**given, "user_data": {"email_address": "ada@shop.example"}, **more})


def test_tables_of_a_tag_change_what_it_sends(tmp_path: Path) -> None:
    shop = Imported("nested_references", tmp_path, unpaused=("hook",))
    tags = shop.send("/collect-data", body=lead(), content_type="application/json")
    item = tags["fb-lead-uberall"]
    assert item["event_name"] == "Lead"
    assert item["event_id"] == "T9-phone"
    assert item["custom_data"]["value"] == 7
    assert item["custom_data"]["currency"] == "EUR"
    assert item["custom_data"]["lead_type"] == "phone of generate_lead – ja"
    assert len(item["user_data"]["em"][0]) == 64
    hook = tags["hook"]
    assert (hook["event_name"], hook["lead"]["kind"]) == ("generate_lead", "phone")
    assert tags["hook-to-anywhere"] == "paused"


@pytest.mark.parametrize(
    "spoiled", [{"user_data": {}}, {"event_name": "purchase"}, {"lead_kind": "fax"}, {"transaction_id": "ax"}]
)
def test_conditions_of_the_lead(tmp_path: Path, spoiled: dict[str, Any]) -> None:
    shop = Imported("nested_references", tmp_path)
    tags = shop.send("/data", body=lead(**spoiled), content_type="application/json")
    assert tags["fb-lead-uberall"] == "not_triggered"


def test_tables_and_formats(tmp_path: Path) -> None:
    shop = Imported("tables", tmp_path)
    page = "dl=https%3A%2F%2Fshop.example%2FP%2F77"
    query = f"en=page_view&ep.page_hostname=shop.us.example&ep.page_path=%2FP%2F77&ep.value=1.234,5&{page}"
    hook = shop.send(ga4(query))["hook"]
    assert hook["region"] == "us"
    assert hook["kind"] == "product 77"
    assert hook["shop"] == "  Größe & Co: #1  "
    assert hook["price"] == 1234.5
    assert "member" not in hook
    other = shop.send(ga4("en=page_view"))["hook"]
    assert (other["region"], other["price"]) == ("other", "0")


def test_transformations_are_for_the_same_tags(tmp_path: Path) -> None:
    shop = Imported("transformations", tmp_path)
    tags = shop.send(ga4("en=purchase&epn.value=5&cu=EUR&ep.country=DE&ep.color=red"))
    assert set(tags["warehouse"]) - {"event_id", "event_time"} == {"event_name", "value", "currency", "shop", "label",
                                                                  "from_ga4"}  # fmt: skip
    assert tags["erp"]["color"] == "red"
    assert tags["erp"]["shop"] == {"id": "shop-7"}
    assert tags["erp"]["label"] == "shop-7 in DE"
    assert tags["erp"]["from_ga4"] == "yes"
    assert "odd" not in tags["erp"]
    assert "partner" not in tags["erp"]
    assert "color" in shop.send(ga4("en=test&epn.value=5&ep.country=DE&ep.color=red"))["warehouse"]


def test_exceptions(tmp_path: Path) -> None:
    shop = Imported("blocking_and_setup", tmp_path)
    assert shop.send(ga4(PURCHASE))["main"]["transaction_id"] == "o-1"
    bot = shop.send(ga4(PURCHASE), user_agent="Some-BOT/1.0")
    assert bot["main"] == "blocked"
    small = "en=purchase&epn.value=1&ep.transaction_id=TEST-5"
    assert shop.send(ga4(small))["main"] == "blocked"
    assert "transaction_id" in shop.send(ga4(small))["group"]  # both triggers of the group match the same event
    assert shop.send(ga4(PURCHASE))["blocked-by-what-is-lost"] == "paused"
