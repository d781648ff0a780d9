"""`firsthand container`, from the plan to the rollback, and `firsthand audit`, on a data folder."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
from typer.testing import CliRunner

from runtime.cli.main import app, main
from runtime.cli.taking_effect import RUNNING, STOPPED, WITHOUT_SECRETS
from runtime.errors import OperatorError
from runtime.store.control import Control
from runtime.supervise.lock import lock_folder
from tests.containers.support import TEMPLATES, spoiled


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The good container of the containers' tests, with its own templates beside it."""
    shutil.copytree(TEMPLATES, tmp_path / "shop/templates")
    file = tmp_path / "shop/container.yaml"
    file.write_text(spoiled())
    return file


def run(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(each) for each in arguments])
    assert result.exit_code == code, result.output
    return result.output


def run_json(*arguments: object, code: int = 0) -> Any:
    return json.loads(run(*arguments, "--json", code=code))


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


@pytest.fixture
def applied(file: Path, data: Path) -> Path:
    run("container", "apply", file, "--data", data)
    return file


def test_a_plan_s_exit_code_says_whether_something_would_change(file: Path, data: Path) -> None:
    output = run("container", "plan", file, "--data", data, code=2)
    assert "+ tags.sink" in output.splitlines()
    assert output.splitlines()[-1] == "Nothing is live yet: publishing this makes the first version."
    assert not (data / "control.db").exists(), "a plan writes nothing"
    run("container", "apply", file, "--data", data)
    output = run("container", "plan", file, "--data", data)
    assert output == "No changes: version 1 is live, and is what the file says.\n"
    edit(file, "size: 20", "size: 21")
    edit(file.parent / "templates/variables/word/variable.lua", "return {", "return  {")
    output = run("container", "plan", file, "--data", data, code=2)
    assert output.splitlines()[:3] == ["~ tags.sink.settings.size", "    before  20", "    after   21"]
    assert "    +return  { resolve = function(_, settings) return settings.value end }" in output.splitlines()
    assert output.splitlines()[-1] == "2 changes: version 1 is live now."


def test_a_plan_in_json(applied: Path, data: Path) -> None:
    edit(applied, "size: 20", "size: 21")
    assert run_json("container", "plan", applied, "--data", data, code=2) == {
        "valid": True,
        "problems": [],
        "live": 1,
        "drift": {"applied": ANY, "since": []},
        "own": [{"change": "changed", "path": "tags.sink.settings.size", "before": 20, "after": 21}],
        "built_in": [],
    }


def test_problems_come_first_and_errors_stop_it(applied: Path, data: Path) -> None:
    edit(applied, "exceptions: [tests]", "")
    lines = run("container", "plan", applied, "--data", data, code=2).splitlines()
    assert lines[0].startswith("warning: triggers.tests: nothing uses this")
    assert lines[2] == "- tags.sink.exceptions"
    edit(applied, "token: secret:SINK-TOKEN", "token: s3cr3t")
    for command in ("plan", "apply"):
        output = run("container", command, applied, "--data", data, code=1)
        assert "error: tags.sink.settings.token: a secret must not stand in the file itself" in output
        assert "s3cr3t" not in output
    assert run_json("container", "plan", applied, "--data", data, code=1)["own"] == []
    assert len(run_json("container", "versions", "--data", data).keys()) == 7, "one version, one line"


