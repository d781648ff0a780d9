"""Workspaces on real files: revisions, the compare-and-set of a save, what closes them, and what is told of them."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from runtime.errors import OperatorError, WorkspaceMoved
from runtime.store.control import Control, Publishing
from runtime.store.versions import hash_of
from runtime.store.workspaces import Saved, Workspace


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "control.db"


@pytest.fixture
def control(path: Path) -> Iterator[Control]:
    """Version 1 is live."""
    with Control(path, who="ada") as control:
        control.publish(b"one", hash_of(b"one"))
        yield control


@pytest.fixture
def draft(control: Control) -> Workspace:
    return control.workspaces.create("draft", saved("first"), base=1, note="why")


def saved(text: str, *, valid: bool = True) -> Saved:
    return Saved(text.encode(), f"snapshot of {text}".encode() if valid else None)


def publishing(text: str, environment: str = "live") -> Publishing:
    content = f"snapshot of {text}".encode()
    return Publishing(content, hash_of(content), "note", text.encode(), environment)


def test_a_workspace_is_made_with_its_first_revision(control: Control, draft: Workspace) -> None:
    assert (draft.name, draft.base, draft.note, draft.state) == ("draft", 1, "why", "open")
    assert (draft.latest.number, draft.latest.who) == (1, "ada")
    assert control.workspaces.get("draft") == draft
    assert control.workspaces.list() == [draft]
    assert control.workspaces.source(1) == b"first"
    assert control.workspaces.holder(1) == "draft"


def test_a_revision_is_a_version_of_negative_number(control: Control, draft: Workspace) -> None:
    assert control.version(-1) == b"snapshot of first"
    control.workspaces.save(draft, saved("broken", valid=False), expected=1)
    with pytest.raises(OperatorError, match="Revision 2 has errors"):
        control.version(-2)
    for ask in (
        lambda: control.version(-3),
        lambda: control.workspaces.source(3),
        lambda: control.workspaces.holder(3),
    ):
        with pytest.raises(OperatorError, match="There is no revision 3"):
            ask()


def test_a_save_from_the_latest_revision_is_the_next_one(control: Control, draft: Workspace, path: Path) -> None:
    now = control.workspaces.save(draft, saved("second"), expected=1, note="more")
    assert (now.latest.number, now.latest.note) == (2, "more")
    assert [each.number for each in control.workspaces.revisions(draft)] == [2, 1]
    assert control.workspaces.source(1) == b"first"
    assert control.workspaces.save(now, saved("second"), expected=2) == now, "what says the same is no revision"
    with Control.read(path) as reader:
        assert reader.workspaces.get("draft") == now


def test_a_save_from_an_older_revision_writes_nothing(control: Control, draft: Workspace) -> None:
    control.workspaces.save(draft, saved("second"), expected=1)
    with pytest.raises(WorkspaceMoved, match="revision 2, saved by ada") as moved:
        control.workspaces.save(draft, saved("third"), expected=1)
    assert moved.value.latest == 2
    assert control.workspaces.get("draft").latest.number == 2


def test_names_are_unique_among_open_ones(control: Control, draft: Workspace) -> None:
    other = control.workspaces.create("other", saved("x"))
    with pytest.raises(OperatorError, match="`draft` is open already"):
        control.workspaces.create("draft", saved("x"))
    with pytest.raises(OperatorError, match="`draft` is open already"):
        control.workspaces.rename(other, "draft")
    assert control.workspaces.rename(draft, "older").name == "older"
    assert control.workspaces.create("draft", saved("x")).latest.number > other.latest.number
    for name in ("", "1", "a b", "live:x", "ä"):
        with pytest.raises(OperatorError, match="cannot be a workspace's name"):
            control.workspaces.create(name, saved("x"))


def test_a_discarded_one_is_closed(control: Control, draft: Workspace) -> None:
    control.workspaces.discard(draft)
    with pytest.raises(OperatorError, match="no workspace `draft`"):
        control.workspaces.get("draft")
    for ask in (
        lambda: control.workspaces.save(draft, saved("x"), expected=1),
        lambda: control.workspaces.discard(draft),
        lambda: control.workspaces.rename(draft, "x"),
        lambda: control.workspaces.publish(draft, publishing("first"), expected=1),
    ):
        with pytest.raises(OperatorError, match="was discarded meanwhile"):
            ask()
    assert [each.state for each in control.workspaces.list(closed=True)] == ["discarded"]
    assert control.version(-1) == b"snapshot of first", "hits of previews still name it"


def test_publishing_makes_a_version_and_closes_it(control: Control, draft: Workspace) -> None:
    assert control.workspaces.publish(draft, publishing("first"), expected=1, reason="tested by hand") == 2
    assert control.live() == (2, b"snapshot of first")
    assert control.source(2) == b"first"
    assert control.source(1) is None
    newest = control.versions()[0]
    assert (newest.number, newest.who, newest.note) == (2, "ada", "note")
    (closed,) = control.workspaces.list(closed=True)
    assert (closed.state, closed.base) == ("published", 2)
    row = next(row for row in control.audit_log() if row.content.get("reason"))
    assert (row.what, row.content["workspace"], row.content["revision"]) == ("publish", 1, 1)
    assert control.earlier() == [1]
    assert control.verify() == []


def test_one_that_is_kept_open_is_a_draft_of_the_new_version(control: Control, draft: Workspace) -> None:
    control.workspaces.publish(draft, publishing("first"), expected=1, keep_open=True)
    now = control.workspaces.get("draft")
    assert now.base == 2
    now = control.workspaces.save(now, saved("second"), expected=1)
    assert control.workspaces.publish(now, publishing("second"), expected=2) == 3


def test_nothing_that_is_live_is_overwritten(control: Control, draft: Workspace) -> None:
    control.publish(b"two", hash_of(b"two"))
    with pytest.raises(OperatorError, match="version 2 is live, and `draft` is a draft of version 1"):
        control.workspaces.publish(draft, publishing("first"), expected=1)
    merged = control.workspaces.save(draft, saved("both"), expected=1, base=2)
    assert merged.base == 2
    with pytest.raises(WorkspaceMoved):
        control.workspaces.publish(draft, publishing("first"), expected=1)
    assert control.workspaces.publish(merged, publishing("both"), expected=2) == 3


def test_another_environment_takes_a_draft_of_anything_and_leaves_it_open(control: Control, draft: Workspace) -> None:
    control.publish(b"two", hash_of(b"two"))
    assert control.workspaces.publish(draft, publishing("first", "staging"), expected=1) == 3
    assert control.live() == (2, b"two")
    assert control.live("staging") == (3, b"snapshot of first")
    assert control.workspaces.get("draft").base == 1
    assert control.verify() == []


def test_the_audit_log_tells_all_of_it(control: Control, draft: Workspace) -> None:
    now = control.workspaces.save(draft, saved("second"), expected=1)
    control.publish(b"two", hash_of(b"two"))
    now = control.workspaces.save(now, saved("both"), expected=2, base=2)
    control.workspaces.rename(now, "final")
    control.workspaces.discard(control.workspaces.create("other", saved("x"), base=1))
    control.workspaces.publish(now, publishing("both"), expected=3)
    told = [row.what for row in control.audit_log()]
    assert told == [
        "publish", "workspace_created", "workspace_saved", "publish", "workspace_merged", "workspace_renamed",
        "workspace_created", "workspace_discarded", "publish", "workspace_published",
    ]  # fmt: skip
    assert control.verify() == []


TAMPERED = {
    "UPDATE revision SET source = (SELECT hash FROM blob WHERE content = CAST('one' AS BLOB)) WHERE number = 1": (
        "revision 1 is not the one that the log says was saved"
    ),
    "UPDATE revision SET who = 'eve' WHERE number = 1": "revision 1 is not the one that the log says was saved",
    "DELETE FROM revision WHERE number = 2": "revision 2 is not the one that the log says was saved",
    "UPDATE blob SET content = x'00' WHERE content = CAST('second' AS BLOB)": "the content of revision 2 was changed",
}


@pytest.mark.parametrize(("statement", "problem"), TAMPERED.items())
def test_a_revision_that_was_changed_shows(
    control: Control, draft: Workspace, path: Path, statement: str, problem: str
) -> None:
    control.workspaces.save(draft, saved("second"), expected=1)
    assert control.verify() == []
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(statement)
    assert control.verify() == [problem]


def test_of_saves_from_one_revision_one_wins(path: Path) -> None:
    """Threads with connections of their own: each save is one revision, and none is made on top of one unseen."""
    with Control(path) as control:
        control.workspaces.create("draft", saved("0"))
    chain: list[tuple[int, int]] = []

    def edit(writer: int) -> None:
        with Control(path, who=f"writer {writer}") as control:
            turn = 0
            while turn < 10:
                now = control.workspaces.get("draft")
                try:
                    after = control.workspaces.save(now, saved(f"{writer}-{turn}"), expected=now.latest.number)
                except WorkspaceMoved:
                    continue
                chain.append((now.latest.number, after.latest.number))
                turn += 1

    writers = [threading.Thread(target=edit, args=(writer,)) for writer in range(3)]
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    assert sorted(chain) == [(number, number + 1) for number in range(1, 31)]
    with Control.read(path) as reader:
        assert reader.verify() == []


def test_a_file_of_an_older_firsthand_is_read_without_them(path: Path) -> None:
    with Control(path) as control:
        control.publish(b"one", hash_of(b"one"))
    with closing(sqlite3.connect(path)) as db, db:
        for table in ("revision", "workspace", "key"):
            db.execute(f"DROP TABLE {table}")
        for table, column in (
            ("version", "who"),
            ("version", "source"),
            ("environment", "hosts"),
            ("environment", "sends"),
        ):
            db.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        for name in ("workspaces", "environments_and_keys", "authors_and_sources"):
            db.execute("DELETE FROM _sqlite_migrations WHERE name = ?", [name])
    with Control.read(path) as reader:
        assert reader.live() == (1, b"one")
        assert reader.versions()[0].who == ""
        assert reader.verify() == []
        for ask in (lambda: reader.workspaces, reader.environments, lambda: reader.source(1)):
            with pytest.raises(OperatorError, match="An older Firsthand wrote"):
                ask()
    with Control(path) as control:
        assert control.versions()[0].who == control.audit_log()[0].who != ""
        assert control.workspaces.list() == []
        assert control.verify() == []
