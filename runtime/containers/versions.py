"""Versions by number, as snapshots."""

from __future__ import annotations

from runtime.containers.snapshot import decode_snapshot
from runtime.errors import OperatorError
from runtime.model.snapshot import Snapshot
from runtime.store.control import Control


def read_version(control: Control, number: int) -> Snapshot:
    """Returns a version; OperatorError where it is not there or cannot be read by this Firsthand."""
    return decode_snapshot(control.version(number), number)


def live_version(control: Control) -> Snapshot | None:
    """Returns the live version, None where nothing was published yet."""
    found = control.live()
    return decode_snapshot(found[1], found[0]) if found else None


def require_live(control: Control) -> Snapshot:
    """Returns the live version; OperatorError where nothing was published yet."""
    live = live_version(control)
    if live is None:
        raise OperatorError("Nothing is published yet.", hint="Publish a file with `firsthand container apply`.")
    return live
