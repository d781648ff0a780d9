"""Replay and reroute on a real server, by the command line, through kill -9."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from runtime.explain.explorer import list_backlog, list_dead
from tests.support.fake_meta import BAD_TOKEN, INVALID, FakeMeta
from tests.support.server import Server, command, until
from tests.support.shop import SECRETS, Browser, write_container
from tests.support.vendor import Behaviour

QUICK = SECRETS | {"FIRSTHAND_DRAIN_S": "0"}
CORRECTED = """
transformations:
  price:
    template: augment
    settings: {fields: {value: 99}}
"""


def deliveries(data: Path, *arguments: str) -> str:
    """Runs `firsthand deliveries …` and returns what it prints."""
    result = command("deliveries", *arguments, data=data)
    assert result.returncode == 0, result.stderr
    return result.stdout


def jobs(data: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in deliveries(data, "jobs", "--json").splitlines()]


def wait_for_job(data: Path, number: int = 1) -> dict[str, Any]:
    with until(f"command {number}", 60) as wait:
        while (job := {job["command"]: job for job in jobs(data)}[number])["state"] in ("waiting", "running"):
            wait()
    return job


def give_up(server: Server, meta: FakeMeta, events: int) -> list[str]:
    """Meta refuses so many events for good."""
    meta.behave(INVALID)
    ids = [f"order.{number}" for number in range(events)]
    with Browser(server.port) as browser:
        assert all(browser.buy(event_id) for event_id in ids)
    with until("dead letters", 60) as wait:
        while len(list_dead(server.data, limit=events + 1)) < events:
            wait()
    meta.behave(Behaviour())
    meta.counts.clear()
    return ids


def test_dead_letters_are_counted_and_sent_again_through_kill_9(meta: FakeMeta, tmp_path: Path) -> None:
    server = Server(tmp_path / "data", write_container(tmp_path, meta.endpoint), env=QUICK)
    with server:
        ids = give_up(server, meta, 150)
        shown = deliveries(server.data, "replay", "--tag", "meta")
        assert shown.splitlines()[0].split()[:3] == ["tag", "matched", "replayed"]
        assert shown.splitlines()[1].split()[:3] == ["meta", "150", "150"]
        assert "--yes" in shown
        assert jobs(server.data) == []
        assert "Command 1 is stored" in deliveries(server.data, "replay", "--tag", "meta", "--rate", "100", "--yes")
        for least in (20, 60):
            meta.wait(lambda least=least: len(meta.counts) >= least, 30)  # type: ignore[misc]
            server.kill_all()
            server.start()
        job = wait_for_job(server.data)
        meta.wait(lambda: set(ids) <= set(meta.counts), 30)
        assert (job["state"], job["matched"], job["replayed"], job["remaining"]) == ("done", 150, 150, 0)
        assert list_dead(server.data) == []
        # Only what was in flight when a process was killed went out twice, with the same event id.
        assert max(meta.counts.values()) <= 3
        assert sum(meta.counts.values()) <= 150 + 2 * 150 // 3


def test_a_stopped_backlog_is_released_with_the_corrected_version(meta: FakeMeta, tmp_path: Path) -> None:
    container = write_container(tmp_path, meta.endpoint)
    meta.behave(BAD_TOKEN)
    server = Server(tmp_path / "data", container, env=QUICK)
    with server, Browser(server.port) as browser:
        assert all(browser.buy(f"order.{number}") for number in range(30))
        meta.wait(lambda: bool(meta.requests), 30)
        refusal = command("deliveries", "reroute", "meta", "--from", "1", data=server.data)
        assert "Version 1 is the live one" in refusal.stderr
    container.write_text(container.read_text() + CORRECTED)
    with server:
        assert "cannot be taken back" in deliveries(server.data, "reroute", "meta", "--from", "1")
        meta.behave(Behaviour())
        deliveries(server.data, "reroute", "meta", "--from", "1", "--yes")
        job = wait_for_job(server.data)
        assert job["answers"]["0"]["live"] == 2
        with Browser(server.port) as browser:
            assert browser.buy("live")
        with until("the backlog", 60) as wait:
            while any(row["behind"] for row in list_backlog(server.data)):
                wait()
    assert Counter(event["event_id"] for event in meta.events) == Counter(
        ["live", *(f"order.{number}" for number in range(30))]
    )
    assert {event["custom_data"]["value"] for event in meta.events} == {99}
