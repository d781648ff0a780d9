"""The templates under contract, with their examples, and what a runner says of them when something is taken away."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from runtime.containers.templates import Templates, load_template
from runtime.edge.rehearsal import Rehearsed, rehearse
from runtime.errors import FirsthandError
from runtime.explain.example import Example, Expectation, example_files, load_example
from runtime.explain.examples import ExampleRunner
from runtime.model.manifest import Manifest
from runtime.model.permissions import Permissions
from runtime.model.snapshot import Template
from tests.support.templates import name_of, scaffold_folders, shared_modules, template_folders

FOLDERS = [*template_folders(), *scaffold_folders()]
EVERYTHING = Expectation(item={}, key="", request={"body": ""}, hit={}, answer={"status": 0, "body": ""})
"""Asks for all that can come of a template."""

every_template = pytest.mark.parametrize("folder", FOLDERS, ids=name_of)


@lru_cache
def template_of(folder: Path) -> Template:
    """Returns the template of a folder."""
    return load_template(folder)


@lru_cache
def examples_of(folder: Path) -> dict[str, Example]:
    """Returns the examples of a template that can be run, by file name."""
    loaded = {path.name: load_example(path) for path in example_files(folder)}
    return {name: example for name, example in loaded.items() if example.expect.invalid is None}


def runner_of(template: Template) -> ExampleRunner:
    """Returns a runner of one template as it is handed over, whatever its folder holds."""
    return ExampleRunner(Templates({template.key: template}, shared_modules()), rehearse)


def with_permissions(template: Template, permissions: Permissions) -> Template:
    """Returns a template that asks for something else."""
    manifest = template.manifest.model_copy(update={"permissions": permissions})
    return msgspec.structs.replace(template, manifest=manifest)


def passes(template: Template, example: Example) -> bool:
    """Tells whether an example comes out as it says."""
    try:
        return not runner_of(template).run(template, example)
    except FirsthandError:
        return False


def grants(manifest: Manifest) -> Iterator[tuple[str, str, str]]:
    """Yields each thing that a manifest asks to read or reach: the permission, its list, the name."""
    for permission, asked in dict(manifest.permissions).items():
        for part, names in dict(asked or {}).items():
            if isinstance(names, tuple):
                yield from ((permission, part, name) for name in names)


def without(permissions: Permissions, permission: str, part: str, name: str) -> Permissions:
    """Returns permissions without one grant."""
    asked = getattr(permissions, permission)
    kept = tuple(each for each in getattr(asked, part) if each != name)
    return permissions.model_copy(update={permission: asked.model_copy(update={part: kept})})


def likeliest_first(examples: Sequence[Example], name: str) -> list[Example]:
    """Returns examples in the order in which they probably show what a name is for."""
    word = name.rpartition(".")[2].rstrip("*")
    return sorted(examples, key=lambda example: word not in example.model_dump_json())


def issued_cookies(template: Template, example: Example) -> set[str]:
    """Returns the cookies that the edge sets with the answer to a client's example."""
    issued: set[str] = set()

    def receive(*arguments: Any, **more: Any) -> Rehearsed:
        received = rehearse(*arguments, **more)
        if received.hit is not None:
            issued.update(received.hit.issued)
        return received

    runner = ExampleRunner(Templates({template.key: template}, shared_modules()), receive)
    runner.outcome(runner.program(template, example), template, example)
    return issued


def asking_all(example: Example) -> Example:
    """Returns an example that asks for everything that comes of it, secrets by their names."""
    return example.model_copy(update={"expect": EVERYTHING})


def bytes_of(value: Any) -> bytes:
    """Returns JSON data as bytes; the order of keys counts."""
    return json.dumps(value, ensure_ascii=False).encode()
