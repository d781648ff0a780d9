"""When a server runs a version that was made live. The one place that says it."""

from __future__ import annotations

import os
from pathlib import Path

from runtime.containers.publish import unset_secrets
from runtime.errors import OperatorError
from runtime.model.snapshot import Snapshot
from runtime.store.control import Control
from runtime.store.files import control_path
from runtime.supervise.lock import lock_folder

RUNNING = "A server runs on this folder: it takes this version up within a second."
STOPPED = "No server runs on this folder: the next one that starts takes this version up."
WITH_A_FILE = "One that starts with --container publishes that file first, where it differs."
WITHOUT_SECRETS = (
    "It needs secrets that are not set here; a server that lacks one stays with the version before and logs"
    " version_refused:"
)


def when_taken_up(folder: Path, live: Snapshot) -> str:
    """Returns in plain words from when on a server runs what is live now, and which secrets it would lack here."""
    lines = [RUNNING if _is_served(folder) else f"{STOPPED} {WITH_A_FILE}"]
    with Control.read(control_path(folder)) as control:
        stored = control.secrets.names()
    if missing := unset_secrets(live, stored):
        lines += [WITHOUT_SECRETS, *(f"  {each}" for each in missing)]
    return "\n".join(lines)


def _is_served(folder: Path) -> bool:
    try:
        os.close(lock_folder(folder, wait_s=0))
    except OperatorError:
        return True
    return False
