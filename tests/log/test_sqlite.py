from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from runtime.errors import FormatTooNew, LogUnavailable, OperatorError
from runtime.log.protocol import Notes
from runtime.log.records import RecordUnreadable
from runtime.log.sqlite import EXAMPLES_KEPT, SqliteLog, SqliteReader
from runtime.store.files import log_path
from tests.log.samples import make_hit, make_hits


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return log_path(tmp_path / "data", 7)


@pytest.fixture
def log(path: Path) -> Iterator[SqliteLog]:
    path.parent.mkdir()
    with closing(SqliteLog(path, 7, busy_s=0.05)) as log:
        yield log


@pytest.fixture
def reader(path: Path) -> Iterator[SqliteReader]:
    with closing(SqliteReader(path, 7)) as reader:
        yield reader


def run_sql(path: Path, statement: str, *values: object) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        return db.execute(statement, values).fetchall()


def test_the_file_is_built_to_lose_nothing_and_to_shrink(log: SqliteLog, path: Path) -> None:
    assert path.name == "log-7.db"
    assert run_sql(path, "PRAGMA journal_mode") == [("wal",)]
    assert run_sql(path, "PRAGMA auto_vacuum") == [(2,)]
    assert run_sql(path, "PRAGMA integrity_check") == [("ok",)]

    log.append([make_hit(body=b"x" * 10_000) for _ in range(200)])
    before = run_sql(path, "PRAGMA page_count")[0][0]
    while log.trim(200, 1 << 60):
        pass

    assert run_sql(path, "PRAGMA page_count")[0][0] < before / 2
    assert run_sql(path, "PRAGMA integrity_check") == [("ok",)]


def test_counts_add_up_and_old_ones_are_trimmed(log: SqliteLog, reader: SqliteReader) -> None:
    log.append([], Notes({(10, "unclaimed", ""): 2, (11, "refused", "too_large"): 1}))
    log.append(make_hits(1), Notes({(11, "refused", "too_large"): 4}))

    assert reader.counts(since_minute=0) == [(10, "unclaimed", "", 2), (11, "refused", "too_large", 5)]
    assert reader.counts(since_minute=11) == [(11, "refused", "too_large", 5)]

    log.trim(0, before_us=11 * 60_000_000)

    assert reader.counts(since_minute=0) == [(11, "refused", "too_large", 5)]


def test_the_last_examples_of_each_kind_are_kept(log: SqliteLog, reader: SqliteReader) -> None:
    log.append([], Notes(examples=[("refused", 5, b'{"path":"/x"}')]))
    for n in range(EXAMPLES_KEPT + 7):
        log.append([], Notes(examples=[("unclaimed", n, b'{"n":%d}' % n)]))

    examples = reader.examples("unclaimed")

    assert examples[0] == (EXAMPLES_KEPT + 6, {"n": EXAMPLES_KEPT + 6})
    assert len(examples) == EXAMPLES_KEPT
    assert reader.examples("refused") == [(5, {"path": "/x"})]


def test_single_hits_are_found_and_missing_ones_are_none(log: SqliteLog, reader: SqliteReader) -> None:
    log.append(make_hits(3))
    log.trim(1, 1 << 60)

    assert reader.first_seq() == 2
    assert reader.get(1) is None
    assert reader.get(4) is None
    found = reader.get(2)
    assert found is not None
    assert found.id == "7.2"


def test_a_reader_waits_for_a_file_that_is_not_there_yet(path: Path, reader: SqliteReader) -> None:
    def all_empty() -> bool:
        return (reader.read(0), reader.last_seq(), reader.first_seq(), reader.counts(0), reader.get(1)) == (
            [],
            0,
            0,
            [],
            None,
        )

    assert all_empty()
    path.parent.mkdir()
    path.touch()
    assert all_empty()

    with closing(SqliteLog(path, 7)) as log:
        log.append(make_hits(1))
        assert [logged.seq for logged in reader.read(0)] == [1]


def test_a_reader_sees_what_is_committed_and_nothing_else(log: SqliteLog, reader: SqliteReader, path: Path) -> None:
    log.append(make_hits(1))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO hit SELECT 2, received_us, version, record FROM hit")

        assert [logged.seq for logged in reader.read(0)] == [1]
        other.execute("COMMIT")

    assert [logged.seq for logged in reader.read(0)] == [1, 2]


def test_a_reader_reads_a_log_that_nobody_writes(log: SqliteLog, reader: SqliteReader) -> None:
    log.append(make_hits(2))
    log.close()

    assert [logged.seq for logged in reader.read(0)] == [1, 2]


def test_a_reader_changes_nothing(log: SqliteLog, reader: SqliteReader) -> None:
    log.append(make_hits(1))
    reader.read(0)
    before = log.path.read_bytes()

    reader.close()

    assert log.path.read_bytes() == before
    assert [logged.seq for logged in reader.read(0)] == [1]


def test_a_reader_follows_a_restored_file(log: SqliteLog, reader: SqliteReader, path: Path) -> None:
    log.append(make_hits(1))
    assert len(reader.read(0)) == 1
    log.close()

    for restored in (2, 3):
        shutil.rmtree(path.parent)
        if restored == 2:
            assert reader.read(0) == []
        path.parent.mkdir()
        with closing(SqliteLog(path, 7)) as another:
            another.append(make_hits(restored))
            assert len(reader.read(0)) == restored


