"""`firsthand workspace` as two people use it: from one draft that both edit to the version that is rolled back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from runtime.cli.main import app
from runtime.errors import OperatorError
from tests.containers.support import TEMPLATES, spoiled


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("FIRSTHAND_DATA_DIR", str(folder))
    return folder


@pytest.fixture
def live(tmp_path: Path, data: Path) -> Path:
    """The file that was made live as version 1, with its own templates beside it."""
    shutil.copytree(TEMPLATES, tmp_path / "shop/templates")
    file = tmp_path / "shop/container.yaml"
    file.write_text("# Ours.\n" + spoiled())
    run("container", "apply", file)
    return file


@pytest.fixture
def draft(live: Path) -> Path:
    """The same, with a workspace `draft` of it."""
    run("workspace", "create", "draft", "--note", "autumn")
    return live


def run(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(each) for each in arguments])
    assert result.exit_code == code, (result.output, result.exception)
    return result.output


def run_json(*arguments: object, code: int = 0) -> Any:
    return json.loads(run(*arguments, "--json", code=code))


def refused(*arguments: object) -> str:
    """What a command that cannot be carried out says."""
    result = CliRunner().invoke(app, [str(each) for each in arguments])
    assert isinstance(result.exception, OperatorError), result.output
    return str(result.exception)


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_two_people_from_the_first_save_to_the_rollback(draft: Path, tmp_path: Path) -> None:
    ada, bob = tmp_path / "ada/container.yaml", tmp_path / "bob/container.yaml"
    for file in (ada, bob):
        run("workspace", "export", "draft", "--out", file.parent)
        assert file.read_text() == draft.read_text(), "a draft has the comments of the file that was applied"
    # Two places: both are kept, and bob's folder has ada's change too.
    edit(ada, "size: 20", "size: 21")
    edit(bob, "  purchases:", "  # Bob's.\n  purchases:")
    edit(bob, "strict: true", "strict: false")
    assert "Revision 2 of draft is saved." in run("workspace", "apply", "draft", ada, "--note", "larger")
    output = run("workspace", "apply", "draft", bob)
    assert "Revision 3 of draft has both: this change, and revision 2." in output
    assert f"written: {bob}" in output
    assert "size: 21" in bob.read_text()
    assert "# Bob's." in bob.read_text()
    # The same place: nothing is saved until somebody says which one holds.
    edit(bob, "size: 21", "size: 30")
    run("workspace", "apply", "draft", bob)
    edit(ada, "size: 21", "size: 40")
    told = run("workspace", "apply", "draft", ada, code=1)
    for line in ("! tags.sink.settings.size", "    base    21", "    mine    40", "    theirs  30", "  --seen 4"):
        assert line in told.splitlines()
    assert "--resolve tags.sink.settings.size=mine" in told
    found = run_json("workspace", "apply", "draft", ada, code=1)
    assert found == {
        "saved": False,
        "theirs": 4,
        "conflicts": [{"path": "tags.sink.settings.size", "base": 21, "mine": 40, "theirs": 30}],
    }
    assert "size: 40" in ada.read_text()
    assert len(run("workspace", "revisions", "draft").splitlines()) == 5
    decided = ["--resolve", "tags.sink.settings.size=theirs", "--seen", 4]
    assert "Nothing to do: revision 4" in run("workspace", "apply", "draft", ada, *decided)
    assert "size: 30" in ada.read_text()
    # Live moves meanwhile.
    edit(draft, "domains: [shop.example", "domains: [more.example, shop.example")
    run("container", "apply", draft)
    assert "Live has moved" in run("workspace", "show", "draft")
    assert "firsthand workspace merge draft" in refused("workspace", "publish", "draft")
    assert "Revision 5 of draft has version 2 in it" in run("workspace", "merge", "draft")
    assert "Nothing to do" in run("workspace", "merge", "draft")
    changes = run("workspace", "diff", "draft", code=2).splitlines()
    assert [line for line in changes if line[0] in "+-~"] == [
        "~ tags.sink.settings.size",
        "~ tags.sink.settings.strict",
    ]
    # Published, rolled back, and all of it told.
    published = run("workspace", "publish", "draft", "--note", "autumn sale").splitlines()
    assert published[0] == "Version 3 is live, after version 2."
    assert published[-1] == "Workspace draft is closed."
    assert run("workspace", "list") == "There is no workspace.\n"
    newest = json.loads(run("container", "versions", "--json").splitlines()[0])
    assert (newest["version"], newest["note"]) == (3, "autumn sale")
    assert newest["who"]
    assert run("container", "rollback").splitlines()[0] == "Version 2 is live, after version 3."
    assert "The log is whole: " in run("audit", "verify")
    told = run("audit", "list")
    for words in ("draft, is a draft of version 1", "has revision 2, made of 1: larger", "took in version 2"):
        assert words in told
    assert "revision 5 became version 3" in told


def test_a_draft_is_edited_part_by_part(draft: Path) -> None:
    run("workspace", "set", "draft", "tags.sink.settings.size", "33")
    run("workspace", "rename-part", "draft", "triggers.purchases", "orders")
    run("workspace", "set", "draft", "tags.second", "{template: sink, paused: true}")
    run("workspace", "remove", "draft", "tags.second")
    text = run("workspace", "export", "draft")
    assert text.startswith("# Ours.\n")
    assert "size: 33" in text
    assert "purchases" not in text
    assert "second" not in text
    told = run("workspace", "set", "draft", "tags.sink.settings.size", "44", "--from", 1, code=1)
    assert "    theirs  33" in told.splitlines()
    given = ["--from", 1, "--give", "tags.sink.settings.size=50"]
    assert "has both" in run("workspace", "set", "draft", "tags.sink.settings.size", "44", *given)
    assert "size: 50" in run("workspace", "export", "draft")
    assert "There is no tags.none" in refused("workspace", "remove", "draft", "tags.none")
    assert "is no part" in refused("workspace", "rename-part", "draft", "tag.sink", "x")


def test_a_draft_with_errors_is_kept_and_not_published(draft: Path) -> None:
    found = run_json("workspace", "set", "draft", "tags.sink.settings.size", "many")
    assert (found["saved"], found["valid"]) == (True, False)
    assert found["problems"][0]["path"] == "tags.sink.settings.size"
    assert "has errors" in run("workspace", "list")
    assert "error: tags.sink.settings.size" in run("workspace", "show", "draft")
    assert "error: tags.sink.settings.size" in run("workspace", "publish", "draft", code=1)
    assert run_json("workspace", "publish", "draft", code=1)["version"] is None
    assert "Revision 2 has errors" in refused("container", "diff", "live", "workspace:draft")
    run("workspace", "set", "draft", "tags.sink.settings.size", "5")
    assert "tags.sink.settings.size" in run("container", "diff", "live", "workspace:draft", code=2)
    assert run("workspace", "diff", "draft", "--against", "-3") == "There is no difference.\n"


def test_scripts_that_both_changed_are_shown_as_text(draft: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    run("workspace", "export", "draft", "--out", folder)
    script = folder / "templates/variables/word/variable.lua"
    script.write_text("-- theirs\n" + script.read_text())
    run("workspace", "apply", "draft", folder / "container.yaml")
    script.write_text("-- mine\n" + script.read_text().partition("\n")[2])
    told = run("workspace", "apply", "draft", folder / "container.yaml", "--from", 1, code=1).splitlines()
    assert "! templates/variables/word/variable.lua" in told
    assert any(line.strip() == "+-- mine" for line in told)
    assert any(line.strip() == "+-- theirs" for line in told)


def test_a_file_whose_revision_nobody_knows_is_asked_about(draft: Path) -> None:
    told = refused("workspace", "apply", "draft", draft)
    assert "Nobody knows which revision of draft" in told
    assert "--from (the latest is 1)" in told
    assert "Nothing to do: revision 1" in run("workspace", "apply", "draft", draft, "--from", 1)
    assert "`draft` has no revision 9" in refused("workspace", "apply", "draft", draft, "--from", 9)


def test_workspaces_are_made_of_versions_and_files_and_nothing(draft: Path, tmp_path: Path) -> None:
    file = tmp_path / "other.yaml"
    file.write_text("container: other\n")
    assert run_json("workspace", "create", "one", "--file", file)["base"] == 1
    assert run("workspace", "export", "one") == "container: other\n"
    run("workspace", "create", "two", "--version", 1)
    run("workspace", "create", "three", "--empty")
    assert run("workspace", "export", "three") == "container: three\n"
    assert "There is no version 7" in refused("workspace", "create", "four", "--version", 7)
    assert "exclude each other" in refused("workspace", "create", "four", "--version", 1, "--empty")
    assert "`two` is open already" in refused("workspace", "create", "two")
    run("workspace", "rename", "two", "second")
    run("workspace", "discard", "one")
    rows = [json.loads(line) for line in run("workspace", "list", "--all", "--json").splitlines()]
    assert [(row["workspace"], row["state"]) for row in rows] == [
        ("three", "open"),
        ("second", "open"),
        ("one", "discarded"),
        ("draft", "open"),
    ]


def test_an_export_writes_over_nothing_unless_it_is_told_to(draft: Path, tmp_path: Path) -> None:
    run("workspace", "set", "draft", "note", "ours")
    assert "has other content" in refused("workspace", "export", "draft", "--out", draft.parent)
    run("workspace", "export", "draft", "--out", draft.parent, "--force")
    assert "note: ours" in draft.read_text()


def test_one_that_is_kept_open_goes_on(draft: Path) -> None:
    run("workspace", "set", "draft", "note", "ours")
    assert "Workspace draft is a draft of version 2 now." in run("workspace", "publish", "draft", "--keep-open")
    assert "Version 2 is live already." in run("workspace", "publish", "draft", "--revision", 2)


def test_another_environment_runs_a_draft(draft: Path) -> None:
    assert "There is no environment `staging`" in refused("workspace", "publish", "draft", "--environment", "staging")
    run("container", "environment", "staging", "--hosts", "staging.shop.example")
    run("workspace", "set", "draft", "note", "ours")
    output = run("workspace", "publish", "draft", "--environment", "staging")
    assert output.startswith("Version 2 runs in staging, after version 1.")
    assert "Workspace draft stays open." in output
    assert [line.split()[1] for line in run("container", "environments").splitlines()[1:]] == ["1", "2"]
    assert run("container", "rollback", "--environment", "staging").startswith("Version 1 runs in staging")
    assert "The log is whole" in run("audit", "verify")


def test_read_only_mode_changes_no_draft(draft: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTHAND_READ_ONLY", "true")
    for command in (
        ["workspace", "create", "x"],
        ["workspace", "set", "draft", "note", "x"],
        ["workspace", "apply", "draft", draft, "--from", 1],
        ["workspace", "merge", "draft"],
        ["workspace", "publish", "draft"],
        ["workspace", "rename", "draft", "x"],
        ["workspace", "discard", "draft"],
        ["container", "environment", "staging"],
    ):
        assert "read-only" in refused(*command)
    assert "draft" in run("workspace", "list")
    assert run("workspace", "export", "draft").startswith("# Ours.")
