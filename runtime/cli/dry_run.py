"""`firsthand container dry-run`: the last stored hits through a draft and the live version, and what publishing makes
of that. A process of its own runs them, because a draft's scripts may hang or crash; the one that did is named.
"""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import Any

import msgspec
import typer

from runtime.cli.dry_run_text import dry_run_text
from runtime.cli.isolated import CallTimer, isolated
from runtime.cli.options import data_folder, read_settings
from runtime.containers.draft import read_draft
from runtime.containers.policy import policy_in_force
from runtime.containers.versions import live_version, read_version
from runtime.errors import OperatorError
from runtime.explain.dry_run import LAST, MOST_S, dry_run
from runtime.explain.dry_run_figures import DryRun
from runtime.explain.newest import newest_hits
from runtime.lua.script_check import ScriptCheck
from runtime.model.snapshot import Snapshot
from runtime.store.control import Control
from runtime.store.files import control_path

BLOCKED = 2
"""Exit code where the draft brings new errors; 1 is for errors of the command itself."""
WORKSPACE = "workspace:"
_SPARE_S = 15
"""Beside the time of the runs: what compiling both versions may take."""
_MARK_BYTES = 1024


def container_dry_run(
    draft: str = typer.Argument(..., metavar="FILE|workspace:NAME", help="A container file, or a workspace's draft."),
    last: int = typer.Option(LAST, min=1, max=100_000, help="How many stored hits, the newest."),
    data: Path | None = typer.Option(None, help="Data folder; default $FIRSTHAND_DATA_DIR or ./data."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object instead of lines."),
) -> None:
    """Run the last stored hits through a draft and the live version, and show what would differ. Nothing is sent.

    Exit 0 where the draft brings no new errors, 2 where it does: publishing it would ask for a reason.
    """
    folder = data_folder(data)
    found = rehearse(folder, draft_of(folder, draft), last)
    typer.echo(msgspec.json.format(found.as_json(), indent=2) if as_json else dry_run_text(found))
    raise typer.Exit(BLOCKED if found.blocks else 0)


def draft_of(folder: Path, named: str) -> Snapshot:
    """Returns what a file, or `workspace:NAME`, would publish; ContainerInvalid where it has errors."""
    if not named.startswith(WORKSPACE):
        if not Path(named).is_file():
            raise OperatorError(f"There is no file {named}.", hint="Give a container file, or workspace:NAME.")
        return read_draft(Path(named), ScriptCheck, policy_in_force(read_settings())).snapshot()
    with Control.read(control_path(folder)) as control:
        revision = control.workspaces.get(named.removeprefix(WORKSPACE)).latest.number
        return read_version(control, -revision)


def new_errors(found: DryRun | None) -> bool:
    """Tells whether publishing needs a reason."""
    return found is not None and bool(found.blocks)


def before_publishing(folder: Path, draft: Snapshot, despite: str = "", *, err: bool = False) -> DryRun | None:
    """Runs the draft as publishing it must, and prints what would differ, with `err` to standard error; None where
    there is nothing to compare.

    Raises OperatorError where it brings new errors and `despite` gives no reason to publish it all the same. The reason
    belongs into the audit log, with the version.
    """
    live = _live(folder)
    if live is None or live.hash == draft.hash or next(newest_hits(folder), None) is None:
        return None
    found = rehearse(folder, draft)
    typer.echo(dry_run_text(found), err=err)
    if found.blocks and not despite:
        raise OperatorError(
            "Not published: this draft brings new errors.",
            hint="Correct it, or publish it with --despite REASON, which the audit log keeps.",
        )
    return found


def rehearse(folder: Path, draft: Snapshot, last: int = LAST, *, most_s: float = MOST_S) -> DryRun:
    """Returns the dry run of a draft, whatever its scripts do: one that hangs ends it, and blocks."""
    mark = mmap.mmap(-1, _MARK_BYTES)  # Shared with the child, and outlives it.

    def run(timer: CallTimer) -> DryRun:
        return dry_run(folder, draft, last, most_s=most_s, watch=lambda side: _Marking(timer, mark, side))

    allowed = int(most_s) + _SPARE_S
    answer: dict[str, Any] = msgspec.json.decode(isolated(run, wall_s=2.0 * allowed, cpu_s=allowed))
    if "error" not in answer:
        return msgspec.convert(answer, DryRun)
    return _ended(folder, last, str(answer["error"]["message"]), mark)


class _Marking:
    """Writes down what is being called, where the parent finds it if this process ends in the middle of it."""

    def __init__(self, timer: CallTimer, mark: mmap.mmap, side: str) -> None:
        self._timer, self._mark, self._side = timer, mark, side

    def enter(self, script: str, hit: str) -> None:
        """Starts a call."""
        text = f"{self._side}\n{script}\n{hit}\n".encode()[: _MARK_BYTES - 1]
        self._mark[: len(text) + 1] = text + b"\0"
        self._timer.enter(script, hit)

    def leave(self) -> None:
        """Ends it."""
        self._timer.leave()
        self._mark[0:1] = b"\0"


def _ended(folder: Path, last: int, problem: str, mark: mmap.mmap) -> DryRun:
    text = mark[:].partition(b"\0")[0].decode("utf-8", "replace")
    live = _live(folder)
    found = DryRun(live=live.number if live else 0, asked=last, complete=False, ended=problem)
    if text:
        side, script, hit = text.split("\n")[:3]
        found.ended = f"{script.partition('#')[0]} of the {side} version{f', on hit {hit}' if hit else ''}: {problem}"
    if not text or side == "draft":
        found.blocks = (found.ended,)
    return found


def _live(folder: Path) -> Snapshot | None:
    if not control_path(folder).exists():
        return None
    with Control.read(control_path(folder)) as control:
        return live_version(control)
