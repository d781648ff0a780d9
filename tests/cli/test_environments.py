"""`firsthand container environments|environment`: places beside live, their hosts, and what cannot be one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from runtime.cli.main import app
from runtime.errors import OperatorError


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("FIRSTHAND_DATA_DIR", str(folder))
    file = tmp_path / "container.yaml"
    file.write_text("container: shop\ndomains: [shop.example]\n")
    run("container", "apply", file)


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(each) for each in arguments])
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


def rows() -> list[dict[str, Any]]:
    return [json.loads(line) for line in run("container", "environments", "--json").splitlines()]


LIVE = {"environment": "live", "version": 1, "hosts": [], "sends": True}


def test_an_environment_is_made_and_changed_one_thing_at_a_time() -> None:
    told = run("container", "environment", "staging", "--hosts", "Staging.shop.example, test.shop.example")
    assert told == (
        "staging runs version 1 on staging.shop.example, test.shop.example;"
        " its tags build their requests and send nothing.\n"
    )
    hosts = ["staging.shop.example", "test.shop.example"]
    assert rows() == [LIVE, {"environment": "staging", "version": 1, "hosts": hosts, "sends": False}]
    run("container", "environment", "staging", "--sends")
    assert rows()[1] == {"environment": "staging", "version": 1, "hosts": hosts, "sends": True}
    assert "no host" in run("container", "environment", "staging", "--hosts", "")
    assert rows()[1]["hosts"] == []
    assert "all that are no other's" in run("container", "environments")
    run("container", "environment", "staging", "--remove")
    assert rows() == [LIVE]
    assert "staging was removed" in run("audit", "list")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["live", "--hosts", "x.example"], "`live` cannot be set"),
        (["preview"], "`preview` cannot be set"),
        (["Staging"], "cannot be an environment's name"),
        (["staging", "--hosts", "https://x.example"], "`https://x.example` is not a host name"),
        (["staging", "--hosts", "x.example:8080"], "is not a host name"),
        (["staging", "--hosts", "shop.example"], "shop.example is live's"),
        (["staging", "--remove"], "There is no environment `staging`"),
        (["staging", "--remove", "--sends"], "--remove excludes"),
    ],
)
def test_what_cannot_be_one_is_told(arguments: list[str], problem: str) -> None:
    result = CliRunner().invoke(app, ["container", "environment", *arguments])
    assert isinstance(result.exception, OperatorError)
    assert problem in str(result.exception)
    assert rows() == [LIVE]
