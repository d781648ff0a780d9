"""The inputs of a template's settings, made of what its manifest declares."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from admin_ui.forms_input import Group, Input, Kind
from runtime.containers.given_settings import native_fields
from runtime.model.manifest import Field, Manifest

_KINDS: dict[str, Kind] = {
    "text": "line", "url": "line", "regex": "line", "integer": "number", "number": "number", "boolean": "switch",
    "choice": "choice", "secret": "secret", "list": "lines", "map": "rows",
}  # fmt: skip
_FORMS = {
    "url": "A URL: https://host/path.",
    "regex": "A regular expression in RE2's syntax: without look-around.",
    "list": "One a line.",
    "map": "Names and texts. For numbers, true and false, or maps in maps, edit it as YAML.",
}
_ROWS = "One a line: a regular expression (RE2), ` -> `, and what stands for it."
_SWITCH = (("true", "Yes"), ("false", "No"))


def setting_groups(manifest: Manifest | None, settings: Mapping[str, Any], id: str) -> Iterator[Group]:
    """Yields the settings of an instance: what most need, what few need, and what the template does not know.

    Without a manifest all of them are YAML. `id` is the instance's.
    """
    if manifest is None:
        yield Group("Settings", (Input("settings", "yaml", "Settings", "The template is not known here."),))
        return
    inputs = [_input(manifest, field, id) for field in manifest.fields]
    yield Group("Settings", tuple(each for each in inputs if not each.advanced))
    yield Group("More settings", tuple(each for each in inputs if each.advanced), advanced=True)
    known = {field.id for field in manifest.fields}
    strange = [name for name in settings if name not in known and "." not in name]
    help = "The template has no such setting. Empty it to remove it."
    yield Group("Unknown settings", tuple(Input(f"settings.{name}", "yaml", name, help) for name in strange))


def _input(manifest: Manifest, field: Field, id: str) -> Input:
    kind = _KINDS[field.type]
    if field.items == "secret":
        kind = "secrets"
    choices = _SWITCH if kind == "switch" else tuple((choice, choice) for choice in field.choices)
    name = re.sub(r"\W+", "_", f"{id}_{field.id}").strip("_").upper()
    return Input(
        f"settings.{field.id}", kind, field.label, " ".join(_help(field)), field.required, _shown(field.default),
        choices, field.pattern or "", field.id not in native_fields(manifest) and not kind.startswith("secret"),
        field.advanced, secret=name,
    )  # fmt: skip


def _help(field: Field) -> Iterator[str]:
    yield field.help
    if field.type in _FORMS and field.items != "secret":
        yield _ROWS if field.items == "regex_row" else _FORMS[field.type]
    if field.min is not None and field.max is not None:
        yield f"From {field.min:g} to {field.max:g}."
    elif field.min is not None:
        yield f"{field.min:g} is the least."
    elif field.max is not None:
        yield f"{field.max:g} is the most."


def _shown(default: Any) -> str:
    if isinstance(default, bool):
        return "yes" if default else "no"
    if isinstance(default, list | tuple) and all(isinstance(each, str) for each in default):
        return ", ".join(default)
    if isinstance(default, str | int | float):
        return str(default)
    return "" if default is None else orjson.dumps(default).decode()
