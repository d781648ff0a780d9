"""What names what: `{{variable}}` in settings, triggers in tags, tags in transformations, variables in conditions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from runtime.containers.hints import suggest
from runtime.containers.snapshot import instances
from runtime.errors import Problem
from runtime.model.container import Condition, Container, Group, Tag, Transformation
from runtime.text.references import is_id, names_in_braces, whole_variable


def is_computed(value: Any) -> bool:
    """Tells whether a setting's value is known only with the event, being one `{{variable}}` as a whole."""
    return isinstance(value, str) and whole_variable(value) is not None


def mentions(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yields path and name of every `{{name}}` in a setting's value."""
    if isinstance(value, str):
        yield from ((path, name) for name in names_in_braces(value))
    elif isinstance(value, list | tuple):
        for index, part in enumerate(value):
            yield from mentions(part, f"{path}.{index}")
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from mentions(part, f"{path}.{key}")


def conditions(group: Group, path: str) -> Iterator[tuple[str, Condition]]:
    """Yields every condition of a trigger with its path, however deep it lies."""
    for part, members in (("all", group.all), ("any", group.any), ("not", group.not_)):
        for index, member in enumerate(members or ()):
            place = f"{path}.{part}.{index}"
            if isinstance(member, Condition):
                yield place, member
            else:
                yield from conditions(member, place)


def check_references(container: Container) -> Iterator[Problem]:
    """Yields what is named and does not exist, and variables that lead back to themselves."""
    for tag_id, tag in container.tags.items():
        yield from _unknown(f"tags.{tag_id}.triggers", tag.triggers, "trigger", container.triggers)
        yield from _unknown(f"tags.{tag_id}.exceptions", tag.exceptions, "trigger", container.triggers)
    for id, step in container.transformations.items():
        yield from _unknown(f"transformations.{id}.tags", step.tags, "tag", container.tags)
        yield from _unknown(f"transformations.{id}.triggers", step.triggers, "trigger", container.triggers)
        yield from _unknown(f"transformations.{id}.exceptions", step.exceptions, "trigger", container.triggers)
    for path, name in _variables_named(container):
        if name not in container.variables:
            yield _unknown_variable(path, name, container)
    yield from _cycles(container)


def check_unused(container: Container) -> Iterator[Problem]:
    """Yields a warning for each part that can have no effect."""
    asking: list[Tag | Transformation] = [*container.tags.values(), *container.transformations.values()]
    asked = {name for each in asking for name in (*each.triggers, *each.exceptions)}
    yield from _unused("triggers", container.triggers, asked, "name it in a tag's `triggers` or `exceptions`")
    named = {name for _, name in _variables_named(container)}
    yield from _unused("variables", container.variables, named, "name it in a condition, or as {{…}} in a setting")
    if not container.tags:
        yield from _unused("transformations", container.transformations, set(), "there is no tag that it could be for")
    for id, tag in container.tags.items():
        if not tag.triggers:
            yield _warning(f"tags.{id}.triggers", "this tag has no trigger, so it never fires", "name a trigger")


def _unknown(path: str, names: Iterable[str], kind: str, known: Mapping[str, Any]) -> Iterator[Problem]:
    for index, name in enumerate(names):
        if name not in known:
            yield Problem(f"{path}.{index}", f"there is no {kind} `{name}`", suggest(name, known, none=f"add a {kind}"))


def _unknown_variable(path: str, name: str, container: Container) -> Problem:
    if not is_id(name):
        return _warning(path, f"`{{{{{name}}}}}` is no variable's id, so it stays as it is", "name a variable")
    return Problem(path, f"there is no variable `{name}`", suggest(name, container.variables, none="add a variable"))


def _variables_named(container: Container) -> Iterator[tuple[str, str]]:
    for id, group in container.triggers.items():
        for path, condition in conditions(group, f"triggers.{id}"):
            if condition.variable is not None:
                yield f"{path}.variable", condition.variable
    for kind, path, instance in instances(container):
        if kind != "client":
            yield from mentions(instance.settings, f"{path}.settings")


def _cycles(container: Container) -> Iterator[Problem]:
    named = {id: [name for _, name in mentions(variable.settings, "")] for id, variable in container.variables.items()}
    for id in container.variables:
        if id in _reached(named, id):
            yield Problem(f"variables.{id}", "the variable's settings lead back to itself", "break the circle")


def _reached(named: Mapping[str, list[str]], start: str) -> set[str]:
    reached: set[str] = set()
    waiting = list(named[start])
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += named.get(name, [])
    return reached


def _unused(part: str, ids: Iterable[str], used: set[str], hint: str) -> Iterator[Problem]:
    for id in ids:
        if id not in used:
            yield _warning(f"{part}.{id}", "nothing uses this", hint)


def _warning(path: str, message: str, hint: str) -> Problem:
    return Problem(path, message, hint, severity="warning")
