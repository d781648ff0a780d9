"""`firsthand container import-gtm`, as a user calls it."""

from __future__ import annotations

import stat
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner, Result

from runtime.cli.container import app
from runtime.errors import OperatorError
from tests.containers.gtm.support import EXPORTS, MARK


def call(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(app, ["import-gtm", *map(str, arguments)])
    if isinstance(result.exception, OperatorError):
        raise result.exception
    return result


def test_a_folder_that_validates(tmp_path: Path) -> None:
    out = tmp_path / "shop"
    result = call(EXPORTS / "ga4_meta_gallery.json", "--out", out)
    assert result.exit_code == 0, result.output
    assert "14 things in the export: 8 mapped, 6 approximated, 0 unmapped." in result.output
    assert "container.yaml is valid" in result.output
    assert CliRunner().invoke(app, ["validate", str(out / "container.yaml")]).exit_code == 0
    assert (out / "report.md").is_file()


def test_secrets_are_for_their_owner_alone(tmp_path: Path) -> None:
    call(EXPORTS / "nested_references.json", "--out", tmp_path)
    secrets = tmp_path / "secrets.env"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    assert (tmp_path / ".gitignore").read_text() == "secrets.env\n"
    lines = [line for line in secrets.read_text().splitlines() if not line.startswith("#")]
    assert lines
    assert all(line.startswith("FIRSTHAND_SECRET_") for line in lines)


def test_nothing_printed_holds_a_token(tmp_path: Path) -> None:
    for name in ("nested_references", "custom_templates", "tables"):
        for options in ((), ("--json", "--force")):
            result = call(EXPORTS / f"{name}.json", "--out", tmp_path / name, *options)
            assert MARK not in result.output


def test_json(tmp_path: Path) -> None:
    result = call(EXPORTS / "zones_and_folders.json", "--out", tmp_path, "--json", "--name", "mine")
    told = orjson.loads(result.output)
    assert told["container"] == "mine"
    assert told["valid"] is True
    assert sum(told["counts"].values()) == len(told["entities"]) == 17
    assert {"kind", "position", "gtm_id", "name", "type", "status", "became", "reasons", "unknown"} == set(
        told["entities"][0]
    )


def test_twice_is_the_same_and_other_content_is_not_written_over(tmp_path: Path) -> None:
    export = EXPORTS / "tables.json"
    call(export, "--out", tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    call(export, "--out", tmp_path)
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    (tmp_path / "secrets.env").write_text("FIRSTHAND_SECRET_MINE=x\n")
    with pytest.raises(OperatorError, match=r"other content in secrets\.env"):
        call(export, "--out", tmp_path)
    call(export, "--out", tmp_path, "--force")
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


@pytest.mark.parametrize(("text", "words"), [("{", "not JSON"), ('{"a": 1}', "no export")])
def test_what_is_no_export(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(OperatorError, match=words):
        call(tmp_path / "x.json", "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="Cannot read"):
        call(tmp_path / "none.json")


def test_an_id_that_cannot_be_one(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="cannot be a container's id"):
        call(EXPORTS / "tables.json", "--out", tmp_path, "--name", "no good")
