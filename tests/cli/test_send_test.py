"""A test event goes out once, as the tag would send it, and leaves nothing in any figure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.store.control import Control
from runtime.store.files import control_path
from tests.support.fake_meta import INVALID, FakeMeta
from tests.support.server import command
from tests.support.shop import PIXEL, SECRETS
from tests.support.vendor import Vendor

CONTAINER = """
container: shop
domains: [shop.example]
consent: {{default: denied}}
tags:
  meta:
    template: meta_capi
    paused: true
    settings: {{pixel_id: "{pixel}", access_token: secret:META_TOKEN, endpoint: {endpoint}}}
    triggers: [never]
  hook: {{template: webhook, settings: {{endpoint: "{hook}/hook"}}, triggers: [never]}}
  google:
    template: ga4_mp
    settings: {{measurement_id: G-ABC123, api_secret: secret:META_TOKEN, endpoint: {endpoint}}}
    triggers: [never]
triggers:
  never: {{all: [{{field: event_name, is: equals, value: nothing}}]}}
"""
ENV = SECRETS | {"FIRSTHAND_ALLOW_ADDRESSES": "127.0.0.0/8"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("store") / "data"
    Control(control_path(folder)).close()
    return folder


@pytest.fixture(scope="module")
def hook() -> Iterator[Vendor]:
    with Vendor() as running:
        yield running


@pytest.fixture(scope="module")
def meta(data: Path, hook: Vendor) -> Iterator[FakeMeta]:
    with FakeMeta(token=SECRETS["FIRSTHAND_SECRET_META_TOKEN"]) as running:
        file = data.parent / "container.yaml"
        file.write_text(CONTAINER.format(pixel=PIXEL, endpoint=running.endpoint, hook=hook.endpoint))
        applied = command("container", "apply", str(file), data=data, env=ENV)
        assert applied.returncode == 0, applied.stderr
        yield running


def send(data: Path, *words: str, env: dict[str, str] = ENV) -> dict[str, object]:
    done = command("send-test", *words, "--json", data=data, env=env)
    found: dict[str, object] = json.loads(done.stdout)
    assert (done.returncode == 0) == (found.get("state") == "delivered")
    return found


def test_meta_gets_it_with_the_code(data: Path, meta: FakeMeta) -> None:
    """A paused tag, a trigger that never matches and denied consent do not keep it: a person asked for it."""
    sent = send(data, "meta", "--code", "TEST123")
    assert (sent["state"], sent["status"]) == ("delivered", 200)
    body = json.loads(meta.requests[-1].body)
    assert body["test_event_code"] == "TEST123"
    assert [event["event_id"] for event in body["data"]] == [sent["event_id"]]
    assert str(sent["event_id"]).startswith("firsthand-test-")
    assert "production data" in str(sent["notes"])
    assert SECRETS["FIRSTHAND_SECRET_META_TOKEN"] not in json.dumps(sent)
    assert "secret:META_TOKEN" in json.dumps(sent["request"])


def test_the_vendors_own_words_where_it_refuses(data: Path, meta: FakeMeta) -> None:
    meta.behave(INVALID)
    try:
        sent = send(data, "meta", "--code", "TEST123")
    finally:
        meta.behave()
    assert (sent["state"], sent["status"]) == ("reject", 400)
    assert sent["reason"]


def test_no_code_no_test(data: Path, meta: FakeMeta) -> None:
    before = len(meta.requests)
    sent = send(data, "meta")
    assert "wants a test event code" in str(sent["error"])
    assert "knows no test event code" in str(send(data, "hook", "--code", "X")["error"])
    assert "There is no tag nobody" in str(send(data, "nobody")["error"])
    assert len(meta.requests) == before


def test_googles_test_address_is_used(data: Path, meta: FakeMeta) -> None:
    sent = send(data, "google")
    assert "/debug/mp/collect" in meta.requests[-1].path
    assert "records nothing" in str(sent["notes"])


def test_a_secret_that_is_missing_is_told(data: Path, meta: FakeMeta) -> None:
    before = len(meta.requests)
    sent = send(data, "meta", "--code", "T1", env={"FIRSTHAND_ALLOW_ADDRESSES": "127.0.0.0/8"})
    assert sent["state"] == "retry"
    assert "META_TOKEN is not set" in str(sent["reason"])
    assert len(meta.requests) == before


def test_a_private_address_is_refused_unless_the_operator_allows_it(data: Path, meta: FakeMeta) -> None:
    sent = send(data, "hook", env={"FIRSTHAND_ALLOW_ADDRESSES": ""})
    assert "not a public address" in str(sent["reason"])


def test_event_data_of_ones_own(data: Path, meta: FakeMeta, hook: Vendor, tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_text('{"event_name": "add_to_cart", "value": 7}')
    assert send(data, "hook", "--event", str(file))["state"] == "delivered"
    got = json.loads(hook.requests[-1].body)
    assert (got["event_name"], got["value"]) == ("add_to_cart", 7)
    file.write_text("[1]")
    assert command("send-test", "hook", "--event", str(file), data=data, env=ENV).returncode == 1


def test_a_draft_can_be_tried_and_the_audit_log_tells(data: Path, meta: FakeMeta) -> None:
    assert command("workspace", "create", "summer", data=data, env=ENV).returncode == 0
    assert send(data, "hook", "--workspace", "summer")["state"] == "delivered"
    with Control.read(control_path(data)) as control:
        row = control.audit_log()[-1]
    assert (row.what, json.loads(row.detail)["tag"]) == ("test", "hook")
    assert json.loads(row.detail)["version"] < 0


def test_no_figure_knows_of_it(data: Path) -> None:
    assert not list(data.glob("log-*.db"))
    assert not list(data.glob("delivery-*.db"))


def test_for_people(data: Path, meta: FakeMeta) -> None:
    done = command("send-test", "meta", "--code", "T1", data=data, env=ENV)
    assert "meta: delivered, HTTP 200" in done.stdout
    assert "production data" in done.stdout
    assert "Not sent" in command("send-test", "meta", data=data, env=ENV).stdout
