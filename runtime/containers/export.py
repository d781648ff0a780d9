"""Writes a version as the files that it would be published from again: container.yaml and its own templates.

A snapshot holds what runs, so that is what comes back: no comments, no examples, no icons, and no template that nothing
uses. Built-in templates are not written, because they come with Firsthand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from runtime.containers.check_scripts import OWN, script_files
from runtime.containers.templates import Templates
from runtime.containers.yaml_text import yaml_text
from runtime.errors import OperatorError
from runtime.model.snapshot import Snapshot, Template

CONTAINER = "container.yaml"

_MODULE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Export:
    """The files of a version."""

    files: dict[str, str]
    """Text by path, container.yaml first."""
    differing: tuple[str, ...]
    """Files that came otherwise with the Firsthand that published it: published again, the version is another one."""


def export(snapshot: Snapshot, built_in: Templates) -> Export:
    """Returns the files of a version. Equal versions give equal bytes, and published again they give the same hash,
    where no built-in template differs."""
    container = snapshot.container.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    files = {CONTAINER: yaml_text(container)}
    differing: list[str] = []
    file_of = script_files(Templates(snapshot.templates, snapshot.shared))
    for key, template in sorted(snapshot.templates.items()):
        if key not in built_in.by_key:
            files |= _template(file_of(key), template)
        elif built_in.by_key[key].hash != template.hash:
            differing.append(file_of(key))
    for name, source in sorted(snapshot.shared.items()):
        if name not in built_in.shared:
            files[_own(file_of(f"shared/{_module(name)}"))] = source
        if (name in snapshot.built_in) != (name in built_in.shared) or built_in.shared.get(name, source) != source:
            differing.append(file_of(f"shared/{name}"))
    return Export(files, tuple(differing))


def _template(script: str, template: Template) -> dict[str, str]:
    manifest = template.manifest.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    script = _own(script)
    return {f"{script.rpartition('/')[0]}/manifest.yaml": yaml_text(manifest), script: template.source}


def _own(file: str) -> str:
    """Returns the file beneath the container's own templates, also of what was built in once."""
    return f"{OWN}/{file.partition('/')[2]}"


def _module(name: str) -> str:
    """Returns a module's name, which is about to be a file's."""
    if not _MODULE.fullmatch(name):
        raise OperatorError(f"A module of this version is called {name!r}.", hint="Restore control.db from a backup.")
    return name
