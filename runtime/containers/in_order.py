"""The order in which problems are told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from runtime.errors import Problem
from runtime.model.container import Container

_PARTS = {name: place for place, name in enumerate(("", *Container.model_fields))}


def in_order(problems: Iterable[Problem], container: Container | None) -> list[Problem]:
    """Returns problems in the order of a container's file, those of one tag, trigger and so on together, and what lies
    in other files last. Where the container could not be read, what was found first is told first."""
    listed = list(problems)
    places = {owner: place for place, owner in enumerate(dict.fromkeys([*_owners(container), *map(_owner, listed)]))}
    return sorted(listed, key=lambda each: (_PARTS.get(each.path.split(".")[0], len(_PARTS)), places[_owner(each)]))


def _owners(container: Container | None) -> Iterator[str]:
    for name in Container.model_fields if container else ():
        held = getattr(container, name)
        yield from (f"{name}.{id}" for id in held) if isinstance(held, dict) else ()


def _owner(problem: Problem) -> str:
    """Returns what a problem is about: `tags.x`, or a key of the container itself."""
    return ".".join(problem.path.split(".")[:2])
