"""Triggers: their filters as groups of conditions, Tag Manager's own triggers by their fixed ids, trigger groups.

What cannot be carried over whole never matches: no tag fires here where it did not fire there.
"""

from __future__ import annotations

from typing import Any

from runtime.containers.gtm.conditions import Untranslatable, translate
from runtime.containers.gtm.desk import NEVER, Desk
from runtime.containers.gtm.entity import Entity
from runtime.containers.gtm.report import Fate

OWN_TRIGGERS = {
    "2147479553": "All events",
    "2147479572": "Consent initialization",
    "2147479573": "Initialization",
}
"""Tag Manager's own triggers, which no export lists."""

_FILTERS = ("customEventFilter", "filter", "autoEventFilter")
_EVERY = ("always", "customevent")
_SERVER = {
    "serverpageview": "It fires for every event that its filters let through; there only for page views.",
    "init": "Nothing comes before the other tags of an event here; it fires with every event.",
    "consentinit": "Consent is decided before any tag here; it fires with every event.",
    "pageview": "It is a trigger of web containers; here it fires for events named page_view.",
}


def map_trigger(desk: Desk, entity: Entity, fate: Fate) -> None:
    """Puts a trigger into the container."""
    id, kind = desk.id(entity), entity.type.lower().replace("_", "")
    try:
        group = {"all": _conditions(desk, entity, fate, kind)}
    except Untranslatable as why:
        desk.uncertain.add(id)
        desk.put("triggers", id, {**_about(desk, entity), "all": [NEVER]})
        fate.unmapped(f"It never matches, because {why}.", f"triggers.{id}")
        return
    # An empty `all` is what matches every event, so it is put beside what `put` would drop.
    desk.put("triggers", id, _about(desk, entity))
    desk.parts["triggers"][id] |= group
    fate.mapped(f"triggers.{id}", _words(group["all"]))
    if kind in _SERVER:
        fate.differs(_SERVER[kind])
    if kind == "triggergroup":
        fate.differs("There its triggers may match on different events of a page; here all must match the same event.")


def _conditions(desk: Desk, entity: Entity, fate: Fate, kind: str) -> list[dict[str, Any]]:
    if kind == "triggergroup":
        return _group(desk, entity, (entity.position,))
    if kind not in (*_EVERY, *_SERVER):
        raise Untranslatable(f"triggers of type {entity.type or '(none)'} need a browser or are unknown")
    first = [{"field": "event_name", "is": "equals", "value": "page_view"}] if kind == "pageview" else []
    return [*first, *_filters(desk, entity)]


def _filters(desk: Desk, entity: Entity) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for key in _FILTERS:
        nodes = entity.raw.get(key)
        if nodes is not None and not isinstance(nodes, list):
            raise Untranslatable(f"its {key} is no list")
        found += [translate(desk, node) for node in nodes or ()]
    return found


def _group(desk: Desk, entity: Entity, seen: tuple[int, ...]) -> list[dict[str, Any]]:
    wanted = entity.parameters.get("triggerIds")
    if not isinstance(wanted, list) or not wanted:
        raise Untranslatable("the group names no triggers")
    parts: list[dict[str, Any]] = []
    for gtm_id in wanted:
        if str(gtm_id) in OWN_TRIGGERS:
            continue
        member = next((each for each in desk.of("trigger") if each.id == str(gtm_id)), None)
        if member is None or member.position in seen or len(seen) > 10:
            raise Untranslatable("the group names a trigger that is not there, or leads back to itself")
        inner = member.type.lower().replace("_", "")
        if inner == "triggergroup":
            parts += _group(desk, member, (*seen, member.position))
        elif inner in (*_EVERY, *_SERVER):
            parts += _filters(desk, member)
        else:
            raise Untranslatable(f"the group names a trigger of type {member.type}")
    return parts


def _about(desk: Desk, entity: Entity) -> dict[str, Any]:
    return {"folder": desk.folder(entity), "note": entity.text("notes")}


def _words(conditions: list[dict[str, Any]]) -> str:
    if not conditions:
        return "It matches every event."
    return f"It matches where {'its condition holds' if len(conditions) == 1 else 'all its conditions hold'}."


def trigger_ids(desk: Desk, entity: Entity, key: str) -> tuple[list[str], list[str]]:
    """Returns the triggers of ours that an entity names under a key, and Tag Manager's ids of those there are not."""
    found, unknown = [], []
    for gtm_id in entity.texts(key):
        trigger = next((each for each in desk.of("trigger") if each.id == gtm_id), None)
        if trigger is not None:
            found.append(desk.id(trigger))
        elif gtm_id in OWN_TRIGGERS:
            found.append(_own(desk, gtm_id))
        else:
            unknown.append(gtm_id)
    return list(dict.fromkeys(found)), unknown


def _own(desk: Desk, gtm_id: str) -> str:
    reason = (
        f"Tag Manager's own trigger {OWN_TRIGGERS[gtm_id]} ({gtm_id}), which no export lists: it matches every event."
    )
    known = next((path for path, words in desk.report.added if words == reason), None)
    if known is not None:
        return known.removeprefix("triggers.")
    id = desk.add("triggers", OWN_TRIGGERS[gtm_id], {}, reason)
    desk.parts["triggers"][id] = {"all": []}
    return id
