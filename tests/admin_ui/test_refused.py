"""Requests that were not taken: counted by reason, the newest shown masked, each with what to do."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

from runtime.explain.refusal_advice import BY_KIND, BY_REASON
from runtime.explain.refused import KINDS, refused_examples, refused_reasons
from runtime.log.protocol import Notes
from runtime.log.sqlite import SqliteLog
from runtime.store.files import log_path
from tests.support.admin import AdminBrowser
from tests.support.history import EMAIL, History

RAISED = re.compile(r'(?:SenderError\(\s*\d{3}|Refusal\(\s*\d{3}|Malformed\()\s*,?\s*"([a-z_]+)"')
PAYLOAD = '<img src=x onerror="alert(1)">'


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A shard whose edge refused what names a person, and what is code."""
    now = time.time()
    wrong = {"method": "POST", "host": "t.shop.example", "reason": "token_wrong", "client": "sdk"}
    seen: list[tuple[str, dict[str, str]]] = [
        ("refused", wrong | {"path": f"/u/{EMAIL}"}),
        ("refused", wrong | {"path": "/capi"}),
        ("unclaimed", {"method": "GET", "host": PAYLOAD, "path": f"/{PAYLOAD}"}),
    ]
    counts = {("refused", "token_wrong"): 2, ("unclaimed", ""): 1, ("not_live_refused", "preview_over"): 1}
    notes = Notes(
        {(int(now) // 60, name, label): n for (name, label), n in counts.items()},
        [(kind, int(now * 1e6) + at, json.dumps(summary).encode()) for at, (kind, summary) in enumerate(seen)],
    )
    log = SqliteLog(log_path(tmp_path, 0), 0)
    log.append([], notes)
    log.close()
    return tmp_path


def test_every_reason_has_an_advice() -> None:
    sources = [*Path("runtime/edge").glob("*.py"), *Path("runtime/text").glob("*.py")]
    codes = {code for file in sources for code in RAISED.findall(file.read_text())}
    assert {"unclaimed", "token_wrong", "headers_too_large", "invalid_json"} <= codes
    assert codes - BY_REASON.keys() == set()
    assert set(KINDS) == BY_KIND.keys()


def test_counts_and_examples(data: Path) -> None:
    reasons = {(each.kind, each.reason, each.aside): each.times for each in refused_reasons(data, 60)}
    assert reasons == {
        ("refused", "token_wrong", False): 2, ("unclaimed", "", False): 1, ("refused", "preview_over", True): 1,
    }  # fmt: skip
    examples = refused_examples(data)
    assert [row["kind"] for row in examples] == ["unclaimed", "refused", "refused"]
    assert examples[1]["todo"] == BY_REASON["token_wrong"]
    assert EMAIL not in str(examples)


def test_the_page(data: Path) -> None:
    browser = AdminBrowser(data, "viewer")
    page = browser.get("/events/refused")
    assert page.status_code == 200
    assert BY_REASON["token_wrong"].replace("'", "&#39;") in page.text
    assert PAYLOAD not in page.text
    assert "&lt;img src=x" in page.text
    assert EMAIL not in page.text
    one = browser.get("/events/refused?reason=token_wrong&span=1h")
    assert one.text.count("<code>POST /") == 2
    assert "&lt;img" not in one.text
    assert browser.get("/events/refused?span=2h").status_code == 400


def test_the_api_says_the_same(data: Path) -> None:
    found = AdminBrowser(data, "viewer").get("/api/v1/refused?reason=unclaimed").json()
    assert [row["kind"] for row in found["examples"]] == ["unclaimed"]
    assert found["reasons"][0]["times"] == 2
    assert AdminBrowser(data, None).get("/api/v1/refused").status_code == 401


def test_the_home_page_leads_there(history: History) -> None:
    home = AdminBrowser(history.data, "viewer").get("/?span=24h")
    assert 'href="/events/refused?span=24h"' in home.text
    assert "refused=1" not in home.text
    page = AdminBrowser(history.data, "viewer").get("/events/refused?span=24h")
    assert "GET /nowhere" in page.text


def test_nothing_was_refused(tmp_path: Path) -> None:
    page = AdminBrowser(tmp_path, "viewer").get("/events/refused")
    assert "Every request of this time was taken." in page.text
