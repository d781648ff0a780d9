"""Exports written for these tests, and what a reader who knows nothing of the importer sees in them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from runtime.containers.draft import Draft, read_draft
from runtime.containers.gtm.importer import Imported, import_gtm
from runtime.containers.templates import BUILT_IN, Templates, load_template, load_templates
from runtime.edge.rehearsal import rehearse
from runtime.explain.examples import ExampleRunner
from runtime.explain.tested import run_examples
from runtime.lua.script_check import ScriptCheck
from tests.containers.gtm.big import big_export

EXPORTS = Path(__file__).parent / "exports"
MARK = "tok3n"
"""Every token of the exports holds it, and nothing else does."""
KINDS = (
    "client",
    "tag",
    "trigger",
    "variable",
    "builtInVariable",
    "transformation",
    "customTemplate",
    "folder",
    "zone",
)

_PASSED: set[bytes] = set()
"""Templates whose examples have passed: what is in their files, since equal files do the same."""


@cache
def built_in() -> Templates:
    """The templates that come with Firsthand."""
    return load_templates(BUILT_IN)


def names() -> list[str]:
    """The exports; none is a mistake of the tests."""
    found = sorted(path.stem for path in EXPORTS.glob("*.json"))
    assert len(found) >= 8
    return [*found, "big"]


@cache
def raw(name: str) -> bytes:
    """An export's bytes."""
    return orjson.dumps(big_export()) if name == "big" else (EXPORTS / f"{name}.json").read_bytes()


def imported(given: bytes | dict[str, Any]) -> Imported:
    """What the import makes of an export."""
    return import_gtm(given if isinstance(given, bytes) else orjson.dumps(given), built_in())


def from_file(name: str) -> Imported:
    """What the import makes of one of the exports."""
    return imported(raw(name))


def version_of(data: Any) -> dict[str, Any]:
    """The container version of an export, whatever wraps it."""
    inner = data.get("containerVersion")
    return inner if isinstance(inner, dict) else data


def count(version: dict[str, Any]) -> int:
    """How many things there are in a container version: each member of each list; one where a list should be."""
    lists = sum(len(value) for value in version.values() if isinstance(value, list))
    return lists + sum(version.get(kind) is not None and not isinstance(version.get(kind), list) for kind in KINDS)


def write(found: Imported, folder: Path) -> Path:
    """Writes an import's files; returns the container's."""
    for path, text in found.files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder / "container.yaml"


def checked(found: Imported, folder: Path) -> Draft:
    """The import's container, read back from its files and checked as `container validate` does."""
    return read_draft(write(found, folder), ScriptCheck)


def failing_examples(draft: Draft, folder: Path) -> list[str]:
    """Examples of the container's own templates that fail, and templates that have none."""
    assert draft.templates is not None
    runner = ExampleRunner(draft.templates, rehearse)
    failed = []
    for manifest in sorted((folder / "templates").glob("*/*/manifest.yaml")):
        content = b"".join(file.read_bytes() for file in sorted(manifest.parent.rglob("*")) if file.is_file())
        if content in _PASSED:
            continue
        tested = run_examples(runner, load_template(manifest.parent), manifest.parent)
        failed += [f"{tested.template}: {each}" for each in tested.failed]
        failed += [] if tested.outcomes else [f"{tested.template}: no examples"]
        _PASSED.update([content] if not failed else [])
    return failed


def texts(value: Any) -> Iterator[str]:
    """Every text in a JSON value, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for part in value:
            yield from texts(part)
    elif isinstance(value, dict):
        yield from value
        for part in value.values():
            yield from texts(part)
