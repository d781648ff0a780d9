"""`firsthand events` on the data of a real server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from runtime.cli.main import app
from runtime.cli.output import WIDEST, print_table, printable
from runtime.cli.trace_text import trace_text
from runtime.cli.trigger_text import trigger_lines
from runtime.errors import OperatorError
from tests.support.history import BAD, BUYS, DEAD, LATER, LEADS, PERSONAL, History
from tests.support.server import command
from tests.support.shop import SECRETS


def run(data: Path, *arguments: str) -> list[str]:
    """Runs a command that goes well, and returns its lines."""
    result = CliRunner().invoke(app, [*arguments, "--data", str(data)])
    assert result.exit_code == 0, result.exception
    assert result.stderr == ""
    return result.stdout.splitlines()


def refusal(data: Path, *arguments: str) -> str:
    """Runs a command that is refused in plain words, and returns them."""
    result = CliRunner().invoke(app, [*arguments, "--data", str(data)])
    assert isinstance(result.exception, OperatorError)
    return str(result.exception)


def test_list_is_a_table_with_the_newest_first(history: History) -> None:
    head, *rows = run(history.data, "events", "list")
    assert head.split() == ["id", "time", "name", "client", "event_id", "tags", "flags"]
    assert [row.split()[0] for row in rows] == [LATER, BAD, f"{LEADS}/2", f"{LEADS}/1", LEADS, DEAD, "0.2", BUYS]
    assert rows[0].endswith("order.later  meta: pending")
    assert rows[1].endswith("order.bad    meta: dead")
    assert rows[5].endswith("dead")
    assert rows[-1].endswith("order.1      meta: delivered")


def test_list_can_be_narrowed_and_cut(history: History) -> None:
    assert len(run(history.data, "events", "list", "--limit", "2")) == 3
    assert len(run(history.data, "events", "list", "--name", "generate_lead")) == 4
    assert len(run(history.data, "events", "list", "--client", "json")) == 2
    assert run(history.data, "events", "list", "--event-id", "nobody") == ["No event is like that."]


def test_list_as_json_is_one_object_a_line(history: History) -> None:
    first = json.loads(run(history.data, "events", "list", "--json")[0])
    assert (first["id"], first["event_id"], first["tags"]) == (LATER, "order.later", {"meta": "pending"})


def test_an_empty_folder_has_no_events(tmp_path: Path) -> None:
    assert run(tmp_path, "events", "list") == ["No events yet."]


def test_show_goes_down_the_data_path(history: History) -> None:
    lines = run(history.data, "events", "show", BUYS)
    text = "\n".join(lines)
    order = [
        f"Hit {BUYS}, ", "GET /tr at ", "    ev=Purchase", "Client pixel (meta_pixel, priority 100)",
        "Event 0: purchase", "  event_id: order.1", "  variable is_bot: false",
        "  trigger bots: no", "      no: variable is_bot equals true (it is false)", "  Tag meta: fired, delivered",
        "/v25.0/1234567890/events", '"access_token": "secret:META_TOKEN"', '"event_name": "Purchase"', "attempt 0.1 at",
        "same body: computed again", 'answer: {"events_received": 1',
    ]  # fmt: skip
    places = [text.find(part) for part in order]
    assert -1 not in places, [part for part, place in zip(order, places, strict=True) if place < 0]
    assert places == sorted(places)


def test_show_names_no_person_and_no_secret(history: History) -> None:
    for id in (BUYS, "0.2", LEADS):
        for form in ([], ["--json"]):
            text = "\n".join(run(history.data, "events", "show", id, *form))
            found = [word for word in (*PERSONAL, *SECRETS.values(), "token-in-an-address") if word in text]
            assert found == [], (id, form)


def test_show_of_one_event_of_a_batch(history: History) -> None:
    text = "\n".join(run(history.data, "events", "show", f"{LEADS}/1"))
    assert "Event 1: generate_lead" in text
    assert "Event 0" not in text
    assert "one request carried this and 2 more" in text


def test_show_tells_what_was_given_up_and_why(history: History) -> None:
    dead = run(history.data, "events", "show", DEAD)
    assert "  gave up the hit: no_event_name: `ev`, the event's name, is missing." in dead
    bad = "\n".join(run(history.data, "events", "show", BAD))
    assert "Tag meta: fired, given up" in bad
    assert "reject 400: code 100/0: Invalid parameter" in bad
    assert "Dead letters\n  0.2 of tag meta, event 0 at " in bad


def test_show_as_json_holds_the_whole_trace(history: History) -> None:
    record = json.loads("\n".join(run(history.data, "events", "show", BUYS, "--json")))
    assert record["parse"]["calls"][0]["input"]["params"]["ev"] == "Purchase"
    assert record["events"][0]["tags"][0]["settings"]["access_token"] == "{secret:META_TOKEN}"


def test_a_wrong_id_is_told_in_plain_words(history: History) -> None:
    assert refusal(history.data, "events", "show", "0.99").startswith("There is no hit 0.99.")
    assert "It looks like 0.17" in refusal(history.data, "events", "show", "order.1")
    assert "There is no shard 7" in refusal(history.data, "events", "show", "7.1")


def test_a_folder_that_is_not_there_is_told_by_the_program_itself(tmp_path: Path) -> None:
    result = command("events", "list", data=tmp_path / "none")
    assert (result.returncode, result.stdout) == (1, "")
    words = f"There is no data folder {tmp_path}/none. Give --data, or set FIRSTHAND_DATA_DIR."
    assert result.stderr == f"firsthand: {words}\n"


def test_a_terminal_is_not_steered_by_what_a_visitor_sent() -> None:
    assert printable("a\x1b]0;evil\x07\n\x9b2J\u202eb") == "a\\u001b]0;evil\\u0007\\u000a\\u009b2J\\u202eb"
    hit = {"id": "0.1", "arrived": "now", "request": "GET /\x1b[2J", "query": "a=%1b%5b2J", "body": "", "headers": {}}
    hit |= {
        "cookies": {},
        "client_ip": "",
        "page_url": "\x9b2J",
        "fbp": "",
        "fbc": "",
        "visitor_id": "",
        "verified": "",
    }
    hit |= {"cookies_set": [], "consent": {"ad_storage": True, "ad_user_data": False}, "consent_from": {}, "geo": {}}
    hit |= {"run_by": "version 1", "environment": "live"}
    claim = {"version": 1, "host": "h", "client": "c", "template": "t", "priority": 1}
    record = {"hit": hit, "claim": claim, "parse": {"repairs": {"bad_percent": 2}, "dead": []}}
    record |= {"logs": ["line\rother"], "events": [], "dead_letters": []}
    record["lookups"] = {"waits": False, "not_recorded": []}
    text = trace_text(record)
    assert [character for character in text if not character.isprintable() and character != "\n"] == []
    assert "consent: granted ad_storage; denied ad_user_data" in text
    assert "repaired: bad_percent, 2 times" in text


def test_a_long_cell_is_cut_and_empty_columns_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([{"a": "x" * 500, "b": ""}, {"a": "1", "b": None}], ["a", "b"], empty="none")
    head, row, _ = capsys.readouterr().out.splitlines()
    assert head == "a"
    assert len(row) == WIDEST
    assert row.endswith("x…")


def test_a_trigger_shows_each_condition_with_what_it_found() -> None:
    paid = {"field": "value", "is": "greater_or_equal", "value": 10, "actual": None, "result": False}
    other = {"field": "currency", "is": "equals", "value": "EUR", "not": True, "ignore_case": True, "actual": "USD"}
    group = {"any": [paid, other | {"result": True}], "result": True}
    answer = {"all": [group], "not": [{"variable": "bot", "is": "exists", "actual": 1, "result": True}]}
    assert list(trigger_lines("paid", answer | {"result": False})) == [
        "trigger paid: no",
        "  every one of",
        "    yes: a group",
        "      at least one of",
        "        no: value greater or equal 10 (it is absent)",
        '        yes: not currency equals "EUR", in any case (it is "USD")',
        "  none of",
        "    yes: variable bot exists (it is 1)",
    ]
