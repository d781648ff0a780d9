"""`firsthand container match` and `container fields`: on the terminal, as JSON, and whatever a draft's scripts do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from runtime.cli.main import app
from runtime.containers.snapshot import encode_snapshot
from runtime.model.snapshot import Snapshot
from runtime.store.control import Control
from runtime.store.files import control_path
from runtime.store.workspaces import Saved
from tests.support.drafts import Drafts
from tests.support.hang import HANG_SOURCE_BODY
from tests.support.programs import template

HITS = 6
CONDITIONS: dict[str, Any] = {"all": [{"field": "value", "is": "greater", "value": 2}], "not": []}


@pytest.fixture
def drafts(tmp_path: Path) -> Drafts:
    drafts = Drafts(tmp_path / "data")
    drafts.fill(HITS)
    return drafts


def run(drafts: Drafts, *arguments: str, code: int = 0, sent: str = "") -> str:
    result = CliRunner().invoke(app, ["container", *arguments, "--data", str(drafts.folder)], input=sent)
    assert result.exit_code == code, (result.output, result.exception)
    return result.output or str(result.exception)


def workspace(drafts: Drafts, snapshot: Snapshot) -> None:
    """Makes the workspace `summer`, of a draft that is valid."""
    with Control(control_path(drafts.folder)) as control:
        control.workspaces.create("summer", Saved(b'{"container.yaml":""}', encode_snapshot(snapshot)))


def test_a_trigger_of_what_is_live(drafts: Drafts) -> None:
    text = run(drafts, "match", "--trigger", "never")
    assert text.startswith("Matches 0 of the last 6 events (0.0%).\nOne condition short: 6\n")
    assert "  0.6/0  " in text
    assert 'purchase: all.0 was "purchase"' in text
    assert "Matches 6 of the last 6 events (100.0%)" in run(drafts, "match", "--trigger", "everything")


def test_conditions_of_a_file_or_of_standard_input(drafts: Drafts, tmp_path: Path) -> None:
    file = tmp_path / "conditions.json"
    file.write_text(json.dumps(CONDITIONS))
    found = json.loads(run(drafts, "match", "--conditions", str(file), "--json"))
    assert (found["events"], found["matches"], found["near"]) == (6, 3, 3)
    found = json.loads(run(drafts, "match", "--conditions", "-", "--last", "2", "--json", sent=file.read_text()))
    assert (found["events"], found["matches"]) == (2, 2)


@pytest.mark.parametrize(
    ("arguments", "sent", "told"),
    [
        ((), "", "Give either --trigger ID or --conditions FILE"),
        (("--trigger", "bots"), "", "There are: everything, never."),
        (("--conditions", "-"), "{", "The conditions are no JSON"),
        (("--conditions", "-"), '{"all": [{"field": "x", "is": "equals"}]}', "all.0.value: this key is missing"),
        (("--conditions", "nowhere.json"), "", "Cannot read nowhere.json"),
    ],
)
def test_what_makes_no_sense_is_told(drafts: Drafts, arguments: tuple[str, ...], sent: str, told: str) -> None:
    assert told in run(drafts, "match", *arguments, code=1, sent=sent)


def test_the_variables_of_a_workspaces_draft(drafts: Drafts) -> None:
    workspace(drafts, drafts.draft(lambda data: data["variables"]["note"]["settings"].update(value="after")))
    asked = json.dumps({"all": [{"variable": "note", "is": "equals", "value": "after"}]})
    found = json.loads(run(drafts, "match", "workspace:summer", "--conditions", "-", "--json", sent=asked))
    assert found["matches"] == HITS
    assert json.loads(run(drafts, "match", "--conditions", "-", "--json", sent=asked))["matches"] == 0
    (note,) = json.loads(run(drafts, "fields", "workspace:summer", "--json"))["variables"]
    assert (note["name"], note["values"]) == ("note", [{"value": "after", "count": HITS, "masked": False}])


def test_a_script_that_hangs_is_ended(drafts: Drafts) -> None:
    hangs = template("variable", "hangs", f"return {{ resolve = function(event) {HANG_SOURCE_BODY} end }}")
    workspace(drafts, drafts.draft(lambda data: data["variables"].update(slow={"template": "hangs"}), hangs))
    asked = json.dumps({"all": [{"variable": "slow", "is": "exists"}]})
    told = run(drafts, "match", "workspace:summer", "--conditions", "-", code=1, sent=asked)
    assert "one operation of the script took so long that its process was ended" in told
    assert "took so long" in run(drafts, "fields", "workspace:summer", code=1)


def test_fields(drafts: Drafts) -> None:
    text = run(drafts, "fields", "--search", "user_data.")
    assert text.startswith("Seen in the last 6 events.\n")
    assert "user_data.email_address  text   100.0%  j***@***.example" in text
    found = json.loads(run(drafts, "fields", "--json"))
    assert found["events"] == HITS
    assert "jane.roe" not in json.dumps(found)
    assert "There is nothing of that name." in run(drafts, "fields", "--search", "nothing")
