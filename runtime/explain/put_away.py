"""The sandbox for those who only look: a script that hung a router must not hang who explains it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from runtime.lua.sandbox import Sandbox
from runtime.store.quarantine import read_quarantine, refusals


def careful_sandbox(data_dir: Path) -> Callable[..., Sandbox]:
    """Returns a sandbox factory that calls no script which is quarantined now."""
    return partial(Sandbox, quarantined=refusals(read_quarantine(data_dir)))
