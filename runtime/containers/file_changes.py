"""What is different between two drafts, also where one has errors: container.yaml by path, templates' files as text."""

from __future__ import annotations

from collections.abc import Iterator

from runtime.containers.diff import Change, unified, walk
from runtime.containers.edits import container_data
from runtime.containers.export import CONTAINER
from runtime.containers.files import Files
from runtime.errors import ContainerInvalid


def compare_files(before: Files, after: Files) -> list[Change]:
    """Returns all that differs in what the files say; comments and empty lines of container.yaml are not told."""
    return [*_container(before, after), *_others(before, after)]


def _container(before: Files, after: Files) -> Iterator[Change]:
    try:
        yield from walk(container_data(before), container_data(after))
    except ContainerInvalid:
        yield from _text(CONTAINER, before, after)


def _others(before: Files, after: Files) -> Iterator[Change]:
    for path in sorted({*before, *after} - {CONTAINER}):
        yield from _text(path, before, after)


def _text(path: str, before: Files, after: Files) -> Iterator[Change]:
    old, new = before.get(path), after.get(path)
    if old != new:
        change = unified(path, old or "", new or "")
        yield Change("added" if old is None else "removed" if new is None else "changed", path, old, new, change)
