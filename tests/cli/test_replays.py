"""`firsthand deliveries replay` and its like: first a count, with --yes a command."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from runtime.model.command import Cancel, Command, Discard, Replay, Reroute, Selection
from runtime.store.control import Control
from runtime.store.files import control_path
from tests.cli.test_events import refusal, run
from tests.support.history import BAD, History


@pytest.fixture
def data(history: History, tmp_path: Path) -> Path:
    """A copy to change."""
    return shutil.copytree(history.data, tmp_path / "data")


def commands(data: Path) -> list[Command]:
    with Control.read(control_path(data)) as control:
        return [row.command for row in control.commands()]


def test_without_yes_a_replay_is_only_counted(data: Path) -> None:
    head, *rows, words, how = run(data, "deliveries", "replay")
    assert head.split()[:3] == ["tag", "matched", "replayed"]
    assert [row.split()[:3] for row in rows] == [["(pipeline)", "1", "0"], ["meta", "1", "1"]]
    assert words.startswith("replayed: would be sent")
    assert how.endswith("--yes.")
    assert run(data, "deliveries", "replay", "--event-id", "other") == ["Nothing is like that."]
    (line,) = run(data, "deliveries", "replay", "--which", "all", "--hit", "0.1", "--json")
    assert json.loads(line)["complete"] is True
    assert commands(data) == []


def test_with_yes_it_is_a_command(data: Path) -> None:
    given = ["--which", "undelivered", "--tag", "meta", "--hit", BAD, "--version", "current", "--rate", "5"]
    assert run(data, "deliveries", "replay", *given, "--yes")[0].startswith("Command 1 is stored.")
    assert run(data, "deliveries", "cancel", "1")[0].startswith("Command 2 is stored.")
    wanted = Selection(which="undelivered", tag="meta", shard=0, seq=5)
    assert commands(data) == [Replay(selection=wanted, version="current", rate=5.0), Cancel(command=1)]
    head, *rows = run(data, "deliveries", "jobs")
    assert head.split() == ["command", "time", "kind", "tag", "state"]
    assert [row.split()[0] for row in rows] == ["2", "1"]
    assert rows[1].split()[2:] == ["replay", "undelivered", "meta", "waiting"]
    assert [json.loads(line)["answers"] for line in run(data, "deliveries", "jobs", "--json")] == [{}, {}]


def test_a_reroute_needs_a_tag_and_an_older_version(data: Path) -> None:
    assert "no tag other" in refusal(data, "deliveries", "reroute", "other", "--from", "1")
    assert "Version 1 is the live one" in refusal(data, "deliveries", "reroute", "meta", "--from", "1")
    # Another version: the same container once more.
    with Control(control_path(data)) as control:
        control.publish(control.version(1), "another hash")
    head, row, told, how = run(data, "deliveries", "reroute", "meta", "--from", "1")
    assert head.split() == ["tag", "shard", "cursor", "behind"]
    assert row.split() == ["meta", "0", "5", "1"]
    assert "cannot be taken back" in told
    assert how.endswith("--yes.")
    run(data, "deliveries", "reroute", "meta", "--from", "1", "--yes")
    assert commands(data) == [Reroute(of="meta", version=1)]


def test_only_a_removed_tags_backlog_is_discarded(data: Path) -> None:
    assert "The live version has the tag meta." in refusal(data, "deliveries", "discard", "meta")
    assert run(data, "deliveries", "discard", "old")[0] == "No such tag has a backlog."
    run(data, "deliveries", "discard", "old", "--yes")
    assert commands(data) == [Discard(of="old")]


def test_what_makes_no_sense_is_refused_before_anything_is_stored(data: Path) -> None:
    for given in (["--tag", "nobody"], ["--since", "soon"], ["--hit", "17"], ["--which", "all", "--reason", "x"]):
        refusal(data, "deliveries", "replay", *given, "--yes")
    assert commands(data) == []
    assert run(data, "deliveries", "jobs") == ["Nothing was asked for yet."]


def test_dead_letters_are_listed_by_the_same_filters(history: History) -> None:
    def hits(*filters: str) -> list[str]:
        head, *rows = run(history.data, "deliveries", "list", "--state", "dead", *filters)
        return [row.split()[2] for row in rows] if head.startswith("dead_letter") else []

    assert hits("--event-id", "order.bad") == hits("--event-name", "purchase", "--since", "1h") == [BAD]
    assert hits("--hit", BAD, "--until", "2100-01-01") == [BAD]
    assert hits("--until", "1h") == []
