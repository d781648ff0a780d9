"""What every process has, whatever its kind."""

from __future__ import annotations

import gc
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any

import uvloop

from runtime.log.sqlite import SqliteLog
from runtime.model.policy import Policy
from runtime.settings import Settings
from runtime.store.control import Control
from runtime.store.files import log_path
from runtime.store.secrets import key_file, take_in
from runtime.telemetry import configure
from runtime.text.redaction import clean_line
from runtime.text.secrets import secret_value

GC_THRESHOLDS = (50_000, 50, 50)
"""Collections are rare: a request makes hundreds of objects, and hardly any of them lies in a cycle."""


@dataclass(frozen=True)
class Shared:
    """What every process knows."""

    settings: Settings
    alive_fd: int
    demo: bool
    policy: Policy
    """Read once, before anything starts: all processes have the same, also one that is started anew."""


def run_process(shared: Shared, name: str, main: Coroutine[Any, Any, None]) -> int:
    """Runs a process's work to its end; returns the exit code."""
    configure(shared.settings.log_level, redact=clean_line, process=name)
    uvloop.run(main)
    return 0


def settle_memory() -> None:
    """Called once all is loaded: that lives as long as the process, so collections need not look at it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


def secret(name: str) -> str:
    """Returns a secret's value; OperatorError where it is not set."""
    return secret_value(name).reveal()


def store_of_secrets(control: Control, settings: Settings) -> Callable[[], bool]:
    """Returns what takes in the secret store, and tells whether any secret is another one than before."""
    return partial(take_in, control.secrets, key_file(settings.data_dir, settings.master_key_file))


def open_log(settings: Settings, shard: int, *, must_open: bool = True) -> SqliteLog:
    """Opens a shard's log for writing."""
    path = log_path(settings.data_dir, shard)
    return SqliteLog(path, shard, max_bytes=settings.retention_bytes, must_open=must_open)
