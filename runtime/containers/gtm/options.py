"""What a tag is beside its template: triggers, exceptions, consent, schedule, order, companions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from runtime.containers.gtm.desk import Desk
from runtime.containers.gtm.entity import Entity, is_true, plain, text_of, whole
from runtime.containers.gtm.report import Fate
from runtime.containers.gtm.triggers import trigger_ids
from runtime.model.consent import PURPOSES, Purpose

_LAST_MS = 253_402_300_799_000
"""The last second of the year 9999."""


def options_of(
    desk: Desk, entity: Entity, fate: Fate, needed: tuple[Purpose, ...], own: tuple[Purpose, ...] = ()
) -> tuple[dict[str, Any], list[str]]:
    """Returns the options of a tag, and why it must not run as it is.

    `needed` is the consent that its template here asks for, `own` what its template there asked for.
    """
    firing, unknown = trigger_ids(desk, entity, "firingTriggerId")
    blocking, lost = trigger_ids(desk, entity, "blockingTriggerId")
    if unknown:
        fate.differs(f"It fires on triggers that the export does not hold: {', '.join(unknown)}.")
    stops = []
    if lost or desk.uncertain & set(blocking):
        names = [*lost, *sorted(desk.uncertain & set(blocking))]
        stops.append(
            f"its exceptions {', '.join(names)} could not be carried over, and without them it would fire too often"
        )
    for id in sorted(desk.uncertain & set(firing)):
        fate.differs(f"Its trigger {id} never matches, because it could not be carried over.")
    options: dict[str, Any] = {
        "folder": desk.folder(entity),
        "note": entity.text("notes"),
        "triggers": firing,
        "exceptions": blocking,
        "consent": _consent(entity, fate, needed, own),
        "priority": entity.number("priority") or None,
        "live_only": True if entity.flag("liveOnly") else None,
        "schedule": _schedule(entity, fate),
        **_limit(entity, fate, len(firing)),
    }
    if entity.raw.get("monitoringMetadata") not in (None, {}, {"type": "MAP"}):
        fate.differs("Its monitoring metadata have no counterpart; what was sent is listed with each event.")
    return options, stops


def _consent(entity: Entity, fate: Fate, needed: tuple[Purpose, ...], own: tuple[Purpose, ...]) -> list[Purpose] | None:
    """Returns the purposes it needs; never fewer than its template asks for."""
    given = entity.raw.get("consentSettings")
    settings = given if isinstance(given, dict) else {}
    status = text_of(settings.get("consentStatus")).replace("_", "").lower()
    if status != "needed":
        asked_for = ", ".join(own) or "no consent"
        if set(needed) - set(own):
            fate.differs(f"There it asked for {asked_for}; here it needs {', '.join(needed)}, as its template says.")
        return None
    asked = plain(settings.get("consentType"))
    names = [text_of(each) for each in asked] if isinstance(asked, list) else []
    others = [name for name in names if name and name not in PURPOSES]
    if others:
        fate.differs(f"It also asked for {', '.join(others)}, which no hit tells of here.")
    wanted = [purpose for purpose in PURPOSES if purpose in names or purpose in needed]
    if more := [purpose for purpose in needed if purpose not in names]:
        fate.differs(f"It needs {', '.join(more)} too, as its template says.")
    return wanted if set(wanted) != set(needed) else None


def _schedule(entity: Entity, fate: Fate) -> dict[str, str]:
    times = {"from": whole(entity.raw.get("scheduleStartMs")), "to": whole(entity.raw.get("scheduleEndMs"))}
    found = {name: ms for name, ms in times.items() if ms is not None and 0 < ms <= _LAST_MS}
    if len(found) == 2 and found["from"] >= found["to"]:
        fate.differs("Its schedule ends before it begins, so it was left out.")
        return {}
    return {
        name: datetime.fromtimestamp(ms / 1000, UTC).isoformat().replace("+00:00", "Z") for name, ms in found.items()
    }


def _limit(entity: Entity, fate: Fate, triggers: int) -> dict[str, str]:
    option = entity.text("tagFiringOption").replace("_", "").lower()
    if option == "onceperload":
        fate.differs("Once per page there is once per hit here, since a hit knows no page.")
        return {"firing_limit": "once_per_hit"}
    if option == "unlimited" and triggers > 1:
        fate.differs("It fires once per event here, however many of its triggers match.")
    return {}


def companion(desk: Desk, entity: Entity, key: str, fate: Fate) -> dict[str, Any]:
    """Returns the setup or teardown tag that an entity names, or nothing."""
    value = entity.raw.get(key)
    nodes = [node for node in (value if isinstance(value, list) else [value]) if isinstance(node, dict)]
    if not nodes:
        return {}
    title = text_of(nodes[0].get("tagName"))
    tags = [tag for tag in desk.of("tag") if title and title in (tag.name, tag.id)]
    flag = "stopOnSetupFailure" if key == "setupTag" else "stopTeardownOnFailure"
    if not tags or desk.id(tags[0]) not in desk.parts["tags"] or tags[0].position == entity.position:
        fate.differs(f"Its {key} `{title}` is not there, so it was left out.")
        return {}
    found: dict[str, Any] = {"tag": desk.id(tags[0])}
    if len(nodes) > 1:
        fate.differs(f"It names several tags as {key}; one is possible, and the first was taken.")
    return found | ({"stop_on_failure": True} if is_true(nodes[0].get(flag)) else {})
