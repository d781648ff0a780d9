"""Stubs: own templates in the place of templates that have no counterpart.

A stub's manifest holds the original's parameters as fields and grants nothing. Its script drops every event and says
so. The original's JavaScript lies beside it, line by line as comments, for whoever writes the Lua.
"""

from __future__ import annotations

import re
from typing import Any

from runtime.containers.gtm.desk import NO_VALUE, PARTS, Desk
from runtime.containers.gtm.entity import Entity, is_true
from runtime.containers.gtm.names import Ids
from runtime.containers.gtm.report import Fate
from runtime.containers.gtm.secrets import is_token_name
from runtime.containers.gtm.stub_files import stub_files
from runtime.containers.gtm.stub_list import Stub
from runtime.containers.gtm.tpl import CustomTemplate, Declared
from runtime.model.manifest import Kind
from runtime.text.secrets import is_reference, reference

_WORDS = 200
"""Characters of a label, and twice that of a help text."""


def template_of(desk: Desk, type: str) -> CustomTemplate | None:
    """Returns the template that instances of a type are made of, where the export holds it."""
    return next((template for template in desk.templates if template.answers_to(type)), None)


def add_stub(desk: Desk, kind: Kind, entity: Entity, fate: Fate, why: str = "") -> str:
    """Makes an entity an instance of a stub, tells of it, and returns the stub's id."""
    template = template_of(desk, entity.type)
    if template is not None and template.kind not in (kind, None):
        template = None
    key = f"template {template.entity.position}" if template else entity.type
    title = template.title if template else entity.type or entity.name or "unknown"
    stub = desk.stubs.of(kind, key, title, template)
    stub.instances.append(entity)
    absent = f"Nothing here does what a {entity.kind} of type {entity.type or '(none)'} does."
    if entity.type.startswith("cvt_"):
        absent = f"The export does not hold the template {entity.type}, and nothing is known of it."
    reason = why or (f"Nothing here does what the template {title} does." if template else absent)
    path = f"{PARTS[entity.kind]}.{desk.id(entity)}"
    fate.unmapped(f"{reason} Its parameters are kept with the stub {stub.id}.", path)
    return stub.id


def finish_stubs(desk: Desk) -> None:
    """Writes the files of all stubs, and gives their instances the settings that their manifests declare."""
    for stub in desk.stubs.by_key.values():
        names = _names(stub)
        types = {name: _type(desk, stub, name) for name in names}
        declared = {each.name: each for each in (stub.template.declared if stub.template else ())}
        fields = [_field(id, types[name], name, declared.get(name)) for name, id in names.items()]
        desk.files |= stub_files(stub.id, stub.kind, stub.title, fields, stub.template)
        for entity in stub.instances:
            instance = desk.parts[PARTS[entity.kind]].get(desk.id(entity))
            if instance is not None and instance.get("template") == stub.id:
                instance |= {"settings": given} if (given := _settings(desk, stub, entity, names, types)) else {}


def no_value_files() -> dict[str, str]:
    """Returns the files of the template whose variables never have a value."""
    help = "What the variable was configured with in Tag Manager; nothing reads it."
    fields = [{"id": "parameters", "type": "map", "label": "Parameters", "help": help}]
    summary = "A variable that never has a value, in the place of one that has no counterpart here."
    return stub_files(NO_VALUE, "variable", "No value", fields, None, summary)


def _names(stub: Stub) -> dict[str, str]:
    """Returns the fields' ids by the parameters' names: the declared ones first, then whatever instances give."""
    declared = [each.name for each in stub.template.declared] if stub.template else []
    given = [name for entity in stub.instances for name in entity.parameters]
    ids = Ids(joint="_")
    return {name: ids.new(_snake(name), "parameter") for name in dict.fromkeys([*declared, *given])}


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)


def _type(desk: Desk, stub: Stub, name: str) -> str:
    """Returns the type of a field that takes what every instance gives."""
    values = [value for entity in stub.instances if (value := entity.parameters.get(name)) not in (None, "")]
    if values and all(_secret(desk, value) for value in values):
        return "secret"
    if any(isinstance(value, dict | list) for value in values):
        return "map"
    if values and all(isinstance(value, bool) for value in values):
        return "boolean"
    return "secret" if not values and is_token_name(name) else "text"


def _secret(desk: Desk, value: Any) -> str:
    if not isinstance(value, str):
        return ""
    if is_reference(value):
        return value
    known = desk.references.whole(value)
    return reference(known.secret) if known is not None and known.secret else ""


def _settings(desk: Desk, stub: Stub, entity: Entity, names: dict[str, str], types: dict[str, str]) -> dict[str, Any]:
    found = {names[name]: _value(desk, stub, types[name], value) for name, value in entity.parameters.items()}
    return {name: value for name, value in found.items() if value not in (None, "", {}, [])}


def _value(desk: Desk, stub: Stub, type: str, value: Any) -> Any:
    if type == "secret":
        return _secret(desk, value) or None
    described = desk.references.described(value, fixed=stub.kind == "client")
    if type == "map":
        return _as_map(described)
    if type == "boolean":
        return is_true(described)
    return str(described).lower() if isinstance(described, bool) else str(described or "")


def _as_map(value: Any) -> dict[str, Any]:
    """Returns a table as a map of its rows by number."""
    if isinstance(value, dict):
        return value
    rows = value if isinstance(value, list) else [value]
    return {str(number): row for number, row in enumerate(rows, 1) if row not in (None, "", {}, [])}


def _field(id: str, type: str, name: str, declared: Declared | None) -> dict[str, Any]:
    label = _cut(declared.label, _WORDS) if declared else name
    told = f"The parameter {name} of the original."
    help = f"{told} {_cut(declared.help, 2 * _WORDS)}".strip() if declared else told
    return {"id": id, "type": type, "label": label or name, "help": help}


def _cut(text: str, most: int) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= most else f"{plain[:most]}…"


def map_template(desk: Desk, template: CustomTemplate, counterpart: str, fate: Fate) -> None:
    """Tells what became of a template; one without a counterpart is a stub, whether anything uses it or not."""
    entity = template.entity
    if counterpart:
        origin = f"the gallery's {template.gallery}" if template.gallery else "the vendor's address in its permissions"
        fate.mapped(counterpart, f"It is known by {origin}, and the {counterpart} takes its place.")
        if template.modified:
            fate.differs("It was changed after it came from the gallery; what was changed is not known here.")
        if not template.gallery:
            fate.differs("It names no gallery, so that it may do other things than the template that it was taken for.")
        return
    if template.kind is None:
        users = [stub for stub in desk.stubs.by_key.values() if stub.template is template]
        where = _folder(users[0]) if users else ""
        fate.unmapped("Its text does not say whether it is a tag, a client or a variable, so it cannot be read.", where)
        return
    stub = desk.stubs.of(template.kind, f"template {entity.position}", template.title, template)
    code = "its JavaScript lies beside it as comments" if template.code else "it holds no JavaScript that could be read"
    fate.unmapped(
        f"Nothing here does what it does; a stub {template.kind} keeps its parameters, and {code}.", _folder(stub)
    )
    fate.reasons += [f"Its section {name} could not be read." for name in template.unread]


def _folder(stub: Stub) -> str:
    return f"templates/{stub.kind}s/{stub.id}"
