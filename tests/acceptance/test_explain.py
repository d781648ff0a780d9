"""Explain equals what happened: what is computed again has the hash of what was sent, in another process, after a
restart, after later versions, and by an upgraded Firsthand whose templates are others. And where it has not, the cause
is named.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from runtime.containers.templates import load_templates
from runtime.log.records import decode_hit, encode_hit
from tests.support import recompute_all as program
from tests.support.explained import Past, Vendors, live_through

ROOT = Path(__file__).parent.parent.parent
HITS, VERSIONS = 5250, 24
SOME = 200
"""Attempts that the counter-checks look at."""


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a shop that has lived, and whose built-in templates were replaced since."""
    folder = tmp_path_factory.mktemp("past")
    vendors = Vendors()
    with vendors:
        past = Past(folder / "data", vendors)
        past.folder.mkdir()
        asyncio.run(live_through(past, VERSIONS, HITS))
        past.publish(templates=load_templates(upgraded(folder / "later") / "tags"))
        past.publish()
        assert vendors.stock > VERSIONS, "no look-up was answered anew"
    return past.folder


def upgraded(folder: Path, *, kit: bool = False) -> Path:
    """Makes a later Firsthand: another version, other scripts in every built-in template; with `kit`, what the kit does
    is another thing, too."""
    for part in ("runtime", "tags"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    for script in (folder / "tags").rglob("*.lua"):
        script.write_text(f"-- Of a later release.\nlocal later = 2\n{script.read_text()}")
    init = folder / "runtime/__init__.py"
    text = init.read_text()
    init.write_text(f'{text}\n__version__ = "99.0.0"\n')
    if kit:
        hashing = folder / "runtime/text/hashing.py"
        hashing.write_text(hashing.read_text().replace("hexdigest()", "hexdigest()[::-1]"))
    return folder


def recomputed(firsthand: Path, data: Path, *most: int) -> Any:
    """Returns what a process of that Firsthand computes."""
    script = shutil.copy(program.__file__, firsthand / "recompute_all.py")
    command = [sys.executable, str(script), str(data), *map(str, most)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, cwd=firsthand)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_what_is_computed_again_is_what_was_sent(past: Path, tmp_path: Path, show: Callable[[str], None]) -> None:
    began = time.monotonic()
    found = recomputed(upgraded(tmp_path / "later"), past)
    counts = found["counts"]
    figures = ", ".join(f"{number} {name}" for name, number in counts.items())
    show(f"explain: {found['hits']} hits on {VERSIONS} containers, {figures}; {time.monotonic() - began:.0f} s\n")
    assert found["different"] == []
    assert counts["same"] == counts["compared"] > 0
    assert found["hits"] >= 5000
    assert counts["items in batches"] >= 0.3 * counts["items"]
    assert counts["repeated or refused"] > 100
    assert counts["items with versions of their own"] > 100


def test_another_kit_is_named_as_the_cause(past: Path, tmp_path: Path) -> None:
    found = recomputed(upgraded(tmp_path / "later", kit=True), past, SOME)
    assert found["different"]
    for _, *causes in found["different"]:
        assert [cause for cause in causes if cause.startswith("basis: it was made by Firsthand ")], causes


def test_a_hit_that_was_changed_is_named_as_the_cause(past: Path, tmp_path: Path) -> None:
    data = shutil.copytree(past, tmp_path / "data")
    with closing(sqlite3.connect(data / "delivery-0.db")) as delivery:
        sent = {seq for (seq,) in delivery.execute("SELECT first_seq FROM attempt ORDER BY id LIMIT ?", (SOME,))}
    with closing(sqlite3.connect(data / "log-0.db", isolation_level=None)) as log:
        hits = ((seq, decode_hit(record)) for seq, record in log.execute("SELECT seq, record FROM hit"))
        seq, hit = next((seq, hit) for seq, hit in hits if seq in sent and hit.client == "json")
        changed = msgspec.structs.replace(hit, body=hit.body.replace(b'"EUR"', b'"CHF"'))
        log.execute("UPDATE hit SET record = ? WHERE seq = ?", (encode_hit(changed), seq))
    found = program.recompute_all(data, SOME)
    assert found["different"]
    for _, *causes in found["different"]:
        assert causes == [f"hit_changed: hit 0.{seq} was changed in the log after it was sent"]


def test_a_look_up_that_is_gone_is_named_as_the_cause(past: Path, tmp_path: Path) -> None:
    data = shutil.copytree(past, tmp_path / "data")
    with closing(sqlite3.connect(data / "delivery-0.db", isolation_level=None)) as delivery:
        (seq,) = delivery.execute("SELECT min(seq) FROM lookup WHERE seq IN (SELECT first_seq FROM attempt)").fetchone()
        delivery.execute("DELETE FROM lookup WHERE seq = ?", (seq,))
    found = program.recompute_all(data, 10 * SOME)
    assert found["different"]
    for _, *causes in found["different"]:
        expected = f"lookup_missing: the answers to look-ups of hit 0.{seq} are not recorded, or not any more: stock"
        assert causes == [expected]
