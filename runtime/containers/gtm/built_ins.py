"""Tag Manager's built-in variables, which an export names by type, and names that nothing in an export explains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from runtime.containers.gtm.desk import Desk
from runtime.containers.gtm.entity import Entity
from runtime.containers.gtm.references import EVENT_NAME, Known
from runtime.containers.gtm.report import Fate


@dataclass(frozen=True)
class BuiltIn:
    """One built-in variable: its name in texts, and what it is here."""

    name: str
    template: str
    settings: dict[str, Any]
    field: str = ""
    differs: str = ""


def _page(part: str) -> dict[str, Any]:
    return {"part": part}


_URL = {"path": "page_location"}
BUILT_INS = {
    "EVENT_NAME": BuiltIn("Event Name", "event_field", {"path": EVENT_NAME}, field=EVENT_NAME),
    "EVENT": BuiltIn("Event", "event_field", {"path": EVENT_NAME}, field=EVENT_NAME),
    "CLIENT_NAME": BuiltIn(
        "Client Name", "container_part", {"part": "client"}, differs="It is the client's id here, not its name."
    ),
    "CONTAINER_ID": BuiltIn(
        "Container ID", "container_part", {"part": "id"}, differs="It is this container's own id, not the GTM- one."
    ),
    "CONTAINER_VERSION": BuiltIn(
        "Container Version", "container_part", {"part": "version"}, differs="Versions are counted from 1 again."
    ),
    "ENVIRONMENT_NAME": BuiltIn(
        "Environment Name", "container_part", {"part": "environment"},
        differs="It is the environment's name here: `live` for what there is Live.",
    ),
    "DEBUG_MODE": BuiltIn("Debug Mode", "container_part", {"part": "preview"}),
    "RANDOM_NUMBER": BuiltIn("Random Number", "random_integer", {}),
    "QUERY_STRING": BuiltIn("Query String", "request_query", {}),
    "REQUEST_PATH": BuiltIn("Request Path", "request_part", {"part": "path"}),
    "REQUEST_METHOD": BuiltIn("Request Method", "request_part", {"part": "method"}),
    "VISITOR_REGION": BuiltIn(
        "Visitor Region", "geo", {"part": "region"},
        differs="The server must be told where places come from: FIRSTHAND_GEO_HEADERS or FIRSTHAND_GEO_DB.",
    ),
    "PAGE_URL": BuiltIn("Page URL", "event_field", _URL, field="page_location"),
    "PAGE_HOSTNAME": BuiltIn("Page Hostname", "page_url_part", _page("host")),
    "PAGE_PATH": BuiltIn("Page Path", "page_url_part", _page("path")),
    "SERVER_PAGE_LOCATION_URL": BuiltIn("Page URL", "event_field", _URL, field="page_location"),
    "SERVER_PAGE_LOCATION_HOSTNAME": BuiltIn("Page Hostname", "page_url_part", _page("host")),
    "SERVER_PAGE_LOCATION_PATH": BuiltIn("Page Path", "page_url_part", _page("path")),
    "REFERRER": BuiltIn("Referrer", "event_field", {"path": "page_referrer"}, field="page_referrer"),
    "ANALYTICS_CLIENT_ID": BuiltIn("Analytics Client ID", "event_field", {"path": "client_id"}, field="client_id"),
    "ANALYTICS_SESSION_ID": BuiltIn(
        "Analytics Session ID", "event_field", {"path": "ga_session_id"}, field="ga_session_id"
    ),
    "ANALYTICS_SESSION_NUMBER": BuiltIn(
        "Analytics Session Number", "event_field", {"path": "ga_session_number"}, field="ga_session_number"
    ),
}  # fmt: skip
"""By type as exports write it."""

_INTERNAL = {"_event": "EVENT_NAME"}
"""Names that only filters use."""


def built_in_of(type: str) -> BuiltIn | None:
    """Returns the built-in variable of a type in either spelling: CLIENT_NAME, clientName."""
    folded = type.replace("_", "").lower()
    return next((each for key, each in BUILT_INS.items() if key.replace("_", "").lower() == folded), None)


def declare_built_in(desk: Desk, entity: Entity) -> None:
    """Notes what the name of an enabled built-in variable stands for."""
    found = built_in_of(entity.type)
    if found is not None:
        for name in dict.fromkeys((entity.name or found.name, found.name)):
            desk.references.add(name, _known(desk, found, desk.id(entity)))
    elif entity.name:
        desk.references.add(entity.name, Known(desk.id(entity), is_empty=True))


def map_built_in(desk: Desk, entity: Entity, fate: Fate) -> None:
    """Puts an enabled built-in variable into the container."""
    found, id = built_in_of(entity.type), desk.id(entity)
    if found is None or not desk.has("variable", found.template):
        reason = f"Nothing here stands for the built-in variable {entity.type or '(none)'}, so it has no value."
        fate.unmapped(reason, desk.put("variables", id, desk.no_value({})))
        return
    path = desk.put("variables", id, {"template": found.template, "settings": dict(found.settings)})
    fate.mapped(path, f"It is the variable template {found.template}.")
    if found.field:
        fate.reasons.append(f"Conditions name the event's field {found.field} directly.")
    if found.differs:
        fate.differs(found.differs)


def missing(desk: Desk, name: str) -> Known:
    """Returns what a name stands for that no variable of the export has."""
    wanted = _INTERNAL.get(name, "")
    found = next((each for key, each in BUILT_INS.items() if key == wanted or each.name == name), None)
    if found is None or not desk.has("variable", found.template):
        reason = f"The export refers to a variable `{name}` and does not hold one, so it has no value."
        return Known(desk.add("variables", name, desk.no_value({}), reason), is_empty=True)
    instance = {"template": found.template, "settings": dict(found.settings)}
    reason = f"The export refers to the built-in variable `{name}` and does not list it."
    return _known(desk, found, desk.add("variables", name.strip("_"), instance, reason))


def _known(desk: Desk, found: BuiltIn, id: str) -> Known:
    if not desk.has("variable", found.template):
        return Known(id, is_empty=True)
    return Known(id, field=found.field, is_client=found.name == "Client Name")
