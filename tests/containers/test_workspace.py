"""Workspaces with real drafts in a real control database: saving, merging, taking in what is live, publishing."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from runtime.containers.diff import walk
from runtime.containers.draft import read_draft, read_files
from runtime.containers.edits import container_data, remove_part, set_part
from runtime.containers.files import Files, decode_files
from runtime.containers.publish import Origin, publish_draft
from runtime.containers.snapshot import encode_snapshot
from runtime.containers.versions import read_version
from runtime.containers.workspace import (
    create_workspace,
    edit_workspace,
    publish_workspace,
    save_workspace,
    take_in_live,
    version_files,
    workspace_files,
)
from runtime.containers.yaml_text import yaml_text
from runtime.errors import Conflict, ContainerInvalid, MergeConflict, OperatorError, WorkspaceMoved
from runtime.store.control import Control

TEXT = """\
# The shop's own.
container: shop
clients:
  json: {template: json_event, settings: {paths: [/e]}}   # the app
tags:
  a: {template: webhook, settings: {endpoint: "https://a.example/"}, triggers: [all]}
  b: {template: webhook, settings: {endpoint: "https://b.example/"}, triggers: [all]}
triggers:
  all: {all: []}
"""
MANIFEST = "id: word\nkind: variable\nname: Word\nsummary: A word.\nversion: 1.0.0\n"
LUA = "return { resolve = function(_, settings) return settings.value end }\n"
WORD = {
    "templates/variables/word/manifest.yaml": MANIFEST,
    "templates/variables/word/variable.lua": LUA,
    "templates/variables/word/examples/one.yaml": "# An example that nothing runs here.\n",
}
READ = partial(read_files, script_check=lambda shared, file_of: lambda template: [])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "shop/container.yaml"
    file.parent.mkdir()
    file.write_text(TEXT)
    return file


def apply(control: Control, file: Path) -> int:
    draft = read_draft(file, lambda shared, file_of: lambda template: [])
    return publish_draft(control, draft, Origin(file.name))


@pytest.fixture
def control(tmp_path: Path, file: Path) -> Iterator[Control]:
    """Version 1 is live; `draft` is a draft of it, with revision 1."""
    with Control(tmp_path / "control.db", who="ada") as control:
        apply(control, file)
        create_workspace(control, "draft", READ)
        yield control


def put(control: Control, path: str, value: Any, started_from: int | None = None, **options: Any) -> Any:
    return edit_workspace(
        control, "draft", lambda files: set_part(files, path, value), READ, started_from=started_from, **options
    )


def now(control: Control) -> dict[str, Any]:
    return container_data(workspace_files(control, control.workspaces.get("draft")))


def test_a_draft_has_the_files_that_the_version_was_made_of(control: Control) -> None:
    workspace = control.workspaces.get("draft")
    assert workspace.base == 1
    assert workspace_files(control, workspace) == {"container.yaml": TEXT}
    assert read_version(control, -workspace.latest.number).hash == control.versions()[0].hash


def test_a_draft_of_a_version_without_files_has_its_export(control: Control) -> None:
    content = control.version(1)
    put(control, "tags.a.priority", 2)
    snapshot = read_version(control, -2)
    control.publish(control.version(-2), snapshot.hash)
    assert control.source(2) is None
    kept = create_workspace(control, "other", READ, base=2)
    assert container_data(kept.files)["tags"]["a"]["priority"] == 2
    assert control.version(1) == content


def test_two_people_edit_one_draft(control: Control) -> None:
    first = put(control, "tags.a.priority", 1, started_from=1)
    second = put(control, "tags.b.priority", 2, started_from=1)
    assert (first.merged_with, second.merged_with) == (None, 2)
    assert (now(control)["tags"]["a"]["priority"], now(control)["tags"]["b"]["priority"]) == (1, 2)
    assert "# the app" in second.files["container.yaml"]
    assert second.draft.valid
    assert second.workspace.latest.snapshot == read_version(control, -3).hash


def test_a_conflict_saves_nothing_until_it_is_decided(control: Control) -> None:
    put(control, "tags.a.priority", 1)
    with pytest.raises(MergeConflict) as told:
        put(control, "tags.a.priority", 2, started_from=1)
    (conflict,) = told.value.conflicts
    assert (conflict.path, conflict.mine, conflict.theirs) == ("tags.a.priority", 2, 1)
    assert told.value.theirs == 2
    assert control.workspaces.get("draft").latest.number == 2
    put(control, "tags.a.priority", 2, started_from=1, resolutions={"tags.a.priority": "mine"}, seen=2)
    assert now(control)["tags"]["a"]["priority"] == 2


def test_what_was_decided_before_another_save_is_asked_again(control: Control) -> None:
    put(control, "tags.a.priority", 1)
    put(control, "tags.a.priority", 5)
    with pytest.raises(WorkspaceMoved, match="revision 3, saved by ada"):
        put(control, "tags.a.priority", 2, started_from=1, resolutions={"tags.a.priority": "mine"}, seen=2)
    assert now(control)["tags"]["a"]["priority"] == 5


def test_a_draft_with_errors_is_saved_and_not_published(control: Control) -> None:
    kept = put(control, "tags.a.template", "none")
    assert [problem.path for problem in kept.draft.problems if problem.severity == "error"] == ["tags.a.template"]
    assert kept.workspace.latest.snapshot is None
    with pytest.raises(OperatorError, match="Revision 2 has errors"):
        read_version(control, -2)
    with pytest.raises(ContainerInvalid, match=r"tags\.a\.template"):
        publish_workspace(control, "draft", READ)
    put(control, "tags.a.template", "webhook")
    assert publish_workspace(control, "draft", READ) == 1, "it is what is live"


def test_problems_of_own_templates_name_them_by_their_own_path(control: Control) -> None:
    files = {"container.yaml": TEXT, **WORD, "templates/variables/word/manifest.yaml": "id: word\n"}
    kept = save_workspace(control, "draft", files, READ, started_from=1)
    told = [problem.path for problem in kept.draft.problems]
    assert told
    assert all(path.startswith("templates/variables/word/manifest.yaml") for path in told)


@pytest.mark.parametrize(
    "path", ["../x", "/etc/x", "templates/../../x", "other.yaml", "templates/.x", "templates/a\\b"]
)
def test_no_path_leaves_the_container(control: Control, path: str) -> None:
    with pytest.raises(ContainerInvalid, match=r"path|no part"):
        save_workspace(control, "draft", {"container.yaml": TEXT, path: "x"}, READ, started_from=1)
    assert control.workspaces.get("draft").latest.number == 1


def test_a_file_is_no_folder(control: Control) -> None:
    files = {"container.yaml": TEXT, "templates/a": "x", "templates/a/b": "x"}
    with pytest.raises(ContainerInvalid, match="folder of other files"):
        save_workspace(control, "draft", files, READ, started_from=1)


def test_publishing_closes_it_and_the_next_draft_has_its_comments(control: Control) -> None:
    put(control, "tags.a.priority", 1)
    assert publish_workspace(control, "draft", READ, note="faster", reason="looked at") == 2
    newest = control.versions()[0]
    assert (newest.who, newest.note) == ("ada", "faster")
    with pytest.raises(OperatorError, match="no workspace"):
        control.workspaces.get("draft")
    kept = create_workspace(control, "next", READ)
    assert "# The shop's own." in kept.files["container.yaml"]
    assert "# the app" in kept.files["container.yaml"]
    assert control.verify() == []


def test_what_was_looked_at_is_what_is_published(control: Control) -> None:
    put(control, "tags.a.priority", 1)
    with pytest.raises(WorkspaceMoved):
        publish_workspace(control, "draft", READ, revision=1)
    assert control.live() == (1, control.version(1))


def test_live_that_moved_is_taken_in_first(control: Control, file: Path) -> None:
    put(control, "tags.a.priority", 1)
    assert take_in_live(control, "draft", READ) is None
    file.write_text(TEXT.replace("/e]", "/e, /f]").replace("# The shop's own.", "# The shop's own, and more."))
    apply(control, file)
    with pytest.raises(OperatorError, match="Live has moved: version 2 is live"):
        publish_workspace(control, "draft", READ)
    kept = take_in_live(control, "draft", READ)
    assert kept is not None
    assert (kept.merged_with, kept.workspace.base) == (2, 2)
    assert "# The shop's own, and more." in kept.files["container.yaml"]
    assert publish_workspace(control, "draft", READ) == 3
    tags, clients = (container_data(version_files(control, 3))[part] for part in ("tags", "clients"))
    assert (tags["a"]["priority"], clients["json"]["settings"]["paths"]) == (1, ["/e", "/f"])


def test_a_conflict_with_live_is_decided_too(control: Control, file: Path) -> None:
    put(control, "tags.a.priority", 1)
    file.write_text(TEXT.replace("triggers: [all]}\n  b", "triggers: [all], priority: 3}\n  b"))
    apply(control, file)
    with pytest.raises(MergeConflict) as told:
        take_in_live(control, "draft", READ)
    assert told.value.conflicts[0].path == "tags.a.priority"
    assert (told.value.conflicts[0].theirs, told.value.theirs) == (3, 2)
    with pytest.raises(WorkspaceMoved):
        take_in_live(control, "draft", READ, resolutions={"tags.a.priority": "theirs"}, seen=1)
    kept = take_in_live(control, "draft", READ, resolutions={"tags.a.priority": "theirs"}, seen=2)
    assert kept is not None
    assert now(control)["tags"]["a"]["priority"] == 3


def test_a_rollback_is_a_move_of_live_too(control: Control) -> None:
    put(control, "tags.a.priority", 1)
    publish_workspace(control, "draft", READ, keep_open=True)
    put(control, "tags.b.priority", 2)
    control.point(1, what="rollback")
    with pytest.raises(OperatorError, match="version 1 is live"):
        publish_workspace(control, "draft", READ)
    take_in_live(control, "draft", READ)
    assert [tag.get("priority") for tag in now(control)["tags"].values()] == [None, 2]


def test_what_an_export_leaves_out_does_not_count_as_removed(control: Control) -> None:
    """Live was published by bytes alone: its examples and comments are unknown, and those of the draft stay."""
    files = {"container.yaml": TEXT.replace("tags:", "variables: {w: {template: word}}\ntags:"), **WORD}
    save_workspace(control, "draft", files, READ, started_from=1)
    snapshot = READ(set_part({"container.yaml": TEXT}, "tags.b.priority", 9)).snapshot()
    control.publish(encode_snapshot(snapshot), snapshot.hash)
    kept = take_in_live(control, "draft", READ)
    assert kept is not None
    assert "templates/variables/word/examples/one.yaml" in kept.files
    assert "# the app" in kept.files["container.yaml"]
    assert container_data(kept.files)["tags"]["b"]["priority"] == 9


PATHS = [f"tags.{tag}.{key}" for tag in "ab" for key in ("priority", "note", "settings.x")]


def test_no_save_undoes_another_one(control: Control, tmp_path: Path) -> None:
    """Editors save random edits from revisions that they saw a while ago, all at once. Each save changes what it says
    and nothing else, and one is refused only where somebody else really was at the same place."""
    done: dict[int, tuple[str, Any]] = {}
    refused: list[tuple[int, int, Conflict]] = []
    lock = threading.Lock()

    def edit(editor: int) -> None:
        chance, seen = random.Random(editor), 1
        with Control(tmp_path / "control.db", who=f"editor {editor}") as own:
            for turn in range(8):
                path, value = chance.choice(PATHS), f"{editor}-{turn}"
                try:
                    number = put(own, path, value, started_from=seen).workspace.latest.number
                except MergeConflict as error:
                    with lock:
                        refused.extend((seen, error.theirs, conflict) for conflict in error.conflicts)
                    number = own.workspaces.get("draft").latest.number
                else:
                    with lock:
                        done[number] = (path, value)
                seen = chance.choice([seen, number])

    editors = [threading.Thread(target=edit, args=(editor,)) for editor in range(3)]
    for thread in editors:
        thread.start()
    for thread in editors:
        thread.join()
    assert len(done) + len({each[2].mine for each in refused}) == 24, "each was saved or told"
    history = sorted(each.number for each in control.workspaces.revisions(control.workspaces.get("draft")))
    content = {number: container_data(decode_files(control.workspaces.source(number))) for number in history}
    assert set(history) == {1, *done}
    for before, after in itertools.pairwise(history):
        path, value = done[after]
        changed = set_part_of(content[before], path, value)
        # Where both add a key, one of the two comes first.
        found = [change for change in walk(changed, content[after]) if change.change != "reordered"]
        assert found == [], f"revision {after} changed more than {path}"
    for start, theirs, conflict in refused:
        assert list(walk(at(content[start], conflict.path), at(content[theirs], conflict.path))), conflict
    assert control.verify() == []


def set_part_of(data: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    return container_data(set_part({"container.yaml": yaml_text(data)}, path, value))


def at(data: Any, path: str) -> Any:
    for key in path.split("."):
        data = data.get(key, {}) if isinstance(data, dict) else {}
    return data


def test_a_removed_part_and_its_edit_are_told(control: Control) -> None:
    def remove(files: Files) -> Files:
        return remove_part(files, "tags.a")

    put(control, "tags.a.priority", 1)
    with pytest.raises(MergeConflict) as told:
        edit_workspace(control, "draft", remove, READ, started_from=1)
    assert told.value.conflicts[0].path == "tags.a"
