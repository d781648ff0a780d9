"""What names what: `{{variable}}` in settings, variables in conditions, triggers and companions in tags, and so on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from runtime.containers.snapshot import instances
from runtime.containers.templates import Templates
from runtime.model.container import Condition, Container, Group, Tag, Transformation
from runtime.text.references import names_in_braces, whole_variable
from runtime.text.secrets import is_reference, reference_name

FOLDED = ("clients", "tags", "triggers", "variables", "transformations", "schemas")
"""The parts of a container that lie in folders."""


class Use(NamedTuple):
    """One part that names another. Parts are called `tags.x`, `variables.x`, `templates.destination/x`, `secrets.X`,
    `shared.x`, whether they exist or not."""

    path: str
    """Where it does so: `tags.x.triggers.0`."""
    user: str
    used: str


def uses(container: Container, templates: Templates | None = None) -> Iterator[Use]:
    """Yields all that names something; with templates also the shared modules that each template in use names."""
    yield from _of_folders(container)
    for id, trigger in container.triggers.items():
        for path, condition in conditions(trigger, f"triggers.{id}"):
            if condition.variable is not None:
                yield Use(f"{path}.variable", f"triggers.{id}", f"variables.{condition.variable}")
    for id, tag in container.tags.items():
        yield from _of_asking(f"tags.{id}", tag)
        for role, companion in (("setup", tag.setup), ("teardown", tag.teardown)):
            if companion is not None:
                yield Use(f"tags.{id}.{role}.tag", f"tags.{id}", f"tags.{companion.tag}")
    for id, step in container.transformations.items():
        yield from _listed(f"transformations.{id}", "tags", step.tags, "tags")
        yield from _of_asking(f"transformations.{id}", step)
    yield from _of_instances(container, templates)


def is_computed(value: Any) -> bool:
    """Tells whether a setting's value is known only with the event, being one `{{variable}}` as a whole."""
    return isinstance(value, str) and whole_variable(value) is not None


def mentions(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yields path and name of every `{{name}}` in a setting's value."""
    for place, text in _texts(value, path):
        yield from ((place, name) for name in names_in_braces(text))


def conditions(group: Group, path: str) -> Iterator[tuple[str, Condition]]:
    """Yields every condition of a trigger with its path, however deep it lies."""
    for part, members in (("all", group.all), ("any", group.any), ("not", group.not_)):
        for index, member in enumerate(members or ()):
            place = f"{path}.{part}.{index}"
            if isinstance(member, Condition):
                yield place, member
            else:
                yield from conditions(member, place)


def _of_folders(container: Container) -> Iterator[Use]:
    for part in FOLDED:
        for id, held in getattr(container, part).items():
            if held.folder:
                yield Use(f"{part}.{id}.folder", f"{part}.{id}", f"folders.{held.folder}")


def _of_asking(user: str, part: Tag | Transformation) -> Iterator[Use]:
    yield from _listed(user, "triggers", part.triggers, "triggers")
    yield from _listed(user, "exceptions", part.exceptions, "triggers")


def _listed(user: str, key: str, names: Iterable[str], kind: str) -> Iterator[Use]:
    for index, name in enumerate(names):
        yield Use(f"{user}.{key}.{index}", user, f"{kind}.{name}")


def _of_instances(container: Container, templates: Templates | None) -> Iterator[Use]:
    found = set()
    for kind, user, instance in instances(container):
        key = f"{kind}/{instance.template}"
        found.add(key)
        yield Use(f"{user}.template", user, f"templates.{key}")
        for path, text in _texts(instance.settings, f"{user}.settings"):
            if is_reference(text):
                yield Use(path, user, f"secrets.{reference_name(text)}")
            elif (
                kind != "client"
            ):  # A client's settings are read before there is an event, so no variable is filled in.
                yield from (Use(path, user, f"variables.{name}") for name in names_in_braces(text))
    if templates is not None:
        for key in sorted(found & templates.by_key.keys()):
            names = templates.by_key[key].manifest.shared
            yield from _listed(f"templates.{key}", "shared", names, "shared")


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yields path and text of every text in a setting's value."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list | tuple):
        for index, part in enumerate(value):
            yield from _texts(part, f"{path}.{index}")
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _texts(part, f"{path}.{key}")
