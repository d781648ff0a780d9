"""Publishes a container file: load, check, freeze, store. Nothing becomes live that has an error."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from runtime.containers.check_scripts import MakeScriptCheck
from runtime.containers.draft import Draft, read_draft
from runtime.containers.snapshot import encode_snapshot
from runtime.errors import OperatorError, Problem
from runtime.model.snapshot import Snapshot
from runtime.store.control import Control
from runtime.text.secrets import is_reference, reference_name, secret_value


def publish_file(control: Control, path: Path, script_check: MakeScriptCheck) -> tuple[int, list[Problem]]:
    """Makes the file's container live where it differs from what is live.

    Returns the live version's number and the warnings. Raises ContainerInvalid with every error of the file.
    """
    draft = read_draft(path, script_check)
    return publish_draft(control, draft, f"from {path.name}"), draft.problems


def publish_draft(control: Control, draft: Draft, note: str) -> int:
    """Makes a draft live where it differs from what is live, and returns the live version's number."""
    snapshot = draft.snapshot()
    return control.publish(encode_snapshot(snapshot), snapshot.hash, note)


def require_secrets(snapshot: Snapshot) -> None:
    """Raises OperatorError that names every secret which a client, or a tag that sends, needs and nobody has set."""
    missing = unset_secrets(snapshot)
    if missing:
        raise OperatorError("\n".join(missing))


def unset_secrets(snapshot: Snapshot) -> list[str]:
    """Returns for each secret that the version needs and this environment lacks what to set."""
    missing = []
    for name in sorted(set(_needed(snapshot))):
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
