"""Warns of what can never happen: triggers that match nothing, and tags and transformations that nothing leads to."""

from __future__ import annotations

from collections.abc import Iterator

from runtime.containers.firing import Firing
from runtime.errors import Problem
from runtime.model.container import Container, Tag, Transformation

_NO_EVENT = "change its conditions, or remove it"
_EXCEPTION = "narrow the exception, or remove one of the two"


def check_unreachable(container: Container) -> Iterator[Problem]:
    """Yields a warning for each part that no event can reach, at the place that keeps events from it."""
    firing = Firing(container)
    for id, reason in firing.never.items():
        because = f": {reason}" if reason else ", for it denies what always holds"
        yield _warning(f"triggers.{id}", f"this can never match{because}", _NO_EVENT)
    for id, tag in container.tags.items():
        yield from _of_tag(id, tag, firing)
        yield from _of_companions(id, tag, container, firing)
    for id, step in container.transformations.items():
        path = f"transformations.{id}"
        yield from _of_asking(path, step, firing, "this is never done")
        yield from _of_its_tags(path, step, container, firing)


def _of_tag(id: str, tag: Tag, firing: Firing) -> Iterator[Problem]:
    path = f"tags.{id}"
    if not tag.triggers and id not in firing.called:
        yield _warning(f"{path}.triggers", "this tag has no trigger, so it never fires", "name a trigger")
    else:
        alone = id not in firing.called
        yield from _of_asking(path, tag, firing, "this tag never fires" if alone else "none of its triggers fires it")


def _of_asking(path: str, part: Tag | Transformation, firing: Firing, outcome: str) -> Iterator[Problem]:
    """Yields what keeps events from a part that asks triggers."""
    for index, id in enumerate(part.exceptions):
        if id in firing.always:
            yield _warning(f"{path}.exceptions.{index}", f"`{id}` always matches, so {outcome}", _EXCEPTION)
            return
    if part.triggers and all(id in firing.never for id in part.triggers):
        message = f"none of these can ever match, so {outcome}"
        yield _warning(f"{path}.triggers", message, "name another trigger, or change these")
    elif firing.shut_out(part.triggers, part.exceptions):
        message = f"all that its triggers match is excepted, so {outcome}"
        yield _warning(f"{path}.exceptions", message, _EXCEPTION)


def _of_companions(id: str, tag: Tag, container: Container, firing: Firing) -> Iterator[Problem]:
    for role, companion in (("setup", tag.setup), ("teardown", tag.teardown)):
        if companion is None or companion.tag not in container.tags or firing.may_follow(companion.tag, called_by=[id]):
            continue
        paused = container.tags[companion.tag].paused
        held = role == "setup" and companion.stop_on_failure
        what = f"`{companion.tag}` {'is paused' if paused else 'never fires'}"
        outcome = "`stop_on_failure` holds this tag with it" if held else f"this {role} does nothing"
        hint = "let it run, or remove this" if paused else "see what is said of it, or remove this"
        yield _warning(f"tags.{id}.{role}.tag", f"{what}, so {outcome}", hint)


def _of_its_tags(path: str, step: Transformation, container: Container, firing: Firing) -> Iterator[Problem]:
    if not container.tags or any(id not in container.tags for id in step.tags):
        return  # Said elsewhere.
    tags = step.tags or tuple(container.tags)
    if firing.tags.isdisjoint(tags):
        paused = all(container.tags[id].paused for id in tags)
        what = "is paused" if paused else "is paused or never fires"
        place = f"{path}.tags" if step.tags else path
        yield _warning(place, f"each tag that this is for {what}", "resume one of them, or name another tag")


def _warning(path: str, message: str, hint: str) -> Problem:
    return Problem(path, message, hint, severity="warning")
