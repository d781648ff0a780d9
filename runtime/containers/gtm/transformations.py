"""Transformations of an export: allow, exclude and augment, for the same tags and under the same conditions.

Where a condition cannot be carried over, what takes data out is done always, and what adds data never.
"""

from __future__ import annotations

from typing import Any

from runtime.containers.gtm.conditions import Untranslatable, condition
from runtime.containers.gtm.desk import NEVER, Desk
from runtime.containers.gtm.entity import Entity, is_true, rows, text_of
from runtime.containers.gtm.form import PATH
from runtime.containers.gtm.references import Withheld
from runtime.containers.gtm.report import Fate

_LISTS = {
    "tf_allow_params": ("allow", "allowedParamsTable", "allowedParams"),
    "tf_exclude_params": ("exclude", "excludedParamsTable", "excludedParams"),
}


def map_transformation(desk: Desk, entity: Entity, fate: Fate) -> None:
    """Puts a transformation into the container."""
    given, odd = entity.parameters, list[str]()
    if entity.type in _LISTS:
        template, table, column = _LISTS[entity.type]
        settings: dict[str, Any] = {"fields": _paths(given.get(table), column, odd)}
    elif entity.type == "tf_augment_event":
        template, settings = "augment", {"fields": _fields(desk, given, odd)}
    else:
        fate.unmapped(f"Transformations of type {entity.type or '(none)'} do not exist here.")
        return
    tags = _tags(desk, given, odd)
    if not settings["fields"] or tags == []:
        what = "It names no tag that is here" if settings["fields"] else "Its table names no field"
        fate.unmapped(f"{what}, so that it would do nothing.")
        fate.reasons += odd
        _hold(desk, entity, template, tags, "the fields that a transformation was to take out are not known")
        return
    instance: dict[str, Any] = {"template": template, "settings": settings, "tags": tags}
    instance["folder"] = desk.folder(entity)
    instance |= {"note": entity.text("notes"), "order": -_priority(entity) or None}
    instance["triggers"] = _conditions(desk, entity, template, odd)
    path = desk.put("transformations", desk.id(entity), instance)
    fate.mapped(path, f"It is the transformation {template}.")
    fate.differs(*odd)


def _priority(entity: Entity) -> int:
    value = text_of(entity.parameters.get("priority"))
    found = entity.number("priority")
    return found if found is not None else int(value) if value.isascii() and value.isdigit() and len(value) < 9 else 0


def _paths(table: Any, column: str, odd: list[str]) -> list[str]:
    found: dict[str, None] = {}
    for row in rows(table):
        path = text_of(row.get(column)).strip()
        if PATH.fullmatch(path.removesuffix("*") or "x"):
            found[path] = None
        elif path:
            odd.append(f"`{path[:80]}` is no name of a field here; it was left out.")
    return [path for path in found if path]


def _fields(desk: Desk, given: dict[str, Any], odd: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for row in rows(given.get("augmentEventTable")):
        path, value = text_of(row.get("paramName")).strip(), row.get("paramValue")
        if not PATH.fullmatch(path):
            odd.append(f"`{path[:80]}` is no name of a field here; it was left out.")
            continue
        lost: list[str] = []
        filled = desk.references.value(value, lost.append)
        if lost:
            odd.append(f"{path} would hold a secret, so it was left out.")
        if filled not in (None, [], {}) and not lost:
            found[path] = filled
    return found


def _tags(desk: Desk, given: dict[str, Any], odd: list[str]) -> list[str] | None:
    """Returns the tags that it is for; None where it is for all, an empty list where none of those named is here."""
    named = {text_of(row.get("tagReference")) for row in rows(given.get("affectedTags"))}
    named |= {text_of(each) for each in _texts(given.get("affectedTags"))}
    types = {text_of(row.get("tagType")): row for row in rows(given.get("affectedTagTypes"))}
    if not named - {""} and not types.keys() - {""}:
        return None
    chosen = [tag for tag in desk.of("tag") if {tag.id, tag.name} & (named - {""}) or _of_type(tag, types)]
    if is_true(given.get("allTagsExcept")):
        chosen = [tag for tag in desk.of("tag") if tag not in chosen]
    known = {text for tag in desk.of("tag") for text in (tag.id, tag.name)}
    if lost := sorted(named - known - {""}):
        odd.append(f"It names tags that are not in the export: {', '.join(lost)}.")
    return [id for tag in chosen if (id := desk.id(tag)) in desk.parts["tags"]]


def _texts(value: Any) -> list[Any]:
    return [part for part in value if isinstance(part, str)] if isinstance(value, list) else []


def _of_type(tag: Entity, types: dict[str, dict[str, Any]]) -> bool:
    row = types.get(tag.type)
    if row is None or not tag.type:
        return False
    exceptions = row.get("tagTypeExceptions")
    listed = exceptions if isinstance(exceptions, list) else []
    spared = {text_of(each.get("tagReference") if isinstance(each, dict) else each) for each in listed}
    return not {tag.id, tag.name} & (spared - {""})


def _conditions(desk: Desk, entity: Entity, template: str, odd: list[str]) -> list[str]:
    """Returns the trigger that holds its conditions, where it has any."""
    given = entity.parameters
    table = rows(given.get("matchingConditionsTable"))
    if not is_true(given.get("matchingConditionsEnabled")):
        return []
    reason = f"The conditions of the transformation {entity.name or desk.id(entity)}."
    try:
        if not table:
            raise Untranslatable("it says that it has conditions and lists none")
        group = [_condition(desk, row) for row in table]
    except Untranslatable as why:
        if template != "augment":
            odd.append(f"A condition could not be carried over, because {why}; so it is done for every event.")
            return []
        odd.append(f"A condition could not be carried over, because {why}; so it is never done.")
        group = [NEVER]
    return [desk.add("triggers", f"{desk.id(entity)} conditions", {"all": group}, reason)]


def _condition(desk: Desk, row: dict[str, Any]) -> dict[str, Any]:
    subject = text_of(row.get("variableReference")) or (
        f"{{{{{name}}}}}" if (name := text_of(row.get("variableName"))) else ""
    )
    value = row.get("expressionValue")
    expected = str(value).lower() if isinstance(value, bool) else text_of(value)
    try:
        return condition(desk, subject, text_of(row.get("expressionType")), expected, is_true(row.get("negate")))
    except Withheld as withheld:
        raise Untranslatable(f"it compares with the secret {withheld.name}") from None


def _hold(desk: Desk, entity: Entity, template: str, tags: list[str] | None, why: str) -> None:
    """Pauses the tags whose data would go out with nothing taken out of them."""
    if template == "augment" or tags == []:
        return
    for id in desk.parts["tags"] if tags is None else tags:
        if not desk.parts["tags"][id].get("paused"):
            desk.parts["tags"][id]["paused"] = True
            desk.report.todo.append(f"tags.{id}: {why} ({entity.name or desk.id(entity)}); then remove `paused`.")
