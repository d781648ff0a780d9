"""The writer with a real file, real locks and real disk errors."""

from __future__ import annotations

import asyncio
import resource
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from runtime.errors import DiskFull, LogUnavailable, Overloaded
from runtime.log.sqlite import SqliteLog, SqliteReader
from runtime.log.writer import Writer
from tests.log.samples import make_hit, make_hits


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder / "log-0.db"


@pytest.fixture
def reader(path: Path) -> Iterator[SqliteReader]:
    with closing(SqliteReader(path, 0)) as reader:
        yield reader


@asynccontextmanager
async def writing(path: Path, *, busy_s: float = 5.0, **options: Any) -> AsyncIterator[Writer]:
    writer = Writer(SqliteLog(path, 0, busy_s=busy_s), **options)
    try:
        yield writer
    finally:
        await writer.close()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds the file's write lock, as a backup tool might."""
    with closing(sqlite3.connect(path, isolation_level=None)) as tool:
        tool.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def full_disk(at_bytes: int) -> Iterator[None]:
    """Lets the system refuse to make any file of this process longer than that."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (at_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def until(holds: Callable[[], Any]) -> None:
    for _ in range(1000):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came about")


async def outcomes(*appends: Any) -> list[Any]:
    return await asyncio.gather(*appends, return_exceptions=True)


def seqs(reader: SqliteReader) -> list[int]:
    return [logged.seq for logged in reader.read(0, limit=100_000, max_bytes=1 << 30)]


def test_hits_that_wait_together_share_a_commit(path: Path, reader: SqliteReader) -> None:
    commits: list[int] = []

    async def main() -> None:
        async with writing(path, on_commit=commits.append) as writer:
            given = await asyncio.gather(*[writer.append(hit) for hit in make_hits(2500)])
            assert given == list(range(1, 2501))
            assert [logged.hit for logged in reader.read(0, limit=10)] == make_hits(10)

    asyncio.run(main())

    assert commits == sorted(commits)
    assert commits[-1] == 2500
    assert 3 <= len(commits) < 250  # at most 1,000 a commit, and far from one commit each
    assert seqs(reader) == list(range(1, 2501))


def test_hits_of_one_turn_of_the_loop_are_one_commit(path: Path) -> None:
    commits: list[int] = []

    async def main() -> None:
        async with writing(path, on_commit=commits.append) as writer:
            await asyncio.gather(*[writer.append(hit) for hit in make_hits(50)])

    asyncio.run(main())
    assert commits == [50]


def test_a_number_is_given_only_after_the_commit(path: Path, reader: SqliteReader) -> None:
    async def sender(writer: Writer, count: int) -> None:
        for hit in make_hits(count):
            assert await writer.append(hit) <= reader.last_seq()

    async def main() -> None:
        async with writing(path) as writer:
            await asyncio.gather(*[sender(writer, 20) for _ in range(10)])

    asyncio.run(main())
    assert len(seqs(reader)) == 200


def test_closing_commits_everything_that_was_accepted(path: Path, reader: SqliteReader) -> None:
    async def main() -> None:
        async with writing(path) as writer:
            appends = [asyncio.create_task(writer.append(hit)) for hit in make_hits(1500)]
            await asyncio.sleep(0)
            writer.count("accepted", "pixel")
            writer.example("unclaimed", {"path": "/x"})
        assert sorted(await asyncio.gather(*appends)) == list(range(1, 1501))
        with pytest.raises(LogUnavailable, match="stopping"):
            await writer.append(make_hit())
        with pytest.raises(LogUnavailable, match="stopping"):
            await writer.trim(1, 1)
        await writer.close()

    asyncio.run(main())
    assert seqs(reader) == list(range(1, 1501))
    assert [(name, label, n) for _, name, label, n in reader.counts(0)] == [("accepted", "pixel", 1)]
    assert [summary for _, summary in reader.examples("unclaimed")] == [{"path": "/x"}]


def test_a_sender_that_went_away_does_not_hold_up_the_others(path: Path, reader: SqliteReader) -> None:
    async def main() -> None:
        async with writing(path) as writer:
            appends = [asyncio.create_task(writer.append(hit)) for hit in make_hits(3)]
            await asyncio.sleep(0)
            appends[1].cancel()
            results = await outcomes(*appends)
            assert results[0] == 1
            assert isinstance(results[1], asyncio.CancelledError)
            assert results[2] == 3

    asyncio.run(main())
    assert seqs(reader) == [1, 2, 3]


def test_a_full_disk_refuses_every_waiter_and_passes(path: Path, reader: SqliteReader) -> None:
    large = make_hit(body=b"x" * 100_000)

    async def main() -> None:
        async with writing(path) as writer:
            assert await writer.append(large) == 1
            with full_disk(path.with_name("log-0.db-wal").stat().st_size + 300_000):
                results = await outcomes(*[writer.append(large) for _ in range(30)])
                assert any(isinstance(result, LogUnavailable) for result in results)
                assert all(isinstance(result, int | LogUnavailable) for result in results)
                assert writer.failing
            accepted = [result for result in results if isinstance(result, int)]
            after = await writer.append(large)
            assert not writer.failing
            assert after > max(accepted, default=1)
            assert {1, after, *accepted} <= set(seqs(reader))

    asyncio.run(main())


def test_a_removed_folder_refuses_and_a_new_one_is_taken(path: Path, reader: SqliteReader) -> None:
    async def main() -> None:
        async with writing(path) as writer:
            assert await writer.append(make_hit()) == 1
            shutil.rmtree(path.parent)
            for _ in range(3):
                with pytest.raises(LogUnavailable):
                    await writer.append(make_hit())
            path.parent.mkdir()
            assert await writer.append(make_hit()) > 1
            assert len(seqs(reader)) == 1

    asyncio.run(main())


def test_an_error_is_told_to_the_operator_once(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def main() -> None:
        async with writing(path, busy_s=0.01) as writer:
            with locked(path):
                for _ in range(3):
                    with pytest.raises(LogUnavailable, match="not accepted"):
                        await writer.append(make_hit())
            await writer.append(make_hit())

    asyncio.run(main())
    told = capsys.readouterr()
    assert (told.out + told.err).count("log_append_failed") == 1
    assert (told.out + told.err).count("log_append_recovered") == 1
    assert "database is locked" in told.out + told.err


def test_a_commit_that_does_not_come_back_refuses_its_waiters(path: Path, reader: SqliteReader) -> None:
    async def main() -> None:
        async with writing(path, busy_s=30, stall_s=0.1) as writer:
            with locked(path):
                first = asyncio.create_task(writer.append(make_hit(query=b"in flight")))
                await asyncio.sleep(0)
                await until(lambda: writer.waiting == 0)
                second = asyncio.create_task(writer.append(make_hit(query=b"waiting")))
                assert [type(result) for result in await outcomes(first, second)] == [LogUnavailable] * 2
            assert await writer.append(make_hit(query=b"after")) == 2

    asyncio.run(main())
    # What was in flight may be there although it was refused; what only waited was taken back.
    assert [logged.hit.query for logged in reader.read(0)] == [b"in flight", b"after"]


def test_too_many_waiters_are_told_to_come_back(path: Path) -> None:
    async def main() -> None:
        async with writing(path, busy_s=30, max_waiting=5) as writer:
            with locked(path):
                appends = [asyncio.create_task(writer.append(make_hit()))]
                await asyncio.sleep(0)
                await until(lambda: writer.waiting == 0)
                appends += [asyncio.create_task(writer.append(make_hit())) for _ in range(7)]
                await asyncio.sleep(0)
            results = await outcomes(*appends)
            assert [type(result) for result in results] == [int] * 6 + [Overloaded] * 2

    asyncio.run(main())


def test_counts_and_examples_are_written_without_hits_too(path: Path, reader: SqliteReader) -> None:
    async def main() -> None:
        async with writing(path, notes_every_s=0.02) as writer:
            for _ in range(3):
                writer.count("unclaimed")
            writer.example("unclaimed", {"path": "/x", "odd": Path("/y")})
            await until(lambda: reader.examples("unclaimed"))

    asyncio.run(main())
    assert sum(n for _, name, _, n in reader.counts(0) if name == "unclaimed") == 3
    assert reader.examples("unclaimed")[0][1] == {"path": "/x", "odd": "/y"}
    assert reader.last_seq() == 0


def test_counts_survive_a_failed_commit(path: Path, reader: SqliteReader) -> None:
    async def main() -> None:
        async with writing(path, busy_s=0.01, notes_every_s=0.01) as writer:
            with locked(path):
                writer.count("accepted", "pixel")
                await asyncio.sleep(0.1)
                writer.count("accepted", "pixel")
                with pytest.raises(LogUnavailable):
                    await writer.append(make_hit())

    asyncio.run(main())
    assert sum(n for _, _, _, n in reader.counts(0)) == 2


def test_labels_that_strangers_choose_are_bounded(path: Path, reader: SqliteReader) -> None:
    async def main() -> None:
        async with writing(path, notes_every_s=60) as writer:
            for n in range(5000):
                writer.count("refused", f"/path/{n}")
                writer.example("refused", {"n": n})

    asyncio.run(main())
    counts = reader.counts(0)
    assert len(counts) <= 1002
    assert sum(n for _, _, _, n in counts) == 5000
    assert len(reader.examples("refused")) == 50


def test_trims_run_between_commits(path: Path, reader: SqliteReader) -> None:
    async def main() -> None:
        async with writing(path) as writer:
            await asyncio.gather(*[writer.append(hit) for hit in make_hits(2000)])
            trim = asyncio.create_task(writer.trim(1900, 1 << 60))
            given = await asyncio.gather(*[writer.append(hit) for hit in make_hits(50)])
            assert given == list(range(2001, 2051))
            assert await trim == 1900

    asyncio.run(main())
    assert seqs(reader) == list(range(1901, 2051))


def test_a_trim_that_fails_is_told_and_the_next_one_works(path: Path, reader: SqliteReader) -> None:
    async def main() -> None:
        async with writing(path, busy_s=0.01) as writer:
            await asyncio.gather(*[writer.append(hit) for hit in make_hits(10)])
            with locked(path), pytest.raises(LogUnavailable, match="trimmed"):
                await writer.trim(10, 1 << 60)
            assert await writer.trim(10, 1 << 60) == 10
            assert await writer.append(make_hit()) == 11

    asyncio.run(main())
    assert seqs(reader) == [11]


def test_a_disk_without_room_refuses_hits_and_takes_them_again(path: Path) -> None:
    async def scenario() -> None:
        is_full = True
        async with writing(path, is_full=lambda: is_full) as writer:
            with pytest.raises(DiskFull):
                await writer.append(make_hit())
            is_full = False
            assert await writer.append(make_hit()) == 1

    asyncio.run(scenario())