def test_a_lock_of_a_foreign_tool_is_told_and_passes(log: SqliteLog, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as tool:
        tool.execute("BEGIN IMMEDIATE")
        with pytest.raises(LogUnavailable, match=r"log-7\.db cannot be written: database is locked \(SQLITE_BUSY\)"):
            log.append(make_hits(1))

    assert log.append(make_hits(1)) == 1


def test_a_removed_folder_is_noticed_and_numbers_go_on(log: SqliteLog, path: Path) -> None:
    log.append(make_hits(3))
    shutil.rmtree(path.parent)

    with pytest.raises(LogUnavailable, match="cannot be found"):
        log.append(make_hits(1))
    with pytest.raises(LogUnavailable, match="cannot be opened"):
        log.reopen()
    with pytest.raises(LogUnavailable, match="cannot be written"):
        log.append(make_hits(1))

    path.parent.mkdir()
    log.reopen()
    assert log.append(make_hits(1)) >= 4


def test_a_replaced_file_is_noticed(log: SqliteLog, path: Path) -> None:
    log.append(make_hits(1))
    shutil.copy(path, path.with_suffix(".copy"))
    path.with_suffix(".copy").replace(path)

    with pytest.raises(LogUnavailable, match="replaced while it was open"):
        log.append(make_hits(1))


def test_a_second_writer_is_found_out(log: SqliteLog, path: Path) -> None:
    with closing(SqliteLog(path, 7)) as second:
        log.append(make_hits(1))
        with pytest.raises(LogUnavailable, match="SQLITE_CONSTRAINT"):
            second.append(make_hits(1))
        second.reopen()
        assert second.append(make_hits(1)) == 2


def test_a_file_of_a_newer_firsthand_is_refused(log: SqliteLog, reader: SqliteReader, path: Path) -> None:
    run_sql(path, "UPDATE meta SET value = 2 WHERE name = 'format'")

    with pytest.raises(FormatTooNew, match=r"log-7\.db has format 2"):
        SqliteLog(path, 7)
    with pytest.raises(FormatTooNew, match=r"log-7\.db has format 2"):
        reader.read(0)


def test_records_of_a_newer_firsthand_are_refused_at_the_door(log: SqliteLog, reader: SqliteReader, path: Path) -> None:
    log.append(make_hits(2))
    assert len(reader.read(0)) == 2
    run_sql(path, "UPDATE hit SET record = x'02' WHERE seq = 2")

    with pytest.raises(FormatTooNew, match="a record of the log has format 2"):
        SqliteLog(path, 7)
    assert [logged.seq for logged in reader.read(0)] == [1]
    with pytest.raises(FormatTooNew):
        reader.read(1)


def test_a_damaged_record_is_named_and_can_be_passed(log: SqliteLog, reader: SqliteReader, path: Path) -> None:
    log.append(make_hits(3))
    run_sql(path, "UPDATE hit SET record = x'0193' WHERE seq = 2")

    assert [logged.seq for logged in reader.read(0)] == [1]
    with pytest.raises(RecordUnreadable, match=r"hit 7\.2 cannot be read") as damaged:
        reader.read(1)
    assert [logged.seq for logged in reader.read(damaged.value.seq)] == [3]


def test_the_log_of_another_shard_is_refused(log: SqliteLog, path: Path) -> None:
    with pytest.raises(OperatorError, match="is the log of shard 7, not of shard 8"):
        SqliteLog(path, 8)
    with closing(SqliteReader(path, 8)) as reader, pytest.raises(OperatorError, match="not of shard 8"):
        reader.read(0)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log-7.db"
    path.write_bytes(b"no database at all " * 100)

    with pytest.raises(LogUnavailable, match="cannot be opened: file is not a database"):
        SqliteLog(path, 7)
    with closing(SqliteReader(path, 7)) as reader, pytest.raises(LogUnavailable, match="cannot be read"):
        reader.read(0)


def test_the_folder_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(LogUnavailable, match=r"nowhere/log-7\.db cannot be opened"):
        SqliteLog(tmp_path / "nowhere" / "log-7.db", 7)


def test_a_log_that_is_too_large_gives_up_its_oldest_hits_of_any_age(path: Path) -> None:
    path.parent.mkdir()
    with closing(SqliteLog(path, 7, max_bytes=1_000_000)) as log:
        log.append([make_hit(body=b"x" * 10_000) for _ in range(300)])
        assert log.held_bytes() > 3_000_000

        while log.trim(250, before_us=0, slice_hits=20):
            pass

        assert log.held_bytes() <= 1_000_000
        oldest = log.read(0)[0].seq
        assert 150 < oldest < 250, "no more than needed"

        log.append([make_hit(body=b"x" * 10_000) for _ in range(300)])
        while log.trim(250, before_us=0, slice_hits=20):
            pass
        assert log.read(0)[0].seq == 251, "never past what its readers need"


def test_totals_outlive_the_minutes(log: SqliteLog, reader: SqliteReader) -> None:
    log.append([], Notes({(10, "unclaimed", ""): 2, (11, "unclaimed", ""): 3}))
    log.trim(0, before_us=1 << 60)
    log.append([], Notes({(12, "unclaimed", ""): 1}))

    assert reader.totals() == {("unclaimed", ""): 6}
    assert reader.counts(since_minute=0) == [(12, "unclaimed", "", 1)]
