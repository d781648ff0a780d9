"""How the admin port reads and writes drafts: the one validator, the operator's policy, read-only mode."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial

from admin_ui.call import Call
from admin_ui.refusals import Refused
from runtime.containers.draft import read_files
from runtime.containers.read_only import require_writable
from runtime.containers.workspace import Read
from runtime.errors import OperatorError
from runtime.lua.script_check import ScriptCheck
from runtime.store.control import Control

_DRY_RUN = {"true": True, "1": True, "false": False, "0": False}


def reader(call: Call) -> Read:
    """Returns what reads and checks a draft's files."""
    return partial(read_files, script_check=ScriptCheck, policy=call.admin.policy, now=datetime.now(UTC))


def draft_names(call: Call) -> list[str]:
    """Returns the names of all drafts; none where nothing is there yet."""
    try:
        with call.admin.read() as control:
            return [workspace.name for workspace in control.workspaces.list()]
    except OperatorError:
        return []


def is_rehearsal(call: Call) -> bool:
    """Tells whether a program asks only what would come of a change. Refused where it is not clear whether it does."""
    if not call.request.url.path.startswith("/api/") or "dry_run" not in call.query:
        return False
    asked = _DRY_RUN.get(call.query["dry_run"].lower())
    if asked is None:
        raise Refused(400, "`dry_run` is true or false.")
    return asked


@contextmanager
def writing(call: Call) -> Iterator[tuple[Control, Read]]:
    """Gives the control database for writing, in the name of who asks; OperatorError in read-only mode. What a program
    asks with `?dry_run=true` is done and taken back."""
    require_writable(call.admin.settings)
    with call.admin.control(call.me.name, rehearsal=is_rehearsal(call)) as control:
        yield control, reader(call)
