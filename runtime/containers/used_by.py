"""What uses a part of a container: asked before it is changed or removed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from runtime.containers.hints import suggest
from runtime.containers.references import Use, uses
from runtime.containers.templates import Templates
from runtime.errors import OperatorError
from runtime.model.container import Container
from runtime.model.manifest import KIND_FOLDERS
from runtime.text.secrets import PREFIX


class UsedBy(NamedTuple):
    """One place that leads to the part that was asked for."""

    path: str
    """The place: `tags.meta.triggers.0`."""
    part: str
    """What it belongs to: `tags.meta`."""
    uses: str
    """What it names: the part that was asked for, or one that uses that."""
    distance: int
    """1 = it names the part itself."""


def used_by(container: Container, templates: Templates, part: str) -> list[UsedBy]:
    """Returns everything that uses a part, directly or through others, the nearest first; each place once.

    A part is called `variables.x`, `triggers.x`, `tags.x`, `folders.x` and so on, `templates.destination/x`,
    `shared.x` (a Lua module) or `secrets.X`; `destination/x`, `shared/x`, `secret:X` and `X` alone are understood too.
    What does not exist and is named all the same can be asked for; OperatorError where neither is so.
    """
    found = list(uses(container, templates))
    start = _known(part, container, templates, found)
    by_used: dict[str, list[Use]] = defaultdict(list)
    for use in found:
        by_used[use.used].append(use)
    return list(_outwards(by_used, start))


def _outwards(by_used: dict[str, list[Use]], start: str) -> Iterator[UsedBy]:
    reached, ring, distance = {start}, [start], 0
    while ring:
        distance += 1
        outer: list[str] = []
        for name in ring:
            for use in by_used.get(name, ()):
                yield UsedBy(use.path, use.user, use.used, distance)
                if use.user not in reached:
                    reached.add(use.user)
                    outer.append(use.user)
        ring = outer


def _known(part: str, container: Container, templates: Templates, found: list[Use]) -> str:
    """Returns a part's full name; OperatorError where there is none of it."""
    name = _full(part)
    known = {name for use in found for name in (use.user, use.used)}
    known |= {f"{each}.{id}" for each, ids in container if isinstance(ids, dict) for id in ids}
    known |= {f"templates.{key}" for key in templates.by_key} | {f"shared.{module}" for module in templates.shared}
    if name not in known:
        kind, _, id = name.partition(".")
        ids = sorted(each.partition(".")[2] for each in known if each.startswith(f"{kind}."))
        raise OperatorError(f"There is no `{part}` here.", hint=suggest(id, ids, none="Name a part as `tags.meta`."))
    return name


def _full(part: str) -> str:
    if part.startswith(PREFIX):
        return f"secrets.{part.removeprefix(PREFIX)}"
    kind, slash, id = part.partition("/")
    if slash and "." not in kind:
        return f"shared.{id}" if kind == "shared" else f"templates.{part}" if kind in KIND_FOLDERS else part
    return part if "." in part else f"secrets.{part}"
