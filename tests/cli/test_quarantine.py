"""`firsthand quarantine`: what is put away, and letting it run again."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from runtime.cli.main import app
from runtime.errors import OperatorError
from runtime.model.command import LiftQuarantine
from runtime.store.control import Control
from runtime.store.delivery import DeliveryStore
from runtime.store.delivery_rows import QuarantineRow
from runtime.store.files import control_path, delivery_path, log_path

SCRIPT = "destination/a@1f"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two shards that both met the script, and one whose router has not run."""
    for shard in range(3):
        log_path(tmp_path, shard).touch()
    for shard in range(2):
        store = DeliveryStore(delivery_path(tmp_path, shard))
        store.quarantine(QuarantineRow(SCRIPT, f"{shard}.7", 1_790_000_000_000 + 500 * shard, "hung"))
        store.close()
    return tmp_path


def lines(data: Path) -> list[str]:
    done = CliRunner().invoke(app, ["quarantine", "list", "--json", "--data", str(data)], catch_exceptions=False)
    return done.stdout.splitlines()


def test_what_is_put_away_is_listed(data: Path) -> None:
    assert [json.loads(line) for line in lines(data)] == [
        {
            "script": SCRIPT, "since": f"2026-09-21T14:13:20.{500 * shard:03d}Z", "cause": "hung",
            "hit": f"{shard}.7", "shard": shard,
        }
        for shard in range(2)
    ]  # fmt: skip
    done = CliRunner().invoke(app, ["quarantine", "list", "--data", str(data)])
    assert SCRIPT in done.stdout


def test_lifting_is_a_command_to_the_routers(data: Path) -> None:
    done = CliRunner().invoke(app, ["quarantine", "lift", SCRIPT, "--data", str(data)], catch_exceptions=False)
    assert done.exit_code == 0
    assert "Command 1" in done.stdout
    with closing(Control.read(control_path(data))) as control:
        assert [row.command for row in control.commands()] == [LiftQuarantine(script=SCRIPT)]


def test_what_is_not_put_away_cannot_be_lifted(data: Path) -> None:
    with pytest.raises(OperatorError, match="`destination/b@2` is not quarantined"):
        CliRunner().invoke(app, ["quarantine", "lift", "destination/b@2", "--data", str(data)], catch_exceptions=False)
    assert not control_path(data).exists()
