"""What left is computed again, whole batches by the versions that made them; what is not the same names its cause."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from runtime.cli.trace_text import trace_text
from runtime.explain.programs import Programs
from runtime.explain.put_away import careful_sandbox
from runtime.explain.recompute import Comparison, Recomputer
from runtime.explain.shard import open_shard
from runtime.explain.trace import explain
from runtime.log.records import decode_hit, encode_hit
from runtime.model.policy import NO_POLICY, Policy
from runtime.store.delivery_reader import Attempt
from runtime.store.files import control_path
from runtime.text.basis import basis_of, decode_basis, encode_basis
from tests.support.recompute_all import recompute_all

Chosen = Callable[[Attempt], bool]


@contextmanager
def plain(data: Path, name: str) -> Iterator[sqlite3.Connection]:
    """Opens a file of the folder to plant something in it."""
    with closing(sqlite3.connect(data / name, isolation_level=None)) as connection:
        yield connection


def compare(data: Path, chosen: Chosen = lambda tried: True, policy: Policy = NO_POLICY) -> tuple[Attempt, Comparison]:
    """Returns the first attempt that is meant, and what computing it again gives."""
    with open_shard(data, 0) as shard:
        assert shard.delivery is not None
        tried = next(each for each in shard.delivery.attempts_after(0, 10_000) if chosen(each))
        programs = Programs(control_path(data), careful_sandbox(data), policy=policy)
        return tried, Recomputer(shard, programs).compare(tried)


def a_batch(tried: Attempt) -> bool:
    return tried.row.count > 1 and not tried.made.versions


def told(comparison: Comparison) -> list[str]:
    return [f"{cause.code}: {cause.message}" for cause in comparison.causes]


def change(data: Path, seq: int, **changes: Any) -> None:
    with plain(data, "log-0.db") as log:
        (record,) = log.execute("SELECT record FROM hit WHERE seq = ?", (seq,)).fetchone()
        hit = msgspec.structs.replace(decode_hit(record), **changes)
        log.execute("UPDATE hit SET record = ? WHERE seq = ?", (encode_hit(hit), seq))


def test_every_attempt_is_computed_again_with_the_same_bytes(lived: Path) -> None:
    with open_shard(lived, 0) as shard:
        assert shard.delivery is not None
        again = Recomputer(shard, Programs(control_path(lived), policy=NO_POLICY))
        attempts = shard.delivery.attempts_after(0, 10_000)
        found = [again.compare(tried) for tried in attempts]
    assert len(found) > 100
    assert [told(each) for each in found if not each.same] == []
    assert {each.causes for each in found} == {()}
    assert max(tried.row.count for tried in attempts) > 5


def test_an_attempt_keeps_what_it_was_made_of(lived: Path) -> None:
    tried, _ = compare(lived, a_batch)
    assert decode_basis(tried.row.basis) == basis_of("")
    assert tried.made.versions == ()
    assert len(tried.made.checks) == 4 * tried.row.count
    replayed, _ = compare(lived, lambda tried: len(set(tried.made.versions)) == 1 and tried.row.tag == "hook")
    assert replayed.made.versions


def test_a_hit_past_retention(copied: Path) -> None:
    tried, _ = compare(copied, a_batch)
    with plain(copied, "log-0.db") as log:
        log.execute("DELETE FROM hit WHERE seq = ?", (tried.members[1][0],))
    _, comparison = compare(copied, a_batch)
    assert comparison.same is None
    assert told(comparison) == [f"hit_gone: hit 0.{tried.members[1][0]} is past retention"]


def test_a_damaged_record(copied: Path) -> None:
    tried, _ = compare(copied, a_batch)
    with plain(copied, "log-0.db") as log:
        log.execute("UPDATE hit SET record = x'01C1' WHERE seq = ?", (tried.members[0][0],))
    (cause,) = compare(copied, a_batch)[1].causes
    assert cause.code == "hit_damaged"


def test_a_hit_that_was_changed(copied: Path) -> None:
    tried, _ = compare(copied, lambda tried: tried.row.tag == "hook" and tried.row.count > 1)
    seq = tried.members[0][0]
    change(copied, seq, received_us=1_790_000_000_000_000)
    _, comparison = compare(copied, lambda each: each.id == tried.id)
    assert comparison.same is False
    assert told(comparison) == [f"hit_changed: hit 0.{seq} was changed in the log after it was sent"]


def test_a_version_that_is_gone(copied: Path) -> None:
    tried, _ = compare(copied, a_batch)
    with plain(copied, "control.db") as control:
        control.execute("PRAGMA foreign_keys = OFF")
        control.execute("DELETE FROM version WHERE number = ?", (tried.row.version,))
    (cause,) = compare(copied, a_batch)[1].causes
    assert cause.code == "version_gone"
    assert f"version {tried.row.version} cannot be run any more" in cause.message


def test_a_look_up_that_is_gone(copied: Path) -> None:
    with plain(copied, "delivery-0.db") as delivery:
        delivery.execute("DELETE FROM lookup")
    found = recompute_all(copied)["different"]
    assert found
    for _, *causes in found:
        assert [cause.partition(":")[0] for cause in causes] == ["lookup_missing"]
        assert causes[0].endswith("not recorded, or not any more: stock")
    tried, _ = compare(copied, lambda tried: tried.id == int(found[0][0]))
    text = trace_text(explain(copied, f"0.{tried.members[0][0]}"))
    assert "answers to look-ups are not recorded, or not any more: stock" in text
    assert "not decided without the look-ups" in text
    assert "its body cannot be computed again because: the answers to look-ups of hit" in text


def test_a_script_that_is_quarantined(copied: Path) -> None:
    tried, comparison = compare(copied, a_batch)
    program = Programs(control_path(copied), policy=NO_POLICY).program(tried.row.version)
    script = program.tags[tried.row.tag].code._ready().id
    with plain(copied, "delivery-0.db") as delivery:
        delivery.execute("INSERT INTO quarantine VALUES (?, '0.1', 1790000000000, 'hung')", (script,))
    _, comparison = compare(copied, a_batch)
    assert comparison.same is None
    assert [cause.code for cause in comparison.causes] == ["quarantined"]
    assert script in comparison.causes[0].message
    text = trace_text(explain(copied, f"0.{tried.members[0][0]}"))
    assert "its body cannot be computed again because: a script that tag" in text


def other_body(folder: Path, id: int, **basis: Any) -> Comparison:
    """Says that something else was sent, on another basis."""
    kept = encode_basis(msgspec.structs.replace(basis_of(""), **basis))
    with plain(folder, "delivery-0.db") as delivery:
        delivery.execute("UPDATE attempt SET body_sha256 = zeroblob(32), basis = ? WHERE id = ?", (kept, id))
    return compare(folder, lambda tried: tried.id == id)[1]


def test_another_basis_is_named_part_by_part(copied: Path) -> None:
    now = basis_of("")
    changed = {
        "firsthand": "0.0.9",
        "data": now.data | {"bots": "0" * 12},
        "libraries": now.libraries | {"orjson": "1.0"},
        "policy": "abc",
    }
    comparison = other_body(copied, 1, **changed)
    assert comparison.same is False
    assert told(comparison) == [
        f"basis: it was made by Firsthand 0.0.9, this is {now.firsthand}",
        "basis: the operator's policy is another one (abc, now none)",
        f"basis: the list of bots is another one (000000000000, now {now.data['bots']})",
        f"basis: orjson is another one (1.0, now {now.libraries['orjson']})",
    ]


def test_another_basis_alone_is_no_difference(copied: Path) -> None:
    with plain(copied, "delivery-0.db") as delivery:
        delivery.execute(
            "UPDATE attempt SET basis = ?", (encode_basis(msgspec.structs.replace(basis_of(""), policy="x")),)
        )
    assert compare(copied)[1].same is True


def test_what_nobody_can_say_is_to_be_reported(copied: Path) -> None:
    (cause,) = other_body(copied, 1).causes
    assert cause.code == "unknown"
    assert cause.message.startswith("unknown: please report this. ")
    assert f"{'00' * 32} sent" in cause.message


def test_attempts_from_before_it_was_kept_say_so(copied: Path) -> None:
    with plain(copied, "delivery-0.db") as delivery:
        delivery.execute("UPDATE attempt SET made = x'', basis = ''")
        delivery.execute("UPDATE attempt SET body_sha256 = zeroblob(32) WHERE id = 1")
    assert [cause.code for cause in compare(copied)[1].causes] == ["unrecorded"]
    assert compare(copied, lambda tried: tried.id == 2)[1].same is True


def test_files_of_the_format_before_are_read(copied: Path) -> None:
    with plain(copied, "delivery-0.db") as delivery:
        for statement in (
            "ALTER TABLE attempt DROP COLUMN made", "ALTER TABLE attempt DROP COLUMN basis", "DROP TABLE lookup",
            "DROP TABLE waiting", "PRAGMA user_version = 3",
        ):  # fmt: skip
            delivery.execute(statement)
    tried, _ = compare(copied)
    assert (tried.row.made, tried.row.basis) == (b"", "")


def hits_of(lived: Path, tag: str) -> set[tuple[int, int]]:
    """Returns hit and maker of items of a tag whose maker is not the hit's own version."""
    with open_shard(lived, 0) as shard:
        assert shard.delivery is not None
        found = set()
        for tried in shard.delivery.attempts(tag=tag, limit=10_000):
            for (seq, _), version in zip(tried.members, tried.made.versions, strict=False):
                logged = shard.log.get(seq)
                if logged is not None and logged.hit.version != version:
                    found.add((seq, version))
        return found


@pytest.mark.parametrize("tag", ["hook", "meta"])
def test_what_was_replayed_or_rerouted_is_shown_by_the_version_that_made_it(lived: Path, tag: str) -> None:
    seq, version = min(hits_of(lived, tag))
    record = explain(lived, f"0.{seq}")
    shown = [one for event in record["events"] for one in event["tags"] if one["tag"] == tag and "remade" in one]
    assert [one["remade"]["version"] for one in shown] == [version] * len(shown)
    assert all(one["remade"]["item"] for one in shown)
    assert {tried["same_body"] for one in shown for tried in one["attempts"]} == {True}
    text = trace_text(record)
    assert f"what went out is made by version {version}, delivered" in text
    assert "same body: computed again it is what was sent" in text


def test_a_difference_is_told_with_its_cause(copied: Path) -> None:
    tried, _ = compare(copied, lambda tried: tried.row.count == 1)
    other_body(copied, tried.id, firsthand="0.0.9")
    text = trace_text(explain(copied, f"0.{tried.members[0][0]}"))
    assert "its body differs from what was sent because: it was made by Firsthand 0.0.9, this is" in text
