"""Versions by number, as snapshots."""

from __future__ import annotations

from runtime.containers.hints import suggest
from runtime.containers.snapshot import decode_snapshot
from runtime.errors import OperatorError
from runtime.model.snapshot import Snapshot
from runtime.store.control import LIVE, Control


def read_version(control: Control, number: int) -> Snapshot:
    """Returns a version; OperatorError where it is not there or cannot be read by this Firsthand."""
    return decode_snapshot(control.version(number), number)


def live_version(control: Control, environment: str = LIVE) -> Snapshot | None:
    """Returns the version that an environment runs, None where it runs none."""
    found = control.live(environment)
    return decode_snapshot(found[1], found[0]) if found else None


def require_live(control: Control) -> Snapshot:
    """Returns the live version; OperatorError where nothing was published yet."""
    live = live_version(control)
    if live is None:
        raise OperatorError("Nothing is published yet.", hint="Publish a file with `firsthand container apply`.")
    return live


def describe_version(control: Control, number: int) -> str:
    """Returns what a version is, for a person: `version 7`, or `revision 12 of the workspace checkout`."""
    if number >= 0:
        return f"version {number}"
    return f"revision {-number} of the workspace {control.workspaces.holder(-number)}"


def require_environment(control: Control, name: str) -> None:
    """Raises OperatorError where there is no such environment. There always is `live`, also where it runs nothing."""
    if name == LIVE:
        return
    names = [each.name for each in control.environments()]
    if name not in names:
        raise OperatorError(f"There is no environment `{name}`.", hint=suggest(name, dict.fromkeys([LIVE, *names])))
