"""A damaged record in the middle of a log: the hits around it are read, and it is told of."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from runtime.log.damaged import outcome_of_damage, passing_damage
from runtime.log.sqlite import SqliteLog, SqliteReader
from tests.log.samples import make_hits


def test_readers_pass_a_damaged_record(tmp_path: Path) -> None:
    path = tmp_path / "log-0.db"
    with closing(SqliteLog(path, 0)) as log:
        log.append(make_hits(5))
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE hit SET record = x'01c1' WHERE seq = 3")
    found, place = [], 0
    with closing(SqliteReader(path, 0)) as reader:
        read = passing_damage(lambda after, limit: reader.read(after, limit))
        while hits := read(place, 10):
            found += hits
            place = hits[-1].seq

    assert [logged.seq for logged in found] == [1, 2, 3, 4, 5]
    outcomes = {logged.seq: outcome_of_damage(logged) for logged in found}
    assert [seq for seq, outcome in outcomes.items() if outcome] == [3]
    damaged = outcomes[3]
    assert damaged is not None
    assert damaged.dead[0].reason == "record_unreadable"
