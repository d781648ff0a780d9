"""The control database on real files: versions, the live pointer, readers, and files of other kinds or ages."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from runtime.errors import FormatTooNew, OperatorError
from runtime.model.command import Command, Replay, Reroute, Selection
from runtime.store.control import Control


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data folder" / "control.db"


@pytest.fixture
def control(path: Path) -> Iterator[Control]:
    with Control(path) as control:
        yield control


def test_nothing_is_live_at_first(control: Control) -> None:
    assert control.live() is None
    assert control.versions() == []


def test_publishing_makes_a_version_and_points_at_it(control: Control) -> None:
    assert control.publish(b"one", "h1", "first") == 1
    assert control.publish(b"two", "h2") == 2
    assert control.live() == (2, b"two")
    assert control.version(1) == b"one"
    newest, oldest = control.versions()
    assert (oldest.number, oldest.hash, oldest.note) == (1, "h1", "first")
    assert newest.created_at >= oldest.created_at > 1_700_000_000


def test_what_is_live_already_is_not_published_again(control: Control) -> None:
    assert [control.publish(b"one", "h1"), control.publish(b"one", "h1")] == [1, 1]
    assert len(control.versions()) == 1


def test_older_content_becomes_a_new_version_that_shares_its_blob(control: Control, path: Path) -> None:
    numbers = [control.publish(content, hash) for content, hash in [(b"one", "h1"), (b"two", "h2"), (b"one", "h1")]]
    assert numbers == [1, 2, 3]
    assert control.live() == (3, b"one")
    with closing(sqlite3.connect(path)) as plain:
        assert plain.execute("SELECT count(*) FROM blob").fetchone() == (2,)


def test_an_environment_can_go_back_to_a_version(control: Control) -> None:
    control.publish(b"one", "h1")
    control.publish(b"two", "h2")
    control.point(1)
    assert control.live() == (1, b"one")
    assert control.publish(b"three", "h3") == 3


def test_environments_are_apart(control: Control) -> None:
    control.publish(b"one", "h1")
    control.publish(b"two", "h2", environment="staging")
    assert control.live() == (1, b"one")
    assert control.live("staging") == (2, b"two")


def test_a_version_that_does_not_exist_is_told(control: Control) -> None:
    for ask in (control.version, control.point):
        with pytest.raises(OperatorError, match=r"There is no version 9\."):
            ask(9)
    assert control.live() is None


def test_a_reader_sees_what_is_published_and_cannot_write(control: Control, path: Path) -> None:
    control.publish(b"one", "h1")
    with Control.read(path) as reader:
        assert reader.live() == (1, b"one")
        control.publish(b"two", "h2")
        assert reader.live() == (2, b"two")
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader.publish(b"three", "h3")


def test_it_is_all_there_after_reopening(path: Path) -> None:
    with Control(path) as control:
        control.publish(b"one", "h1")
    with Control(path) as control:
        assert control.live() == (1, b"one")
        assert control.publish(b"two", "h2") == 2


def test_publishing_is_atomic(control: Control, path: Path) -> None:
    control.publish(b"one", "h1")
    with closing(sqlite3.connect(path)) as plain:
        plain.execute("CREATE TRIGGER no_pointer BEFORE UPDATE ON environment BEGIN SELECT raise(ABORT, 'disk'); END")
    with pytest.raises(sqlite3.IntegrityError, match="disk"):
        control.publish(b"two", "h2")
    assert control.live() == (1, b"one")
    assert len(control.versions()) == 1


def test_two_writers_wait_for_one_another(path: Path) -> None:
    Control(path).close()

    def publish(writer: int) -> None:
        with Control(path) as control:
            for turn in range(10):
                control.publish(b"x", f"{writer}-{turn}")

    writers = [threading.Thread(target=publish, args=(writer,)) for writer in range(2)]
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    with Control.read(path) as reader:
        assert len(reader.versions()) == 20


def test_reading_a_file_that_is_not_there_makes_none(path: Path) -> None:
    with pytest.raises(OperatorError, match="Cannot open"):
        Control.read(path)
    assert not path.exists()


@pytest.mark.parametrize("kind", [Control, Control.read])
def test_another_kind_of_file_is_told(tmp_path: Path, kind: type[Control]) -> None:
    file = tmp_path / "control.db"
    file.write_bytes(b"no database at all " * 100)
    with pytest.raises(OperatorError, match="is no control database"):
        kind(file)


@pytest.mark.parametrize("kind", [Control, Control.read])
def test_a_newer_file_is_refused_and_stays_as_it_is(path: Path, kind: type[Control]) -> None:
    Control(path).close()
    with closing(sqlite3.connect(path)) as plain, plain:
        plain.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('control', 'of_next_year', '')"
        )
    with pytest.raises(FormatTooNew, match="was written by a newer Firsthand"):
        kind(path)


def test_it_is_durable_and_lets_readers_in(path: Path) -> None:
    Control(path).close()
    with closing(sqlite3.connect(path)) as plain:
        assert plain.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_commands_are_read_in_order_by_who_has_not_taken_them(control: Control, path: Path) -> None:
    asked: list[Command] = [
        Replay(selection=Selection(tag="meta", since_us=5), version="current"),
        Reroute(of="meta", version=3),
    ]
    assert [control.command(command) for command in asked] == [1, 2]

    with closing(Control.read(path)) as reader:
        assert [(row.number, row.command) for row in reader.commands()] == list(enumerate(asked, 1))
        assert [row.command for row in reader.commands(after=1)] == asked[1:]
        assert reader.commands(after=2) == []


def test_a_command_of_a_kind_from_the_future_is_not_passed_over(control: Control, path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("""INSERT INTO command (at, body) VALUES (1, '{"type":"teleport"}')""")
    with pytest.raises(FormatTooNew, match="Command 1"):
        control.commands()


def test_the_stamp_changes_with_every_write_of_another(control: Control, path: Path) -> None:
    with closing(Control.read(path)) as reader:
        before = reader.stamp()
        assert reader.stamp() == before
        control.command(Reroute(of="meta", version=1))
        assert reader.stamp() != before
