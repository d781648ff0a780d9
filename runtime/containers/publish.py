"""Publishes a container file: load, check, freeze, store. Nothing becomes live that has an error."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.containers.check_scripts import MakeScriptCheck
from runtime.containers.draft import Draft, read_draft
from runtime.containers.files import encode_files
from runtime.containers.snapshot import encode_snapshot
from runtime.containers.versions import require_environment
from runtime.errors import ContainerInvalid, OperatorError, Problem
from runtime.model.snapshot import Snapshot
from runtime.store.control import LIVE, Control
from runtime.store.secrets import stored_name
from runtime.text.secrets import is_reference, reference_name, secret_value


def publish_file(control: Control, path: Path, script_check: MakeScriptCheck) -> tuple[int, list[Problem]]:
    """Makes the file's container live where it differs from what is live.

    Returns the live version's number and the warnings. Raises ContainerInvalid with every error of the file.
    """
    draft = read_draft(path, script_check)
    return publish_draft(control, draft, Origin(path.name)), draft.problems


@dataclass(frozen=True)
class Origin:
    """Where a draft comes from, for the audit log and for people."""

    file: str
    """The file's name."""
    note: str = ""
    """Kept with the version; empty = the file's name is."""
    commit: str = ""
    """The commit that the file is of, where its publisher says so."""
    reason: str = ""
    """Why it is published although its dry run found new errors."""


def publish_draft(control: Control, draft: Draft, origin: Origin, environment: str = LIVE) -> int:
    """Makes an environment run a draft where it runs something else, and returns the number of what it runs then.

    OperatorError where there is no such environment.
    """
    require_environment(control, environment)
    snapshot = draft.snapshot()
    note = origin.note or f"from {origin.file}"
    told = {"file": origin.file} | ({"commit": origin.commit} if origin.commit else {})
    return control.publish(
        encode_snapshot(snapshot), snapshot.hash, note,
        environment=environment, source=_source(draft), reason=origin.reason, told=told,
    )  # fmt: skip


def _source(draft: Draft) -> bytes | None:
    """Returns the draft's files, so that comments and examples are there for who edits the version in a workspace."""
    try:
        return None if draft.files is None else encode_files(draft.files)
    except ContainerInvalid:  # Too large to keep; what runs is in the snapshot.
        return None


def require_secrets(snapshot: Snapshot) -> None:
    """Raises OperatorError that names every secret which a client, or a tag that sends, needs and nobody has set."""
    missing = unset_secrets(snapshot)
    if missing:
        raise OperatorError("\n".join(missing))


def unset_secrets(snapshot: Snapshot, stored: Collection[str] = ()) -> list[str]:
    """Returns for each secret that the version needs and this process does not know what to set.

    `stored` are names that the secret store has, for who asks without its key.
    """
    missing = []
    for name in sorted(set(_needed(snapshot))):
        if stored_name(name) in stored:
            continue
        try:
            secret_value(name)
        except OperatorError as error:
            missing.append(str(error))
    return missing


def _needed(snapshot: Snapshot) -> Iterator[str]:
    container = snapshot.container
    for client in container.clients.values():
        yield from _references(client.settings)
    for tag in container.tags.values():
        if not (tag.dry_run or tag.paused):
            yield from _references(tag.settings)


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for part in value:
            yield from _references(part)
    elif is_reference(value):
        yield reference_name(value)
