"""The audit log on real files: what writes into it, that it only grows, and how a change to it shows."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from runtime.model.command import Reroute
from runtime.store import audit
from runtime.store.audit import FIRST, os_user, row_hash
from runtime.store.control import Control

CONTENTS = {f"{number}".encode(): hashlib.sha256(f"{number}".encode()).hexdigest() for number in range(1, 6)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "control.db"


@pytest.fixture
def control(path: Path) -> Iterator[Control]:
    """Three versions, a rollback, a command: five rows."""
    with Control(path, who="ada") as control:
        for content, hash in list(CONTENTS.items())[:3]:
            control.publish(content, hash, note=f"note {content.decode()}")
        control.point(1, what="rollback")
        control.command(Reroute(of="meta", version=1))
        yield control


def tamper(path: Path, statement: str) -> None:
    """Changes the file as one does who can write it: past the triggers."""
    with closing(sqlite3.connect(path)) as db, db:
        for trigger in ("audit_no_UPDATE", "audit_no_DELETE"):
            db.execute(f"DROP TRIGGER {trigger}")
        db.execute(statement)


def test_whatever_is_written_is_told(control: Control) -> None:
    log = control.audit_log()
    assert [(row.number, row.who, row.what) for row in log] == [
        (1, "ada", "publish"),
        (2, "ada", "publish"),
        (3, "ada", "publish"),
        (4, "ada", "rollback"),
        (5, "ada", "command"),
    ]
    second = {"environment": "live", "version": 2, "before": 1, "made": True, "hash": CONTENTS[b"2"], "note": "note 2"}
    assert log[1].content == second
    assert log[3].content == {"environment": "live", "version": 1, "before": 3}
    assert log[4].content == {"number": 1, "command": {"type": "reroute", "of": "meta", "version": 1}}
    assert [row.previous for row in log] == [FIRST, *(row.hash for row in log[:-1])]
    assert control.verify() == []
    assert control.verify(log[2].hash) == []


def test_what_changes_nothing_is_not_told(control: Control) -> None:
    assert control.point(1) == 1
    assert control.publish(b"1", CONTENTS[b"1"]) == 1
    assert len(control.audit_log()) == 5


def test_who_is_the_user_of_the_process_where_nobody_says(path: Path) -> None:
    with Control(path) as control:
        control.publish(b"1", CONTENTS[b"1"])
        assert control.audit_log()[0].who == os_user() != ""


def test_what_fails_is_not_told(control: Control, path: Path) -> None:
    with closing(sqlite3.connect(path)) as plain:
        plain.execute("CREATE TRIGGER no BEFORE UPDATE ON environment BEGIN SELECT raise(ABORT, 'disk'); END")
    with pytest.raises(sqlite3.IntegrityError, match="disk"):
        control.publish(b"4", CONTENTS[b"4"])
    with pytest.raises(sqlite3.IntegrityError, match="disk"):
        control.point(2)
    assert len(control.audit_log()) == 5
    assert control.verify() == []


def test_without_its_row_nothing_is_done(control: Control, path: Path) -> None:
    with closing(sqlite3.connect(path)) as plain:
        plain.execute("CREATE TRIGGER no BEFORE INSERT ON audit BEGIN SELECT raise(ABORT, 'disk'); END")
    with pytest.raises(sqlite3.IntegrityError, match="disk"):
        control.publish(b"4", CONTENTS[b"4"])
    with pytest.raises(sqlite3.IntegrityError, match="disk"):
        control.point(2)
    with pytest.raises(sqlite3.IntegrityError, match="disk"):
        control.command(Reroute(of="meta", version=1))
    assert control.live() == (1, b"1")
    assert len(control.versions()) == 3
    assert len(control.commands()) == 1


@pytest.mark.parametrize("statement", ["UPDATE audit SET who = 'eve'", "DELETE FROM audit WHERE number = 5"])
def test_rows_cannot_be_changed_or_removed_in_passing(control: Control, path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as db, db, pytest.raises(sqlite3.IntegrityError, match="only grows"):
        db.execute(statement)


CHANGED = "row {} was changed: its hash is not that of what it says"
CHANGES = {
    "UPDATE audit SET who = 'eve' WHERE number = 2": [CHANGED.format(2)],
    "UPDATE audit SET at = at + 1 WHERE number = 5": [CHANGED.format(5)],
    "UPDATE audit SET detail = '{' WHERE number = 5": [CHANGED.format(5)],
    "UPDATE audit SET hash = 'f' WHERE number = 2": [
        CHANGED.format(2),
        "row 3 does not follow row 2: it names another hash as the one before",
    ],
    "DELETE FROM audit WHERE number = 4": [
        "row 4 is missing: row 5 follows row 3",
        "live runs version 1, and the log says 3",
    ],
    "DELETE FROM audit WHERE number = 1": [
        "row 1 is missing: row 2 follows row 0",
        "version 1 is not the one that the log says was made",
    ],
    "DELETE FROM audit WHERE number = 5": ["rows are missing at the end: 5 were written, the last one is row 4"],
    "UPDATE environment SET version = 2": ["live runs version 2, and the log says 1"],
    "DELETE FROM environment": ["live runs version None, and the log says 1"],
    "INSERT INTO environment (name, version) VALUES ('staging', 2)": ["staging runs version 2, and the log says None"],
    "UPDATE blob SET content = x'00' WHERE content = CAST('2' AS BLOB)": ["the content of version 2 was changed"],
    "UPDATE version SET hash = (SELECT hash FROM version WHERE number = 1) WHERE number = 2": [
        "version 2 is not the one that the log says was made"
    ],
    "UPDATE version SET who = 'eve' WHERE number = 2": ["version 2 was made by ada, and not by eve"],
}


@pytest.mark.parametrize(("statement", "problems"), CHANGES.items(), ids=CHANGES)
def test_a_change_shows_and_where_it_is(control: Control, path: Path, statement: str, problems: list[str]) -> None:
    tamper(path, statement)
    assert control.verify()[: len(problems)] == problems


def test_a_log_that_was_written_anew_shows_by_a_hash_that_was_noted(control: Control, path: Path) -> None:
    noted = control.audit_log()[-1].hash
    previous = FIRST
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DROP TRIGGER audit_no_UPDATE")
        for row in control.audit_log():
            forged = row._replace(who="eve", previous=previous)
            previous = row_hash(forged)
            db.execute("UPDATE audit SET who = 'eve', previous = ?, hash = ? WHERE number = ?",
                       [forged.previous, previous, row.number])  # fmt: skip
        db.execute("UPDATE version SET who = 'eve'")
    assert control.verify() == []
    (problem,) = control.verify(noted)
    assert "no row has the hash that was given" in problem


def test_a_rollback_goes_back_further_each_time(control: Control) -> None:
    assert control.earlier() == []  # 1 was named, so 2 and 3 were gone over
    control.point(3)
    control.publish(b"4", CONTENTS[b"4"])
    assert control.earlier() == [1, 3]
    control.point(3, what="rollback")
    assert control.earlier() == [1]
    control.point(4, what="rollback")
    assert control.earlier() == [1, 3], "what was not gone back over is a step as any other"
    assert control.earlier("staging") == []


def test_two_writers_make_one_chain(path: Path) -> None:
    Control(path).close()

    def write(writer: int) -> None:
        with Control(path, who=f"writer {writer}") as control:
            for _ in range(10):
                control.command(Reroute(of="meta", version=writer))

    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(2)]
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    with Control.read(path) as reader:
        assert len(reader.audit_log()) == 20
        assert reader.verify() == []


def as_before_the_log(path: Path) -> None:
    """Makes the file what a Firsthand without an audit log left behind."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DROP TABLE audit")
        db.execute("DELETE FROM _sqlite_migrations WHERE name = 'audit_log'")


def test_a_file_from_before_the_log_can_be_read_and_begins_one_with_what_there_is(path: Path) -> None:
    with Control(path) as control:
        control.publish(b"1", CONTENTS[b"1"])
        control.publish(b"2", CONTENTS[b"2"])
    as_before_the_log(path)
    with Control.read(path) as reader:
        assert reader.audit_log() == []
        assert reader.earlier() == []
        assert "there is no audit log: the next command that writes begins one" in reader.verify()
    with Control(path) as control:
        (first,) = control.audit_log()
        assert first.what == "begin"
        assert first.content == {"environments": {"live": 2}, "versions": {"1": CONTENTS[b"1"], "2": CONTENTS[b"2"]}}
        assert control.verify() == []
        control.publish(b"3", CONTENTS[b"3"])
        assert control.earlier() == [2]
        assert control.verify() == []


def test_the_hash_is_taken_over_everything_that_a_row_says(control: Control) -> None:
    row = control.audit_log()[0]
    for name in audit.AuditRow._fields[:-1]:
        other = row._replace(**{name: getattr(row, name) * 2})
        assert row_hash(other) != row.hash, name
