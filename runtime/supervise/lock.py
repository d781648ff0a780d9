"""The lock that keeps a second server off a data folder."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from runtime.errors import OperatorError


def lock_folder(data_dir: Path, *, wait_s: float = 10.0) -> int:
    """Takes the folder for this server, makes it where there is none, and returns the lock's descriptor: keep it open.

    Children inherit the descriptor, so the lock holds until the last process of a killed server is gone. Waits that
    long, then raises OperatorError.
    """
    descriptor = _open(data_dir)
    deadline = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(descriptor)
                raise OperatorError(
                    f"Another Firsthand server uses the folder {data_dir}.",
                    hint="Stop it, or give --data another folder.",
                ) from None
            time.sleep(0.05)
        else:
            return descriptor


def _open(data_dir: Path) -> int:
    try:
        # Hits hold personal data: nobody else on this machine reads them.
        if not data_dir.exists():
            data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            _keep_name(data_dir)
        return os.open(data_dir / "firsthand.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise OperatorError(
            f"Cannot use the folder {data_dir}: {error.strerror}.", hint="Check its rights, or give --data another one."
        ) from error


def _keep_name(folder: Path) -> None:
    """Makes a new folder's name survive a power cut, and those of the folders above that were made with it."""
    for parent in folder.absolute().parents:
        try:
            descriptor = os.open(parent, os.O_RDONLY | os.O_DIRECTORY)
        except PermissionError:
            return  # Not ours to read, so it was there before.
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
