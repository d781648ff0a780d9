"""What decided the consent of a hit can be read in its trace, from the edge's reasons to the event's own word."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest

from runtime.app.shared import open_log
from runtime.cli.trace_text import trace_text
from runtime.containers.publish import publish_file
from runtime.edge.collector import make_collector
from runtime.edge.config import EdgeConfig
from runtime.explain.programs import Programs
from runtime.explain.trace import explain
from runtime.lua.script_check import ScriptCheck
from runtime.settings import Settings
from runtime.store.control import Control
from runtime.store.files import control_path
from tests.support.edge import Edge, MemoryWriter
from tests.text.consent_encoder import Tcf

CONTAINER = """
container: shop
domains: [shop.example]
consent:
  default: granted
  regions: [{regions: [DE], default: {analytics_storage: granted}}]
  sources: [{platform: cookiebot, map: {marketing: [ad_storage]}}, {platform: didomi}]
  tcf: {purposes: {ad_user_data: [7], analytics_storage: [], ad_personalization: []}}
  ldu: [ad_personalization]
clients:
  json: {template: json_event, settings: {paths: [/e]}}
"""
SETTINGS = {"trusted_proxies": "198.18.0.7/32", "geo_headers": "country=cf-ipcountry,city=cf-ipcity"}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with the container live."""
    folder, file = tmp_path / "data", tmp_path / "container.yaml"
    folder.mkdir()
    file.write_text(CONTAINER)
    with Control(control_path(folder)) as control:
        publish_file(control, file, ScriptCheck)
    return folder


def arrive(data: Path, event: dict[str, Any], **headers: str) -> dict[str, Any]:
    """Takes one hit from Germany into the folder's log, and returns its trace."""
    settings = Settings.model_validate({"data_dir": data, **SETTINGS})
    config = EdgeConfig.build(Programs(control_path(data)).live(), lambda name: "")
    writer = MemoryWriter()
    app = Edge(make_collector(config, writer, settings), writer)
    sent = {"cf-ipcountry": "DE", "cf-ipcity": "Berlin", **headers}
    assert app.request("POST", "/e", peer="198.18.0.7", headers=sent, body=orjson.dumps(event)).status == 200
    with closing(open_log(settings, 0)) as log:
        log.append([app.hit])
    return explain(data, "0.1")


def test_each_purpose_has_its_reason(data: Path) -> None:
    tcf = Tcf(consents={1}).text()
    cookie = f"CookieConsent={{marketing:true}}; euconsent-v2={tcf}"
    record = arrive(data, {"event_name": "x", "consent_state": {"analytics_storage": True}}, cookie=cookie)
    hit, (event,) = record["hit"], record["events"]
    assert hit["consent_from"] == {
        "ad_storage": "cookie CookieConsent: marketing true",
        "ad_user_data": "cookie euconsent-v2: tcf: purpose 7 not granted",
        "ad_personalization": "region DE: denied",
        "analytics_storage": "consent_state",
    }
    assert event["consent"]["why"] == hit["consent_from"]
    assert hit["geo"]["country"] == "DE"
    assert "Berlin" not in str(record)  # a city is personal: masked like any other
    text = trace_text(record)
    assert "    ad_user_data: cookie euconsent-v2: tcf: purpose 7 not granted" in text
    assert "visitor's place: DE" in text


def test_what_the_event_tightens_is_told_as_the_events(data: Path) -> None:
    event = {"event_name": "x", "consent_state": {"ad_storage": False}, "x-fb-data_processing_options": ["LDU"]}
    record = arrive(data, event, **{"cf-ipcountry": "FR"})
    (traced,) = record["events"]
    assert record["hit"]["consent"]["ad_personalization"] is True
    assert traced["consent"]["why"] == {
        "ad_storage": "consent_state",
        "ad_personalization": "event: limited data use",
    }
    assert traced["consent"]["in_force"]["ad_personalization"] is False
    assert "    ad_personalization: event: limited data use" in trace_text(record)