def test_a_file_that_is_not_there_is_an_error_and_no_change(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["firsthand", "container", "plan", "none.yaml", "--data", str(data)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1


def test_what_comes_with_this_firsthand_stands_apart(file: Path, data: Path) -> None:
    edit(file, "variables:\n", "variables:\n  bot: {template: bot}\n")
    edit(file, "exceptions: [tests]", "exceptions: [tests, bots]")
    bots = "  bots: {all: [{variable: bot, is: equals, value: true}]}\n"
    edit(file, "triggers:\n  purchases:", f"triggers:\n{bots}  purchases:")
    run("container", "apply", file, "--data", data)
    with Control(data / "control.db") as control:
        live = control.live()
        assert live is not None
        old = json.loads(live[1])
        old["templates"]["variable/bot"] |= {"source": "-- of last year", "hash": "x"}
        content = json.dumps(old, separators=(",", ":")).encode()
        control.publish(content, "of last year")
    lines = run("container", "plan", file, "--data", data, code=2).splitlines()
    assert lines[:2] == ["comes with this Firsthand:", "  ~ tags/variables/bot/variable.lua"]
    assert "      --- of last year" in lines
    assert "tags/variables/bot/variable.lua" in run("container", "export", "--data", data)


def test_applying_says_what_became_live_and_when_it_is_taken_up(
    file: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = run("container", "apply", file, "--data", data, "--note", "commit 1a2b")
    assert output.splitlines()[0] == "Version 1 is live."
    assert STOPPED in output
    assert WITHOUT_SECRETS in output
    assert "FIRSTHAND_SECRET_SINK_TOKEN" in output
    assert run_json("container", "versions", "--data", data)["note"] == "commit 1a2b"
    assert run("container", "apply", file, "--data", data).startswith("Nothing to do: version 1 is live")
    monkeypatch.setenv("FIRSTHAND_SECRET_SINK_TOKEN", "x")
    monkeypatch.setenv("FIRSTHAND_SECRET_INTAKE", "x")
    edit(file, "size: 20", "size: 21")
    held = lock_folder(data)
    try:
        output = run("container", "apply", file, "--data", data)
    finally:
        os.close(held)
    assert output.splitlines()[0] == "Version 2 is live, after version 1."
    assert RUNNING in output
    assert WITHOUT_SECRETS not in output


def test_versions_are_published_and_rolled_back(applied: Path, data: Path) -> None:
    for size in (21, 22):
        edit(applied, f"size: {size - 1}", f"size: {size}")
        run("container", "apply", applied, "--data", data)
    table = run("container", "versions", "--data", data).splitlines()
    assert [line.split()[:2] for line in table[:2]] == [["version", "live"], ["3", "live"]]
    for before, now in ((3, 2), (2, 1)):
        output = run("container", "rollback", "--data", data)
        assert output.splitlines()[0] == f"Version {now} is live, after version {before}."
    result = CliRunner().invoke(app, ["container", "rollback", "--data", str(data)])
    assert "No version was live before this one" in str(result.exception)
    assert run("container", "publish", 3, "--data", data).startswith("Version 3 is live, after version 1.")
    assert run("container", "publish", 3, "--data", data) == "Nothing to do: version 3 is live already.\n"
    assert run("container", "rollback", 1, "--data", data).startswith("Version 1 is live, after version 3.")
    result = CliRunner().invoke(app, ["container", "publish", "9", "--data", str(data)])
    assert "There is no version 9." in str(result.exception)


def test_a_version_that_cannot_be_read_does_not_become_live(applied: Path, data: Path) -> None:
    with Control(data / "control.db") as control:
        control.publish(b"{}", "damaged")
        control.point(1)
    for command in ("publish", "rollback"):
        result = CliRunner().invoke(app, ["container", command, "2", "--data", str(data)])
        assert "Version 2 is damaged." in str(result.exception)
    assert run_json("audit", "list", "--limit", 1, "--data", data)["detail"]["version"] == 1


def test_versions_and_files_are_compared(applied: Path, data: Path) -> None:
    edit(applied, "size: 20", "size: 21")
    run("container", "apply", applied, "--data", data)
    output = run("container", "diff", 1, 2, "--data", data, code=2)
    assert output.splitlines() == ["~ tags.sink.settings.size", "    before  20", "    after   21"]
    assert run_json("container", "diff", 2, 1, "--data", data, code=2)["own"][0]["after"] == 20
    assert run("container", "diff", "live", applied, "--data", data) == "There is no difference.\n"
    result = CliRunner().invoke(app, ["container", "diff", "1", "two", "--data", str(data)])
    assert "two is no version's number and no file" in str(result.exception)


def test_what_is_exported_and_applied_is_live_already(applied: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    printed = run("container", "export", "--data", data, "--out", out)
    assert "examples, icons and templates in no use are not in it" in printed
    assert run("container", "plan", out / "container.yaml", "--data", data).startswith("No changes: version 1 is live")
    assert run("container", "apply", out / "container.yaml", "--data", data).startswith("Nothing to do: version 1")
    again = tmp_path / "again"
    run("container", "export", "--data", data, "--version", 1, "--out", again)
    names = sorted(path.relative_to(out) for path in out.rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(again) for path in again.rglob("*") if path.is_file())
    assert all((out / name).read_bytes() == (again / name).read_bytes() for name in names)
    assert (out / "container.yaml").read_text() in run("container", "export", "--data", data)


def test_an_export_writes_over_nothing_unless_it_is_told_to(applied: Path, data: Path) -> None:
    (applied.parent / "templates/variables/word/variable.lua").write_text("-- mine")
    before = applied.read_text()
    export = ["container", "export", "--data", data, "--out", applied.parent]
    result = CliRunner().invoke(app, [str(each) for each in export])
    assert "has other content in container.yaml, templates/" in str(result.exception)
    assert applied.read_text() == before
    run(*export, "--force")
    assert run("container", "diff", "live", applied, "--data", data) == "There is no difference.\n"
    run(*export)


def test_nothing_published_is_told(data: Path) -> None:
    Control(data / "control.db").close()
    assert run("container", "versions", "--data", data) == "Nothing is published yet.\n"
    result = CliRunner().invoke(app, ["container", "export", "--data", str(data)])
    assert "Nothing is published yet." in str(result.exception)


def test_what_a_script_says_does_not_steer_the_terminal(applied: Path, data: Path) -> None:
    script = applied.parent / "templates/variables/word/variable.lua"
    script.write_text("-- \x1b[2J\n\t-- a tab\n" + script.read_text())
    output = run("container", "plan", applied, "--data", data, code=2)
    assert "\x1b" not in output
    assert "+-- \\u001b[2J" in output
    assert "+    -- a tab" in output


def test_the_schema_knows_the_templates_beside_a_file(file: Path) -> None:
    def templates_of(schema: Any) -> list[str]:
        found: list[str] = schema["$defs"]["Tag"]["properties"]["template"]["enum"]
        return found

    assert "sink" not in templates_of(json.loads(run("container", "schema")))
    assert {"sink", "meta_capi"} <= set(templates_of(json.loads(run("container", "schema", file))))


def test_the_audit_log_is_listed_and_verified(applied: Path, data: Path) -> None:
    edit(applied, "size: 20", "size: 21")
    run("container", "apply", applied, "--data", data, "--note", "smaller")
    run("container", "rollback", "--data", data)
    lines = run("audit", "list", "--data", data).splitlines()
    assert [line.split()[0] for line in lines] == ["number", "3", "2", "1"]
    assert lines[1].endswith("live runs version 1 after 2")
    assert lines[2].endswith("live runs version 2 after 1: smaller")
    row = run_json("audit", "list", "--limit", 1, "--data", data)
    assert row["what"] == "rollback"
    assert row["detail"] == {"environment": "live", "version": 1, "before": 2}
    output = run("audit", "verify", "--data", data)
    assert output == f"The log is whole: 3 rows, the last hash is {row['hash']}\n"
    run("audit", "verify", "--known", row["hash"], "--data", data)
    run("audit", "verify", "--known", "0" * 64, "--data", data, code=1)
    with closing(sqlite3.connect(data / "control.db")) as db, db:
        db.execute("DROP TRIGGER audit_no_UPDATE")
        db.execute("UPDATE audit SET who = 'nobody' WHERE number = 2")
    output = run("audit", "verify", "--data", data, code=1)
    assert output.splitlines()[0] == "row 2 was changed: its hash is not that of what it says"


def test_a_commit_is_kept_in_the_audit_log_and_listed(file: Path, data: Path) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    run("container", "apply", file, "--commit", commit, "--data", data)
    assert run_json("container", "versions", "--data", data)["commit"] == commit
    assert "0123456789ab " in run("container", "versions", "--data", data)
    detail = run_json("audit", "list", "--limit", 1, "--data", data)["detail"]
    assert (detail["file"], detail["commit"], detail["note"]) == ("container.yaml", commit, "from container.yaml")
    assert "is not a commit's hash" in run("container", "apply", file, "--commit", "main", "--data", data, code=2)


def test_what_was_not_applied_is_told_as_drift(applied: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edit(applied, "size: 20", "size: 21")
    run("container", "apply", applied, "--commit", "abcdef1", "--data", data)
    run("container", "rollback", "--data", data)
    with Control(data / "control.db", who="somebody") as control:
        control.publish(control.version(1) + b"\n", "another", "by hand")
        control.point(1)
    lines = run("container", "plan", applied, "--data", data, code=2).splitlines()
    place = lines.index("1 change: version 1 is live now.")
    assert lines[place + 1].startswith("Last applied was version 2, from container.yaml, commit abcdef1, ")
    assert lines[place + 1].endswith(". Since then:")
    assert [line.split(",")[0] for line in lines[place + 2 :]] == [
        "  version 1 was rolled back to",
        "  version 3 was published",
        "  version 1 was published",
    ]
    assert lines[place + 3].endswith(" by somebody: by hand")
    found = run_json("container", "plan", applied, "--data", data, code=2)["drift"]
    assert found["applied"]["commit"] == "abcdef1"
    assert [each["version"] for each in found["since"]] == [1, 3, 1]
    run("container", "publish", 2, "--data", data)
    assert run_json("container", "plan", applied, "--data", data)["drift"]["since"] == [], "back at what was applied"


def test_other_environments_are_planned_applied_and_rolled_back_by_themselves(applied: Path, data: Path) -> None:
    with Control(data / "control.db") as control:
        control.set_environment("staging", ["staging.shop.example"], sends=False)
    edit(applied, "size: 20", "size: 21")
    staging = ["--environment", "staging", "--data", data]
    assert (
        run("container", "plan", applied, *staging, code=2).splitlines()[3]
        == "1 change: version 1 runs in staging now."
    )
    output = run("container", "apply", applied, *staging)
    assert output.splitlines()[0] == "Version 2 runs in staging, after version 1."
    assert run("container", "apply", applied, *staging).startswith("Nothing to do: version 2 runs in staging")
    assert run("container", "plan", applied, *staging).startswith("No changes: version 2 runs in staging")
    assert run_json("container", "plan", applied, "--data", data, code=2)["live"] == 1
    assert run("container", "publish", 1, *staging).startswith("Version 1 runs in staging, after version 2.")
    assert run("container", "rollback", *staging).startswith("Version 2 runs in staging, after version 1.")
    for command in (["plan", applied], ["apply", applied], ["publish", 1], ["rollback"]):
        arguments = ["container", *map(str, command), "--environment", "stagging", "--data", str(data)]
        failure = CliRunner().invoke(app, arguments).exception
        assert str(failure) == "There is no environment `stagging`. did you mean `staging`?"


def test_read_only_leaves_publishing_to_files(applied: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edit(applied, "size: 20", "size: 21")
    run("container", "apply", applied, "--data", data)
    monkeypatch.setenv("FIRSTHAND_READ_ONLY", "true")
    for command in ("rollback", "publish"):
        failure = CliRunner().invoke(app, ["container", command, "1", "--data", str(data)]).exception
        assert isinstance(failure, OperatorError)
        assert "read-only" in failure.message
        assert "container apply" in failure.hint
    assert run_json("container", "plan", applied, "--data", data)["live"] == 2
    edit(applied, "size: 21", "size: 22")
    assert run("container", "apply", applied, "--data", data).startswith("Version 3 is live")
