"""Checks what an instance gives against the fields that its template declares. Never repeats a secret's value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from runtime.containers.hints import did_you_mean, kind_of, shown, suggest
from runtime.containers.named_settings import named_settings
from runtime.containers.patterns import check_row, check_script_pattern
from runtime.containers.references import is_computed, mentions
from runtime.errors import Problem
from runtime.model.manifest import Field, Manifest
from runtime.text.domains import is_address
from runtime.text.references import fill_variables, mentions_variable
from runtime.text.regex import compile_re2
from runtime.text.secrets import PREFIX, is_reference, variable_name

_EMPTY: tuple[Any, ...] = (None, "", [], {})
_EXPECTED = {
    "text": "text",
    "url": "a URL",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "choice": "text",
    "regex": "a regular expression",
    "list": "a list",
    "map": "a map",
}
_TYPES: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "url": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "choice": (str,),
    "regex": (str,),
    "list": (list, tuple),
    "map": (dict,),
}


def check_settings(path: str, manifest: Manifest, given: dict[str, Any]) -> Iterator[Problem]:
    """Yields what is wrong with an instance's settings; `path` is the instance's own."""
    known = [field.id for field in manifest.fields]
    for name in given:
        if name not in known:
            hint = suggest(name, known, none=f"`{manifest.id}` has no settings")
            yield Problem(f"{path}.settings.{name}", f"`{manifest.id}` has no setting {shown(name)}", hint)
    native = native_fields(manifest)
    for field in manifest.fields:
        place, value = f"{path}.settings.{field.id}", given.get(field.id)
        if value in _EMPTY:
            yield from _absent(place, field, value)
        elif manifest.lookup is not None and field.type == "url" and isinstance(value, str):
            yield from _check_lookup_url(place, value)
        elif field.id in native and not _is_secret(field) and (named := list(mentions(value, place))):
            for mention, _ in named:
                yield Problem(
                    mention, "this is needed before there is an event, so it can name no variable", "write it out"
                )
        elif not is_computed(value) or _is_secret(field):
            yield from _check_value(place, field, value)


def _check_lookup_url(path: str, value: str) -> Iterator[Problem]:
    """A look-up's URL may name variables behind the host, which permissions are about."""
    start, slashes, rest = value.partition("://")
    host = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if mentions_variable(start + slashes + host):
        hint = "a variable can fill in what follows the host"
        yield Problem(path, "the host of a look-up can name no variable", hint)
    else:
        yield from _check_url(path, fill_variables(value, lambda _: "0"))


def native_fields(manifest: Manifest) -> frozenset[str]:
    """Returns the ids of the fields that are read apart from any event; of a client that is all of them."""
    if manifest.client is not None:
        return frozenset(field.id for field in manifest.fields)
    return frozenset(named_settings(manifest))


def _absent(path: str, field: Field, value: Any) -> Iterator[Problem]:
    if field.required and (value is not None or field.default is None):
        what = "this setting is missing" if value is None else "this setting is empty"
        yield Problem(path, what, f"{field.label}: {field.help}")


def _check_value(path: str, field: Field, value: Any) -> Iterator[Problem]:
    if field.type == "secret":
        yield from _check_secret(path, value)
    elif not _has_type(field.type, value):
        hint = "put it in quotes" if field.type == "text" and isinstance(value, int | float) else field.help
        yield Problem(path, f"{_EXPECTED[field.type]} is expected, this is {kind_of(value)}", hint)
    elif field.type == "list":
        yield from _check_list(path, field, value)
    elif field.type == "map":
        yield from _check_map(path, field, value)
    else:
        yield from _check_scalar(path, field, value)


def _check_list(path: str, field: Field, values: list[Any]) -> Iterator[Problem]:
    for index, value in enumerate(values):
        place = f"{path}.{index}"
        if field.items == "secret":
            yield from _check_secret(place, value)
        elif not isinstance(value, str):
            hint = "put it in quotes" if isinstance(value, int | float) else ""
            yield Problem(place, f"text is expected, this is {kind_of(value)}", hint)
        elif not is_computed(value):
            yield from _check_text(place, field, value)


