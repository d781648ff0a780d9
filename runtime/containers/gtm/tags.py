"""Tags of an export as tags of ours: a destination where there is one, else a paused stub."""

from __future__ import annotations

from typing import Any

from runtime.containers.gtm.desk import Desk
from runtime.containers.gtm.destinations import ABSENT, BY_TYPE, Destination, destination_of
from runtime.containers.gtm.entity import Entity
from runtime.containers.gtm.form import Form
from runtime.containers.gtm.options import companion, options_of
from runtime.containers.gtm.report import Fate
from runtime.containers.gtm.stubs import add_stub, template_of
from runtime.model.consent import Purpose

_AFTER = 1000
"""Transformations made for one tag come after those of the export."""


def map_tag(desk: Desk, entity: Entity, fate: Fate) -> None:
    """Puts a tag into the container."""
    destination = _destination(desk, entity)
    form = Form(desk, entity, fate)
    id = destination.fill(form) if destination is not None else ""
    if destination is None or not id:
        _stub(desk, entity, fate, destination)
        return
    form.rest()
    kept, fate.reasons = fate.reasons, []
    fate.mapped(f"tags.{desk.id(entity)}", f"It is the destination {id}.")
    fate.differs(*kept)
    options, stops = options_of(desk, entity, fate, _needed(desk, id), form.purposes)
    _put(desk, entity, fate, {"template": id, "settings": form.settings, **options}, [*form.blocked, *stops])
    _augment(desk, entity, fate, form.augmented)


def _destination(desk: Desk, entity: Entity) -> Destination | None:
    template = template_of(desk, entity.type)
    found = destination_of(template) if template is not None else BY_TYPE.get(entity.type)
    return found if found is not None and desk.has("destination", found.id) else None


def _needed(desk: Desk, id: str) -> tuple[Purpose, ...]:
    template = desk.built_in.get("destination", id)
    spec = template.manifest.destination if template is not None else None
    return spec.consent if spec is not None else ()


def _put(desk: Desk, entity: Entity, fate: Fate, tag: dict[str, Any], stops: list[str]) -> None:
    paused = entity.flag("paused") or bool(stops)
    path = desk.put("tags", desk.id(entity), {**tag, "paused": True if paused else None})
    for stop in dict.fromkeys(stops):
        fate.differs(f"It is paused: {stop}.")
        desk.report.todo.append(f"{path}: {stop}; then remove `paused`.")


def _stub(desk: Desk, entity: Entity, fate: Fate, destination: Destination | None) -> None:
    told, fate.reasons = fate.reasons, []
    why = ABSENT.get(entity.type, "")
    if destination is not None:
        why = f"It cannot be the destination {destination.id} as it is."
    id = add_stub(desk, "destination", entity, fate, why)
    fate.reasons += told
    options, _ = options_of(desk, entity, fate, ())
    options["consent"] = options["consent"] or None
    desk.put("tags", desk.id(entity), {"template": id, **options, "paused": True})
    fate.reasons.append("It is paused.")


def _augment(desk: Desk, entity: Entity, fate: Fate, fields: dict[str, Any]) -> None:
    if not fields:
        return
    settings = {"fields": dict(sorted(fields.items()))}
    instance = {"template": "augment", "settings": settings, "tags": [desk.id(entity)], "order": _AFTER}
    reason = f"The tag {entity.name or desk.id(entity)} sets these fields of what it sends."
    id = desk.add("transformations", f"{desk.id(entity)} fields", instance, reason)
    fate.reasons.append(f"The fields that it sets itself are in transformations.{id}.")


def add_companions(desk: Desk, entity: Entity, fate: Fate) -> None:
    """Names a tag's setup and teardown, once all tags are there."""
    tag = desk.parts["tags"].get(desk.id(entity))
    for key, ours in (("setupTag", "setup"), ("teardownTag", "teardown")):
        found = companion(desk, entity, key, fate) if tag is not None else {}
        if tag is not None and found and not _leads_back(desk, found["tag"], desk.id(entity)):
            tag[ours] = found
        elif found:
            fate.differs(f"Its {key} leads back to the tag itself, so it was left out.")


def _leads_back(desk: Desk, start: str, goal: str) -> bool:
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        id = waiting.pop()
        if id not in reached:
            reached.add(id)
            tag = desk.parts["tags"].get(id, {})
            waiting += [tag[key]["tag"] for key in ("setup", "teardown") if key in tag]
    return goal in reached
