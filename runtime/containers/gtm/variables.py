"""Variables of an export as variables of ours.

One without a counterpart stays as a variable that has no value, so that what refers to it still reads.
"""

from __future__ import annotations

from typing import Any

from runtime.containers.gtm.desk import Desk
from runtime.containers.gtm.entity import Entity, is_true, rows, text_of
from runtime.containers.gtm.formats import format_of
from runtime.containers.gtm.references import Known, Withheld
from runtime.containers.gtm.report import Fate
from runtime.containers.gtm.secrets import MASK, REFERENCE
from runtime.containers.gtm.stubs import add_stub
from runtime.containers.gtm.variable_types import ABSENT, TYPES, NoCounterpart, Settings
from runtime.text.secrets import is_reference, reference_name


def declare_variable(desk: Desk, entity: Entity) -> None:
    """Notes what a variable's name stands for, before anything refers to it."""
    desk.references.add(entity.name, _known(desk, entity))


def map_variable(desk: Desk, entity: Entity, fate: Fate) -> None:
    """Puts a variable into the container."""
    known = _known(desk, entity)
    id = desk.id(entity)
    about = {"folder": desk.folder(entity), "note": entity.text("notes")}
    if known.secret:
        reason = f"It holds a token, so its value is the secret {known.secret}, which tags name themselves."
        fate.mapped(f"secret:{known.secret}", reason)
        return
    try:
        template, settings = _settings(desk, entity, fate)
    except NoCounterpart as why:
        instance = desk.no_value(entity.parameters, **about)
        fate.unmapped(f"{why} It has no value here.", desk.put("variables", id, instance))
        return
    except Withheld as withheld:
        reason = f"It gives the secret {withheld.name}, and no variable can. It has no value here."
        fate.unmapped(reason, desk.put("variables", id, desk.no_value(entity.parameters, **about)))
        return
    format, odd = format_of(entity)
    path = desk.put("variables", id, {"template": template, "settings": settings, "format": format, **about})
    if fate.became:  # a stub, whose fate is told already
        return
    kept, fate.reasons = fate.reasons, []
    fate.mapped(path, f"It is the variable template {template}.")
    fate.differs(*kept, *odd)


def _known(desk: Desk, entity: Entity) -> Known:
    id, given = desk.id(entity), entity.parameters
    text = text_of(given.get("value"))
    if entity.type == "c" and is_reference(text):
        return Known(id, secret=reference_name(text))
    if entity.type == "c" and MASK in text:
        return Known(id, withheld=True)
    if entity.type == "uv":
        return Known(id, is_empty=True)
    is_plain = not format_of(entity)[0]
    if entity.type == "c":
        return Known(id, constant=text if text and is_plain and not REFERENCE.search(text) else None)
    if entity.type == "ed" and is_plain and not is_true(given.get("setDefaultValue")):
        return Known(id, field=path_of(text_of(given.get("keyPath"))))
    if entity.type in ("smm", "remm") and any(is_reference(text_of(part)) for part in _outputs(given)):
        return Known(id, withheld=True)
    return Known(id)


def path_of(text: str) -> str:
    """Returns a dotted path, or "" where the text is none."""
    return text if text and all(text.split(".")) and not REFERENCE.search(text) else ""


def _outputs(given: dict[str, Any]) -> list[Any]:
    return [given.get("defaultValue"), *(row.get("value") for row in rows(given.get("map")))]


def _settings(desk: Desk, entity: Entity, fate: Fate) -> Settings:
    given = entity.parameters
    make = TYPES.get(entity.type)
    if make is not None:
        return make(desk, given, fate)
    if entity.type.startswith("cvt_"):
        return add_stub(desk, "variable", entity, fate), {}
    raise NoCounterpart(ABSENT.get(entity.type, f"Variables of type {entity.type or '(none)'} do not exist here."))
