"""The count before a replay agrees with what the replay then does; what people see of commands and dead letters."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from runtime.errors import OperatorError
from runtime.explain.jobs import list_jobs
from runtime.explain.letter import show_letter
from runtime.explain.replay import count, require_tag
from runtime.explain.selection import read_selection, read_time
from runtime.model.command import Cancel, Command, Discard, LiftQuarantine, Replay, Reroute, Selection
from runtime.store.control import Control
from runtime.store.files import control_path
from tests.support.history import BAD, BUYS, PERSONAL, History


@pytest.fixture
def data(history: History, tmp_path: Path) -> Path:
    """A copy to change."""
    return shutil.copytree(history.data, tmp_path / "data")


def counted(data: Path, **selection: Any) -> dict[str, dict[str, int]]:
    """Returns what is not 0, by tag."""
    found = count(data, Replay(selection=Selection(**selection)))
    assert found["complete"]
    return {row.pop("tag"): {word: n for word, n in row.items() if n} for row in found["tags"]}


def test_dead_letters_are_counted_by_tag(history: History) -> None:
    dead = {"(pipeline)": {"matched": 1, "failed": 1}, "meta": {"matched": 1, "replayed": 1}}
    assert counted(history.data) == dead
    assert counted(history.data, tag="meta", event_id="order.bad") == {"meta": {"matched": 1, "replayed": 1}}
    assert counted(history.data, tag="meta", event_id="other") == {}
    assert counted(history.data, shard=3) == {}


def test_hits_are_counted_by_what_became_of_them(history: History) -> None:
    failed = {"(pipeline)": {"matched": 1, "failed": 1}}
    undelivered = {"meta": {"matched": 7, "delivered_before": 5, "replayed": 1, "waiting": 1}}
    assert counted(history.data, which="undelivered") == undelivered | failed
    assert counted(history.data, which="all") == {"meta": {"matched": 7, "replayed": 6, "waiting": 1}} | failed
    assert counted(history.data, which="all", event_name="purchase", tag="meta") == {
        "meta": {"matched": 4, "replayed": 3, "waiting": 1}
    }
    assert counted(history.data, which="all", shard=0, seq=1, tag="meta") == {"meta": {"matched": 1, "replayed": 1}}


def test_a_count_that_takes_too_long_says_so(history: History) -> None:
    found = count(history.data, Replay(selection=Selection(which="all", tag="meta")), most_s=-1)
    assert not found["complete"]
    assert found["tags"][0]["matched"] == 1


def test_a_tag_must_be_known(history: History) -> None:
    require_tag(history.data, "meta")
    require_tag(history.data, None)
    with pytest.raises(OperatorError, match="no tag nobody"):
        require_tag(history.data, "nobody")


def test_commands_are_listed_from_the_moment_they_are_stored(data: Path) -> None:
    commands: list[Command] = [
        Replay(selection=Selection(tag="meta", reason="x")), Reroute(of="meta", version=1), Cancel(command=1),
        Discard(of="old"), LiftQuarantine(script="client/x@1"),
    ]  # fmt: skip
    with Control(control_path(data)) as control:
        for command in commands:
            control.command(command)
    rows = list_jobs(data)
    assert [row["kind"] for row in reversed(rows)] == [
        "replay dead", "reroute from 1", "cancel 1", "discard", "lift client/x@1",
    ]  # fmt: skip
    assert {row["state"] for row in rows} == {"waiting"}
    assert rows[-1]["asked"] == {"which": "dead", "reason": "x"}
    assert rows[-1]["remaining"] == 0
    assert [row["command"] for row in list_jobs(data, limit=2)] == [5, 4]


def test_a_folder_without_commands_lists_none(history: History, tmp_path: Path) -> None:
    assert list_jobs(history.data) == []
    assert list_jobs(tmp_path) == []


def test_a_dead_letter_shows_all_that_led_to_it_and_names_nobody(history: History) -> None:
    letter = show_letter(history.data, "0.2")
    trace = letter["trace"]
    assert (letter["hit"], trace["hit"]["id"]) == (BAD, BAD)
    assert trace["event"]["event_id"] == "order.bad"
    assert (trace["tag"]["state"], trace["tag"]["fate"]) == ("fired", "dead")
    assert trace["tag"]["request"]["method"] == "POST"
    (attempt,) = trace["tag"]["attempts"]
    assert attempt["status"] == 400
    assert attempt["same_body"] is True
    text = json.dumps(letter)
    assert not [name for name in (*PERSONAL, "token-of-the-tests") if name in text]


def test_a_letter_of_the_pipeline_shows_its_hit_and_its_parse(history: History) -> None:
    trace = show_letter(history.data, "0.1")["trace"]
    assert set(trace) == {"hit", "parse"}
    assert trace["parse"]["dead"][0]["reason"] == "no_event_name"


def test_times_and_selections_are_read_from_words() -> None:
    assert read_time("2026-11-24T09:30") == 1795512600_000_000
    assert read_time("2026-11-24T09:30+01:00") == 1795512600_000_000 - 3600_000_000
    assert read_time("1h") - read_time("2h") == pytest.approx(3600_000_000, abs=60_000_000)
    for wrong in ("", "h", "2w", "yesterday", "9999999d", "0001-01-01"):
        with pytest.raises(OperatorError, match="is no time"):
            read_time(wrong)
    found = read_selection(tag="(pipeline)", hit=BUYS, since="2026-11-24")
    assert (found.tag, found.shard, found.seq, found.until_us) == ("", 0, 1, 0)
    assert read_selection() == Selection()
    with pytest.raises(OperatorError, match="reason"):
        read_selection(which="all", reason="x")


def test_counting_changes_nothing(data: Path) -> None:
    def content() -> Counter[str]:
        return Counter(f"{path.name} {path.stat().st_size}" for path in data.glob("*.db"))

    before = content()
    count(data, Replay(selection=Selection(which="all"), version="current"))
    assert content() == before
