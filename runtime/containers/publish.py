"""Publishes a container file: load, check, freeze, store. Nothing becomes live that has an error."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from runtime.containers.check import CompileScript, check, require_valid
from runtime.containers.interchange import load_container
from runtime.containers.snapshot import build_snapshot, encode_snapshot
from runtime.containers.templates import BUILT_IN, load_templates
from runtime.errors import OperatorError, Problem
from runtime.model.snapshot import Snapshot
from runtime.store.control import Control
from runtime.text.secrets import is_reference, reference_name, secret_value


def publish_file(control: Control, path: Path, compile_script: CompileScript) -> tuple[int, list[Problem]]:
    """Makes the file's container live where it differs from what is live.

    Returns the live version's number and the warnings. Raises ContainerInvalid with every error of the file.
    """
    container = load_container(path)
    templates = load_templates(BUILT_IN, path.parent / "templates")
    problems = check(container, templates, compile_script=compile_script)
    require_valid(problems)
    snapshot = build_snapshot(container, templates, number=0)
    number = control.publish(encode_snapshot(snapshot), snapshot.hash, note=f"from {path.name}")
    return number, problems


def require_secrets(snapshot: Snapshot) -> None:
    """Raises OperatorError that names every secret which a client, or a tag that sends, needs and nobody has set."""
    missing = []
    for name in sorted(set(_needed(snapshot))):
        try:
            secret_value(name)
        except OperatorError as error:
            missing.append(str(error))
    if missing:
        raise OperatorError("\n".join(missing))


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
