"""The container file as JSON Schema, for editors: completion, help at each key, and mistakes underlined while typing.

`check` stays the judge. The schema knows nothing of what names refer to, and is a little stricter than the reader where
that turns text into numbers.
"""

from __future__ import annotations

import re
from typing import Any

from runtime.containers.given_settings import native_fields
from runtime.containers.templates import Templates
from runtime.model.container import ID, Container
from runtime.model.manifest import Field, Kind, Manifest

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_INSTANCES: dict[Kind, str] = {
    "client": "Client",
    "destination": "Tag",
    "variable": "Variable",
    "transformation": "Transformation",
}
_BRACES = r"\{\{"
_COMPUTED = {"type": "string", "pattern": rf"^\{{\{{\s*{ID}\s*\}}\}}$"}
_SECRET = {"type": "string", "pattern": r"^secret:[A-Za-z][A-Za-z0-9_-]{0,63}$"}
_OF_RE2_ALONE = re.compile(r"\(\?(?!:)|\\[AzQECpP]|\[\[:")
"""What RE2 reads and an editor's regular expressions do not, or otherwise."""


def container_schema(templates: Templates) -> dict[str, Any]:
    """Returns the schema of a container file that may use these templates, each with its settings."""
    schema = Container.model_json_schema(by_alias=True)
    for kind, name in _INSTANCES.items():
        ids = templates.ids(kind)
        part = schema["$defs"][name]
        part["properties"]["template"] = {"enum": ids, "description": f"The {kind} template."}
        part["allOf"] = [_of_template(templates.by_key[f"{kind}/{id}"].manifest) for id in ids]
    return {"$schema": DIALECT, **schema, "title": "Firsthand container"}


def _of_template(manifest: Manifest) -> dict[str, Any]:
    """Returns what holds for an instance's settings once its template is known."""
    native = native_fields(manifest)
    settings: dict[str, Any] = {
        "description": manifest.summary,
        "properties": {field.id: _of_field(field, field.id in native) for field in manifest.fields},
        "additionalProperties": False,
    }
    then: dict[str, Any] = {"properties": {"settings": settings}}
    required = [field.id for field in manifest.fields if field.required and field.default is None]
    if required:
        settings["required"] = required
        then["required"] = ["settings"]
    return {"if": {"properties": {"template": {"const": manifest.id}}, "required": ["template"]}, "then": then}


def _of_field(field: Field, native: bool) -> dict[str, Any]:
    forms = [_form(field)]
    if not (native or field.type == "secret" or field.items == "secret"):
        forms.append(_COMPUTED)
    if not field.required:
        forms.append({"type": "null"})
    described: dict[str, Any] = {"title": field.label, "description": field.help}
    if field.default is not None:
        described["default"] = field.default
    return described | (forms[0] if len(forms) == 1 else {"anyOf": forms})


def _form(field: Field) -> dict[str, Any]:
    if field.type in ("integer", "number"):
        limits = {"minimum": field.min, "maximum": field.max}
        return {"type": field.type, **{name: limit for name, limit in limits.items() if limit is not None}}
    if field.type == "list":
        return {"type": "array", "items": _SECRET if field.items == "secret" else _words(field.pattern)}
    simple: dict[str, dict[str, Any]] = {
        "text": _words(field.pattern),
        "url": {"type": "string", "pattern": "^https?://"},
        "boolean": {"type": "boolean"},
        "choice": {"enum": list(field.choices)},
        "regex": _words(field.pattern),
        "secret": _SECRET,
        "map": {"type": "object"},
    }
    return simple[field.type]


def _words(pattern: str | None) -> dict[str, Any]:
    """Returns the schema of text that matches a pattern, unless it names a variable, whose value nobody knows yet."""
    if not pattern or _OF_RE2_ALONE.search(pattern):
        return {"type": "string"}
    return {"type": "string", "pattern": f"^(?:{pattern})$|{_BRACES}"}
