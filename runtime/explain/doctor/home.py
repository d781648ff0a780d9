"""What the machine itself must have: room, rights, a disk that keeps its word, and the secrets that tags need."""

from __future__ import annotations

import os
import stat
import tempfile
import time
from pathlib import Path

from runtime.containers.publish import unset_secrets
from runtime.explain.doctor.finding import Finding
from runtime.explain.doctor.place import Place
from runtime.log.disk import used_percent
from runtime.store.secrets import key_file

SLOW_MS = 100.0


async def disk(place: Place) -> Finding:
    """Is there room?"""
    settings, name, title = place.subject.settings, "disk", "Disk"
    if not settings.data_dir.is_dir():
        return _absent(name, title, settings.data_dir)
    used = used_percent(settings.data_dir)
    found = f"{used:.0f} % of the disk is used; hits are refused above {settings.disk_high_percent:g} %."
    if used > settings.disk_high_percent:
        return Finding(name, title, "bad", found, "Make room, or shorten FIRSTHAND_RETENTION_DAYS.")
    if used > settings.disk_low_percent:
        return Finding(name, title, "warn", found, "Make room before it is reached.")
    return Finding(name, title, "ok", found)


async def data(place: Place) -> Finding:
    """Can the data folder be written, does the disk keep what it is told to, and can nobody else read it?"""
    folder, name, title = place.subject.settings.data_dir, "data", "Data folder"
    if not folder.is_dir():
        return _absent(name, title, folder)
    try:
        took = _sync_ms(folder)
    except OSError as error:
        todo = "Give the folder to the user that the server runs as."
        return Finding(name, title, "bad", f"{folder} cannot be written: {error.strerror}.", todo)
    open_to_all = [file.name for file in _private(place) if stat.S_IMODE(file.stat().st_mode) & 0o077]
    if open_to_all:
        found = f"Others on this machine can read {', '.join(open_to_all)}."
        return Finding(name, title, "warn", found, f"chmod 600 the file, or chmod 700 {folder}.")
    found = f"Written to the disk in {took:.0f} ms."
    if took > SLOW_MS:
        return Finding(name, title, "warn", found, "Each group of hits waits so long: use a local disk.")
    return Finding(name, title, "ok", found)


async def secrets(place: Place) -> Finding:
    """Is every secret set that live clients and tags name?"""
    subject, name, title = place.subject, "secrets", "Secrets"
    if subject.snapshot is None:
        return Finding(name, title, "unknown", "Nothing is live here.")
    missing = unset_secrets(subject.snapshot, subject.stored)
    if not missing:
        return Finding(name, title, "ok", "Every secret that the live version names is set.")
    names = ", ".join(each.split()[2] for each in missing)  # "The secret NAME is not set."
    told = (await place.answered()).told
    if told and told.version == subject.snapshot.number:
        return Finding(name, title, "ok", f"The server that answers has them; this process does not know {names}.")
    todo = "Set each with `firsthand secret set NAME`, or as a variable of the server."
    return Finding(name, title, "bad", f"Not set here: {names}.", todo)


def _absent(name: str, title: str, folder: Path) -> Finding:
    found = f"There is no data folder {folder} here."
    return Finding(name, title, "unknown", found, "Run this where the server runs, or give --data.")


def _sync_ms(folder: Path) -> float:
    """Returns how long a few bytes take to lie on the disk."""
    began = time.monotonic()
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"firsthand")
        file.flush()
        os.fsync(file.fileno())
    return (time.monotonic() - began) * 1000


def _private(place: Place) -> list[Path]:
    """Returns the files with keys and accounts that lie in a folder which others may enter."""
    settings = place.subject.settings
    folder = settings.data_dir
    key = key_file(folder, settings.master_key_file)
    files = [key] if key.parent != folder or _enterable(folder) else []
    files += [folder / "control.db"] if _enterable(folder) else []
    return [file for file in files if file.is_file()]


def _enterable(folder: Path) -> bool:
    return bool(stat.S_IMODE(folder.stat().st_mode) & 0o077)
