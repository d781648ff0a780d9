"""Warns of parts that can have no effect, because nothing leads to them from a client, a tag or a transformation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from runtime.containers.references import Use
from runtime.errors import Problem
from runtime.model.container import Container

_HINTS = {
    "triggers": "name it in a tag's `triggers` or `exceptions`",
    "variables": "name it in a condition, or as {{…}} in a setting",
}
_LISTED = 3


def check_unused(container: Container, found: Collection[Use]) -> Iterator[Problem]:
    """Yields a warning for each part that nothing uses, or only what is unused itself."""
    users: dict[str, list[str]] = defaultdict(list)
    for use in found:
        if use.user != use.used:
            users[use.used].append(use.user)
    in_effect = _in_effect(found)
    for part, hint in _HINTS.items():
        for id in getattr(container, part):
            if f"{part}.{id}" not in in_effect:
                yield _unused(f"{part}.{id}", users, hint)
    for id in container.folders:
        if f"folders.{id}" not in users:
            hint = "remove it, or name it as some part's `folder`"
            yield Problem(f"folders.{id}", "nothing lies in this folder", hint, severity="warning")
    if not container.tags:
        for id in container.transformations:
            hint = "there is no tag that it could be for"
            yield Problem(f"transformations.{id}", "this changes nothing", hint, severity="warning")


def _in_effect(found: Collection[Use]) -> set[str]:
    """Returns the triggers and variables that tags and transformations lead to."""
    used: dict[str, set[str]] = defaultdict(set)
    for use in found:
        used[use.user].add(use.used)
    reached: set[str] = set()
    waiting = [user for user in used if user.startswith(("tags.", "transformations."))]
    while waiting:
        for name in used[waiting.pop()] - reached:
            reached.add(name)
            waiting += [name] if name in used else []
    return reached


def _unused(path: str, users: Mapping[str, list[str]], hint: str) -> Problem:
    names = list(dict.fromkeys(users.get(path, ())))
    if not names:
        return Problem(path, "nothing uses this", hint, severity="warning")
    listed = ", ".join(f"`{name}`" for name in names[:_LISTED]) + (", …" if len(names) > _LISTED else "")
    message = f"only parts that nothing uses use this: {listed}"
    return Problem(path, message, "use one of them, or remove them together", severity="warning")
