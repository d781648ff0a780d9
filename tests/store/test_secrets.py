"""The secret store: values are sealed, bound to their names, and known to the process that takes them in."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.errors import OperatorError
from runtime.store.control import Control
from runtime.store.secrets import key_file, new_vault, stored_name, take_in, vault_of
from runtime.text.redaction import environment_redactor
from runtime.text.secrets import hold, secret_value

TOKEN = "EAAB-a-long-token-0123456789"


@pytest.fixture(autouse=True)
def _nothing_held() -> Iterator[None]:
    yield
    hold({})


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    with Control(tmp_path / "control.db", who="ann") as opened:
        yield opened


def test_set_take_in_and_remove(control: Control, tmp_path: Path) -> None:
    file = key_file(tmp_path, None)
    control.secrets.put("meta-token", TOKEN, new_vault(file))
    (row,) = control.secrets.rows()
    assert (row.name, row.who, row.ending) == ("META_TOKEN", "ann", "6789")
    assert take_in(control.secrets, file) is True
    assert secret_value("meta-token").reveal() == secret_value("META_TOKEN").reveal() == TOKEN
    assert take_in(control.secrets, file) is False
    assert environment_redactor().text(f"a {TOKEN} b") == "a secret:META_TOKEN b"
    control.secrets.remove("meta-token")
    assert take_in(control.secrets, file) is True
    with pytest.raises(OperatorError, match="is not set"):
        secret_value("meta-token")


def test_the_environment_wins(control: Control, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    control.secrets.put("A", "of the store", new_vault(key_file(tmp_path, None)))
    take_in(control.secrets, key_file(tmp_path, None))
    monkeypatch.setenv("FIRSTHAND_SECRET_A", "of the environment")
    assert secret_value("A").reveal() == "of the environment"


def test_no_value_is_in_the_file_or_the_audit_log(control: Control, tmp_path: Path) -> None:
    control.secrets.put("A", TOKEN, new_vault(key_file(tmp_path, None)))
    control.secrets.put("short", "abcdefgh", new_vault(key_file(tmp_path, None)))
    assert [row.ending for row in control.secrets.rows()] == ["6789", ""]
    for file in tmp_path.iterdir():
        assert TOKEN.encode() not in file.read_bytes()
        assert b"abcdefgh" not in file.read_bytes()
    assert control.verify() == []
    assert TOKEN not in "".join(row.detail for row in control.audit_log())


def test_rows_cannot_be_exchanged(control: Control, tmp_path: Path) -> None:
    vault = new_vault(key_file(tmp_path, None))
    for name in ("A", "B"):
        control.secrets.put(name, f"value of {name}", vault)
    control._db.execute("UPDATE secret SET sealed = (SELECT sealed FROM secret WHERE name = 'A') WHERE name = 'B'")
    with pytest.raises(OperatorError, match="The secret B cannot be opened"):
        control.secrets.values(vault)


def test_another_key_opens_nothing_until_all_are_rotated(control: Control, tmp_path: Path) -> None:
    old, new = new_vault(tmp_path / "old.key"), new_vault(tmp_path / "new.key")
    control.secrets.put("A", TOKEN, old)
    with pytest.raises(OperatorError, match="cannot be opened"):
        control.secrets.values(new)
    assert control.secrets.rotate(old, new) == 1
    assert control.secrets.values(new) == {"A": TOKEN}


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "master.key"
    new_vault(file)
    assert file.stat().st_mode & 0o777 == 0o600
    os.chmod(file, 0o640)
    with pytest.raises(OperatorError, match="Others may read"):
        vault_of(file)


def test_without_its_key_nothing_starts(control: Control, tmp_path: Path) -> None:
    control.secrets.put("A", TOKEN, new_vault(tmp_path / "master.key"))
    shutil.move(tmp_path / "master.key", tmp_path / "elsewhere")
    with pytest.raises(OperatorError, match="no master key"):
        take_in(control.secrets, tmp_path / "master.key")


@pytest.mark.parametrize("name", ["", "1a", "a b", "a=b", "ü", "a" * 65, "a\n"])
def test_names(name: str) -> None:
    with pytest.raises(OperatorError, match="cannot be a secret's name"):
        stored_name(name)


@pytest.mark.parametrize("value", ["", "x" * (16 * 1024 + 1)])
def test_values(control: Control, tmp_path: Path, value: str) -> None:
    with pytest.raises(OperatorError, match="1 to"):
        control.secrets.put("A", value, new_vault(tmp_path / "k"))
