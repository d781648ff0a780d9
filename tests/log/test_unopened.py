"""A log that cannot be opened when its process starts: the process lives, refuses, and goes on once it can."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from runtime.errors import FormatTooNew, LogUnavailable
from runtime.log.sqlite import SqliteLog
from runtime.log.writer import Writer
from tests.log.samples import SAMPLE


def blocked(tmp_path: Path) -> Path:
    """Returns where the log belongs; a folder is in its place, so that it cannot be opened."""
    path = tmp_path / "log-0.db"
    path.mkdir()
    return path


def test_it_is_opened_by_the_first_try_that_can(tmp_path: Path) -> None:
    path = blocked(tmp_path)
    with closing(SqliteLog(path, 0, must_open=False)) as log:
        assert log.unopened
        with pytest.raises(LogUnavailable):
            log.append([SAMPLE])
        with pytest.raises(LogUnavailable):
            log.trim(1, 0)
        path.rmdir()
        log.reopen()
        assert log.unopened is None
        assert log.append([SAMPLE]) == 1


def test_its_writer_refuses_and_recovers_without_a_hit_to_try(tmp_path: Path) -> None:
    path = blocked(tmp_path)

    async def work() -> int:
        writer = Writer(SqliteLog(path, 0, must_open=False), notes_every_s=0.01)
        try:
            assert writer.failing
            with pytest.raises(LogUnavailable):
                await writer.append(SAMPLE)
            path.rmdir()
            while writer.failing:  # noqa: ASYNC110 - it is the other thread that changes it
                await asyncio.sleep(0.005)
            return await writer.append(SAMPLE)
        finally:
            await writer.close()

    assert asyncio.run(asyncio.wait_for(work(), 10)) == 1


def test_it_may_be_closed_unopened(tmp_path: Path) -> None:
    async def work() -> None:
        await Writer(SqliteLog(blocked(tmp_path), 0, must_open=False)).close()

    asyncio.run(asyncio.wait_for(work(), 10))


def test_what_only_the_operator_can_mend_is_raised_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "log-0.db"
    SqliteLog(path, 0).close()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE meta SET value = 99 WHERE name = 'format'")
    with pytest.raises(FormatTooNew):
        SqliteLog(path, 0, must_open=False)
