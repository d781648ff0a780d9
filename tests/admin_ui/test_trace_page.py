"""The debugger's page: every stage by an anchor, requests as curl, copies of an event, large hits in parts, and what
another version makes of it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from admin_ui.pages import trace
from runtime.containers.draft import read_files
from runtime.containers.edits import set_part
from runtime.containers.workspace import create_workspace, edit_workspace
from runtime.explain.copies import copies
from runtime.explain.curl import as_curl
from runtime.explain.failures import failures
from runtime.explain.trace import explain
from runtime.log.sqlite import SqliteLog
from runtime.lua.script_check import ScriptCheck
from runtime.store.control import Control
from runtime.store.delivery import DeliveryStore
from runtime.store.delivery_rows import DeadRow, EventFlag, EventRow, Settlement
from runtime.store.files import control_path, delivery_path, log_path
from tests.support.admin import AdminBrowser
from tests.support.history import BAD, BUYS, DEAD, EMAIL, LEADS, PERSONAL, History
from tests.support.shop import SECRETS

READ = partial(read_files, script_check=ScriptCheck)
PAYLOAD = "<script>alert(1)</script>"


def _page(history: History, path: str) -> str:
    answer = AdminBrowser(history.data, "viewer").get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.mark.parametrize("id", [BUYS, f"{BUYS}/0", LEADS, f"{LEADS}/2", DEAD, BAD])
def test_every_anchor_leads_somewhere(history: History, id: str) -> None:
    text = _page(history, f"/events/{id}")
    targets = re.findall(r'href="#([^"]+)"', text)
    assert {"request", "parse", "log"} <= set(targets)
    assert [name for name in targets if f' id="{name}"' not in text] == []
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids))


def test_what_a_page_tells(history: History) -> None:
    text = _page(history, f"/events/{BUYS}")
    assert 'href="/events?event_id=order.1"' in text
    assert "every one of" in text  # Why the exception did not hold it back.
    assert re.search(r"<code>variable is_bot</code> equals\s+<code>true</code>:\s+was <code>false</code>", text)
    assert "Computed again, the body is what was sent." in text
    assert re.search(r'<th scope="row">client meta_pixel</th><td class="number">1</td>', text)
    assert '<small class="masked">masked</small>' in text
    assert "curl --globoff -X POST" in text
    assert "secret:META_TOKEN" in text
    for secret in (*PERSONAL, *SECRETS.values()):
        assert secret not in text


def test_what_was_given_up_leads_to_its_reason(history: History) -> None:
    text = _page(history, f"/events/{DEAD}")
    assert "Gave up the hit" in text
    assert re.search(r'href="/deliveries/letters/0\.\d+"', text)


def test_a_large_hit_comes_in_parts(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "EVENTS_A_PAGE", 2)
    first = _page(history, f"/events/{LEADS}")
    assert "Events 0 to 1 of 3." in first
    assert f'href="/events/{LEADS}?from=2" rel="next"' in first
    assert "Event 2:" not in first
    second = _page(history, f"/events/{LEADS}?from=2")
    assert "Events 2 to 2 of 3." in second
    assert f'href="/events/{LEADS}?from=0" rel="prev"' in second
    live = _page(history, f"/preview/live?hit={LEADS}")
    assert f'href="/preview/live?hit={LEADS}&amp;from=2"' in live


def test_the_api_has_the_whole_hit_and_times(history: History) -> None:
    found = AdminBrowser(history.data, "viewer").get(f"/api/v1/events/{LEADS}").json()
    assert len(found["events"]) == 3
    assert {"client/meta_capi_intake", "destination/meta_capi"} <= {each["script"] for each in found["times"]}
    assert {each["calls"] for each in found["times"] if each["script"] == "destination/meta_capi"} == {3}
    assert "times" not in explain(history.data, LEADS)


@pytest.mark.parametrize("id", ["0", "x", "0.1/x", "0.999", "0.1/7", "--help"])
def test_no_such_event(history: History, id: str) -> None:
    assert 400 <= AdminBrowser(history.data, "viewer").get(f"/events/{id}").status_code < 500


def _request(**given: Any) -> dict[str, Any]:
    return {"method": "POST", "url": "https://v.example/a?b=[1]", "headers": {}, "body": ""} | given


@pytest.mark.parametrize(
    "body", ['a\'b \\ "c" $HOME `id` $(id) !x', "two\nlines\tand \x1b[31m \\ it's", {"a": "it's", "b": [1, None]}]
)
def test_curl_is_one_line_that_a_shell_reads_back(body: Any) -> None:
    line = as_curl(_request(headers={"x-b": "2", "x-a": "o'n e"}, body=body))
    assert line.isprintable()
    read = subprocess.run(
        ["bash", "-c", f"curl() {{ printf '%s\\0' \"$@\"; }}; {line}"], capture_output=True, text=True, check=True
    )
    words = read.stdout.split("\0")[:-1]
    text = body if isinstance(body, str) else json.dumps(body, separators=(",", ":"))
    assert words == [
        "--globoff", "-X", "POST", "https://v.example/a?b=[1]", "-H", "x-a: o'n e", "-H", "x-b: 2", "--data-raw", text,
    ]  # fmt: skip


def test_no_request_no_curl() -> None:
    assert as_curl({"absent": "the version is gone"}) == ""


def _store(folder: Path, shard: int, settlement: Settlement) -> None:
    SqliteLog(log_path(folder, shard), shard).close()
    store = DeliveryStore(delivery_path(folder, shard))
    store.settle(settlement)
    store.close()


def test_copies_of_an_event(tmp_path: Path) -> None:
    def row(seq: int, client: str, id: str = "order.1", flags: int = 0) -> EventRow:
        return EventRow(seq, 0, seq * 1000, "purchase", client, id, "{}", flags)

    _store(tmp_path, 0, Settlement(events=[row(1, "pixel"), row(2, "pixel"), row(3, "pixel", "other")]))
    _store(tmp_path, 1, Settlement(events=[row(1, "sdk"), row(2, "sdk", flags=EventFlag.PREVIEW.value)]))
    found = copies(tmp_path, "0.1", [{"position": 0, "event": {"event_id": "order.1"}}], "pixel")
    assert [(each.place, each.twice) for each in found[0]] == [("0.2/0", True), ("1.1/0", False)]
    assert copies(tmp_path, "0.3", [{"position": 0, "event": {"event_id": "other"}}], "pixel") == {}
    assert copies(tmp_path, "0.3", [{"position": 0, "event": {}}], "pixel") == {}


def test_the_version_that_brought_a_failure(tmp_path: Path) -> None:
    def letter(seq: int, version: int, reason: str = "code 100", tag: str = "meta") -> DeadRow:
        return DeadRow(tag, seq, 0, reason, "", 400, 1, seq * 1000, version, f"e{seq}", b"")

    def settled(*letters: DeadRow) -> Settlement:
        return Settlement(dead={(each.tag, each.seq, each.pos): each for each in letters})

    _store(tmp_path, 0, settled(letter(5, 4), letter(6, 5), letter(7, 2, EMAIL)))
    _store(tmp_path, 1, settled(letter(4, 6), letter(8, 3), letter(9, 1, tag="ga4")))
    found = {(each.tag, each.reason): each for each in failures(tmp_path)}
    group = found["meta", "code 100"]
    assert (group.letters, group.version, group.first_at, group.last_at) == (4, 3, 4.0, 8.0)
    assert {tag for tag, _ in found} == {"meta", "ga4"}
    assert EMAIL not in str(found)
    assert {each.tag for each in failures(tmp_path, "ga4")} == {"ga4"}


def test_a_group_leads_to_its_tag_and_version(history: History) -> None:
    text = _page(history, "/deliveries?state=dead&tag=meta")
    assert 'href="/versions/1">version 1</a>' in text
    assert 'href="/container/tags">meta</a>' in text
    assert "reason=code%20100" in text
    found = AdminBrowser(history.data, "viewer").get("/api/v1/failures?tag=(pipeline)").json()["rows"]
    assert [(row["tag"], row["letters"], row["version"]) for row in found] == [("", 1, 1)]


@pytest.fixture
def drafted(history: History, tmp_path: Path) -> Path:
    """A copy with a draft that sends something else."""
    data = Path(shutil.copytree(history.data, tmp_path / "data"))
    with Control(control_path(data)) as control:
        create_workspace(control, "summer", READ)
        edit_workspace(
            control, "summer", lambda files: set_part(dict(files), "tags.meta.settings.test_event_code", "T1"), READ
        )
    return data


def test_beside_a_draft(drafted: Path) -> None:
    """The page shows what the command prints."""
    browser = AdminBrowser(drafted, "viewer")
    page = browser.get(f"/events/{BUYS}/beside?with=workspace:summer")
    assert page.status_code == 200, page.text
    assert "Hit 0.1 by draft summer" in page.text
    assert "sends something else" in page.text
    assert "body.test_event_code" in page.text
    found = browser.get(f"/api/v1/events/{BUYS}/beside?with=workspace:summer").json()
    assert (found["before"]["version"], found["after"]["version"]) == ("1", "workspace:summer")
    assert [tag["change"] for tag in found["events"][0]["tags"]] == ["changed"]


def test_what_a_draft_makes_is_text(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    side = {"version": PAYLOAD, "ms": 1, "lookups_not_recorded": [PAYLOAD]}
    told = [{"path": PAYLOAD, "before": PAYLOAD, "after": {PAYLOAD: PAYLOAD}}]
    tag = {"tag": PAYLOAD, "change": "new_error", "before": PAYLOAD, "after": PAYLOAD, "reason": PAYLOAD}
    event = {"position": 0, "name": PAYLOAD, "before": "event", "after": "event", "event": told, "consent": told}
    dead = [{"position": -1, "reason": PAYLOAD, "message": PAYLOAD}]
    record = {"hit": PAYLOAD, "before": side, "after": side, "dead": dead}
    record["events"] = [event | {"tags": [tag | {"fault": PAYLOAD, "item": told, "request": told}]}]
    monkeypatch.setattr(trace, "run_aside", lambda *_: record)
    text = _page(history, f"/events/{BUYS}/beside?with=live")
    assert PAYLOAD not in text
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 20


@pytest.mark.parametrize("id", ["0", "x", "0.1/x", "--help"])
def test_beside_for_no_event(history: History, id: str) -> None:
    answer = AdminBrowser(history.data, "viewer").get(f"/api/v1/events/{id}/beside?with=live")
    assert answer.status_code == 404
    assert "It looks like 0.17" in answer.json()["hint"]


@pytest.mark.parametrize("other", ["", "--help", "workspace:--x", "1 2", "../x", "-1"])
def test_beside_what_is_no_version(history: History, other: str) -> None:
    """Nothing is run for it."""
    browser = AdminBrowser(history.data, "viewer")
    assert browser.get(f"/api/v1/events/{BUYS}/beside?with={other}").status_code == 400
