"""`firsthand container dry-run`, what `container apply` makes of it, and `firsthand events show --with`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from runtime.cli.dry_run import rehearse
from runtime.cli.main import app
from runtime.containers.snapshot import encode_snapshot
from runtime.containers.yaml_text import yaml_text
from runtime.model.snapshot import Snapshot
from runtime.store.control import Control
from runtime.store.files import control_path
from runtime.store.workspaces import Saved
from tests.support.drafts import FAULTY, LIVE, Drafts

HITS = 30
MANIFEST = """
id: faulty
kind: destination
name: Faulty
summary: Fails at every event.
permissions: {event: {fields: ["*"], why: A test.}}
destination: {consent: []}
"""


@pytest.fixture
def drafts(tmp_path: Path) -> Drafts:
    drafts = Drafts(tmp_path / "data")
    drafts.fill(HITS)
    return drafts


def run(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(each) for each in arguments])
    assert result.exit_code == code, (result.output, result.exception)
    return result.output


def write(folder: Path, **tags: Any) -> Path:
    """Writes the live container with other tags as a file, a template that always fails beside it."""
    place = folder / "templates/destinations/faulty"
    place.mkdir(parents=True)
    (place / "manifest.yaml").write_text(MANIFEST)
    (place / "destination.lua").write_text(FAULTY)
    file = folder / "container.yaml"
    file.write_text(yaml_text(LIVE | {"tags": {**LIVE["tags"], **tags}}))
    return file


def faulty(folder: Path) -> Path:
    return write(folder, hook={"template": "faulty", "triggers": ["everything"]})


def harmless(folder: Path) -> Path:
    return write(folder, hook=LIVE["tags"]["hook"] | {"triggers": ["never"]})


def test_what_would_differ_is_shown(drafts: Drafts, tmp_path: Path) -> None:
    text = run("container", "dry-run", harmless(tmp_path), "--data", drafts.folder)
    assert f"Dry run: the last {HITS} hits, {HITS} events, against version 1" in text
    assert f"hook: stops firing {HITS}" in text
    assert f"{HITS} x not_triggered" in text
    assert "Claims, cookies, consent and geography are those of the stored hits" in text


def test_new_errors_are_another_exit_code(drafts: Drafts, tmp_path: Path) -> None:
    found = json.loads(run("container", "dry-run", faulty(tmp_path), "--data", drafts.folder, "--json", code=2))
    assert found["tags"]["hook"]["new_errors"] == HITS
    assert len(found["blocks"]) == 1
    text = run("container", "dry-run", tmp_path / "container.yaml", "--data", drafts.folder, "--last", 5, code=2)
    assert "blocks: hook: 5 events fail that do not fail now" in text


def test_a_workspaces_draft(drafts: Drafts) -> None:
    draft = drafts.draft(lambda data: data["tags"].pop("hook"))
    with Control(control_path(drafts.folder)) as control:
        control.workspaces.create("next", Saved(b"{}", encode_snapshot(draft)), base=1)
    assert "hook: stops firing" in run("container", "dry-run", "workspace:next", "--data", drafts.folder)
    text = run("events", "show", "0.3", "--with", "workspace:next", "--data", drafts.folder)
    assert "Hit 0.3 by workspace:next (" in text
    assert "tag hook: stops firing (fired -> no_tag)" in text


def test_a_hit_by_another_version_as_data(drafts: Drafts) -> None:
    record = json.loads(run("events", "show", "0.3", "--with", "live", "--data", drafts.folder, "--json"))
    assert (record["hit"], record["events"][0]["tags"]) == ("0.3", [])
    run("events", "show", "0.3", "--with", "17", "--data", drafts.folder, code=1)


def audit(drafts: Drafts) -> list[dict[str, Any]]:
    with Control.read(control_path(drafts.folder)) as control:
        return [row.content for row in control.audit_log() if row.what == "publish"]


def test_apply_refuses_new_errors_unless_there_is_a_reason(drafts: Drafts, tmp_path: Path) -> None:
    file = faulty(tmp_path)
    assert "blocks: hook: " in run("container", "apply", file, "--data", drafts.folder, code=1)
    assert [row["version"] for row in audit(drafts)] == [1]
    why = ("--despite", "the vendor asked for it")
    assert "Version 2 is live" in run("container", "apply", file, "--data", drafts.folder, *why)
    assert audit(drafts)[-1]["reason"] == "the vendor asked for it"


def test_apply_shows_what_differs_and_publishes_what_brings_no_error(drafts: Drafts, tmp_path: Path) -> None:
    text = run("container", "apply", harmless(tmp_path), "--data", drafts.folder, "--despite", "not needed")
    assert f"hook: stops firing {HITS}" in text
    assert "Version 2 is live" in text
    assert "reason" not in audit(drafts)[-1]


def test_apply_runs_nothing_where_nothing_changes_or_nothing_is_stored(drafts: Drafts, tmp_path: Path) -> None:
    file = harmless(tmp_path)
    run("container", "apply", file, "--data", drafts.folder)
    assert "Dry run" not in run("container", "apply", file, "--data", drafts.folder)
    (tmp_path / "empty").mkdir()
    assert "Dry run" not in run("container", "apply", file, "--data", tmp_path / "empty")


def hanging(drafts: Drafts) -> Snapshot:
    """A draft whose script does what no instruction count ends."""
    return drafts.draft(lambda data: data["tags"]["hook"].update(template="hanging", settings={}))


def test_a_script_that_hangs_ends_the_run_and_is_named(drafts: Drafts) -> None:
    found = rehearse(drafts.folder, hanging(drafts))
    assert not found.complete
    assert found.blocks == (found.ended,)
    assert found.ended.startswith(f"destination/hanging of the draft version, on hit 0.{HITS}: one operation")


def test_a_live_script_that_hangs_speaks_against_no_draft(drafts: Drafts) -> None:
    drafts.publish(hanging(drafts))
    found = rehearse(drafts.folder, drafts.draft())
    assert found.ended.startswith("destination/hanging of the live version")
    assert (found.complete, found.blocks) == (False, ())
