"""What `Log` and `LogReader` promise, for every engine and for both ways to read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from runtime.log.protocol import LogReader
from runtime.log.sqlite import SqliteLog, SqliteReader
from tests.log.samples import ARRIVAL_US, make_hit, make_hits

FOR_EVER_US = 1 << 60
Open = Callable[[], SqliteLog]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log-7.db"


@pytest.fixture
def log(path: Path) -> Iterator[SqliteLog]:
    with closing(SqliteLog(path, 7)) as log:
        yield log


@pytest.fixture(params=["writer", "reader"])
def reader(request: pytest.FixtureRequest, log: SqliteLog) -> Iterator[LogReader]:
    if request.param == "writer":
        yield log
    else:
        with closing(SqliteReader(log.path, log.shard)) as reader:
            yield reader


def numbers(reader: LogReader, after: int = 0, limit: int = 500, max_bytes: int = 1 << 20) -> list[int]:
    return [logged.seq for logged in reader.read(after, limit, max_bytes)]


def test_hits_come_back_as_they_were_in_order(log: SqliteLog, reader: LogReader) -> None:
    hits = make_hits(3)

    assert reader.read(0) == []
    assert reader.last_seq() == 0
    assert log.append(hits[:2]) == 1
    assert log.append(hits[2:]) == 3
    assert [(logged.id, logged.hit) for logged in reader.read(0)] == [
        ("7.1", hits[0]),
        ("7.2", hits[1]),
        ("7.3", hits[2]),
    ]
    assert reader.last_seq() == 3


def test_reading_goes_on_after_a_number(log: SqliteLog, reader: LogReader) -> None:
    log.append(make_hits(10))

    assert numbers(reader, after=4, limit=3) == [5, 6, 7]
    assert numbers(reader, after=9) == [10]
    assert numbers(reader, after=10) == []


def test_reading_stops_at_a_size_but_gives_at_least_one(log: SqliteLog, reader: LogReader) -> None:
    log.append([make_hit(body=b"x" * 1000) for _ in range(5)])

    assert numbers(reader, max_bytes=1) == [1]
    assert numbers(reader, after=1, max_bytes=4500) == [2, 3, 4]


def test_an_append_of_nothing_takes_no_number(log: SqliteLog, reader: LogReader) -> None:
    assert log.append([]) == 1
    assert log.append(make_hits(1)) == 1
    assert reader.last_seq() == 1


def trim_all(log: SqliteLog, upto: int, before_us: int, slice_hits: int) -> list[int]:
    return list(iter(lambda: log.trim(upto, before_us, slice_hits), 0))


def test_trimming_takes_what_every_reader_has_passed_slice_by_slice(log: SqliteLog, reader: LogReader) -> None:
    log.append(make_hits(10))

    assert trim_all(log, upto=7, before_us=FOR_EVER_US, slice_hits=3) == [3, 3, 1]
    assert numbers(reader) == [8, 9, 10]
    assert reader.last_seq() == 10


def test_trimming_keeps_what_is_young(log: SqliteLog, reader: LogReader) -> None:
    log.append(make_hits(10))

    assert trim_all(log, upto=10, before_us=ARRIVAL_US + 4, slice_hits=100) == [4]
    assert numbers(reader) == [5, 6, 7, 8, 9, 10]


def test_numbers_are_never_given_twice(log: SqliteLog, reader: LogReader, path: Path) -> None:
    log.append(make_hits(5))
    assert trim_all(log, upto=5, before_us=FOR_EVER_US, slice_hits=100) == [5]
    log.close()

    with closing(SqliteLog(path, 7)) as reopened:
        assert reopened.last_seq() == 5
        assert reopened.append(make_hits(2)) == 6
    with closing(SqliteLog(path, 7)) as reopened:
        assert reopened.append(make_hits(1)) == 8


def test_a_slice_ends_where_records_are_large(log: SqliteLog, reader: LogReader) -> None:
    log.append([make_hit(body=b"x" * (3 << 20)) for _ in range(5)])

    assert trim_all(log, upto=5, before_us=FOR_EVER_US, slice_hits=100) == [2, 2, 1]
    assert numbers(reader) == []