def _check_map(path: str, field: Field, values: dict[str, Any]) -> Iterator[Problem]:
    for key, value in values.items():
        if isinstance(value, str) and is_reference(value):
            yield _misplaced_secret(f"{path}.{key}")
        if field.keys == "regex":
            yield from check_script_pattern(f"{path}.{key}", key)


def _check_scalar(path: str, field: Field, value: Any) -> Iterator[Problem]:
    if field.type == "choice" and value not in field.choices:
        hint = did_you_mean(value, field.choices)
        yield Problem(path, f"{shown(value)} is not one of {', '.join(field.choices)}", hint)
    elif field.type == "url":
        yield from _check_url(path, value)
    elif field.type in ("integer", "number"):
        yield from _check_range(path, field, value)
    if field.type in ("text", "url", "regex"):
        yield from _check_text(path, field, value)


def _check_range(path: str, field: Field, value: float) -> Iterator[Problem]:
    if field.min is not None and value < field.min:
        yield Problem(path, f"{value} is too small", f"{field.min:g} is the least")
    elif field.max is not None and value > field.max:
        yield Problem(path, f"{value} is too large", f"{field.max:g} is the most")


def _check_text(path: str, field: Field, value: str) -> Iterator[Problem]:
    if is_reference(value):
        yield _misplaced_secret(path)
    elif field.pattern and not next(mentions(value, path), None) and not compile_re2(field.pattern).fullmatch(value):
        yield Problem(path, f"{shown(value)} does not have the right form", field.help)
    elif field.items == "regex_row":
        yield from check_row(path, value, field.help)
    elif "regex" in (field.type, field.items):
        yield from check_script_pattern(path, value)


def _check_url(path: str, value: str) -> Iterator[Problem]:
    try:
        url = urlsplit(value)
        host, port = url.hostname or "", url.port
    except ValueError:
        yield Problem(path, f"{shown(value)} is not a URL", "write https://host/path")
        return
    if url.scheme not in ("http", "https") or not host or port == 0 or re.search(r"[\s\x00-\x1f\\]", value):
        yield Problem(path, f"{shown(value)} is not a URL", "write https://host/path")
    elif url.username is not None or url.password is not None:
        yield Problem(path, "a URL must hold no user name and no password", "use a setting that holds a secret")
    elif url.scheme == "http" and not _is_near(host):
        hint = "use https:// where the host has it"
        yield Problem(path, "what is sent there can be read on the way", hint, severity="warning")


def _is_near(host: str) -> bool:
    return host == "localhost" or host.endswith(".localhost") or is_address(host) or "." not in host


def _check_secret(path: str, value: Any) -> Iterator[Problem]:
    if not is_reference(value):
        instance, _, setting = path.rpartition(".settings.")
        name = re.sub(r"\W+", "_", f"{instance.rpartition('.')[2]}.{setting}").strip("_").upper()
        hint = f"write secret:{name}, and set the environment variable {variable_name(name)}"
        yield Problem(path, _no_secret(value), hint)


def _no_secret(value: Any) -> str:
    """Returns why a value is no reference to a secret, without repeating it."""
    if isinstance(value, str) and value.startswith(PREFIX):
        return f"what follows `{PREFIX}` is no name: a letter, then letters, digits, `_` and `-` are expected"
    if isinstance(value, str) and mentions_variable(value):
        return "a secret cannot come from a variable: no script and no trace may see it"
    return "a secret must not stand in the file itself"


def _misplaced_secret(path: str) -> Problem:
    return Problem(path, "this setting cannot hold a secret: its value would be sent as it is written", "write text")


def _is_secret(field: Field) -> bool:
    return field.type == "secret" or field.items == "secret"


def _has_type(type: str, value: Any) -> bool:
    return isinstance(value, _TYPES[type]) and (type == "boolean" or not isinstance(value, bool))
