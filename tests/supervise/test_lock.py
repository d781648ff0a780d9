"""One server a data folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.errors import OperatorError
from runtime.supervise.lock import lock_folder


def test_a_second_server_is_refused_with_the_folder_and_what_to_do(tmp_path: Path) -> None:
    held = lock_folder(tmp_path)
    with pytest.raises(OperatorError) as error:
        lock_folder(tmp_path, wait_s=0.1)
    assert str(error.value) == (
        f"Another Firsthand server uses the folder {tmp_path}. Stop it, or give --data another folder."
    )
    os.close(held)
    os.close(lock_folder(tmp_path, wait_s=0))


def test_the_folder_is_made(tmp_path: Path) -> None:
    os.close(lock_folder(tmp_path / "new" / "data"))
    assert (tmp_path / "new" / "data" / "firsthand.lock").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OperatorError, match=r"Cannot use the folder .*file/data: Not a directory\."):
        lock_folder(tmp_path / "file" / "data")


def test_a_child_that_outlives_the_server_still_holds_the_folder(tmp_path: Path) -> None:
    held = lock_folder(tmp_path)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[held]) as child:
        os.close(held)
        with pytest.raises(OperatorError):
            lock_folder(tmp_path, wait_s=0.1)
        child.communicate(b"\n")
    os.close(lock_folder(tmp_path))
