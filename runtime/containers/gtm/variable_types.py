"""What each type of variable becomes: a template of ours and its settings, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runtime.containers.gtm.desk import NO_VALUE, Desk
from runtime.containers.gtm.entity import is_true, rows, text_of
from runtime.containers.gtm.report import Fate
from runtime.text.regex import compile_re2

Settings = tuple[str, dict[str, Any]]
"""A template's id and the settings for it."""


class NoCounterpart(Exception):
    """Nothing here does what the variable does; the text says why."""


def _default(desk: Desk, given: dict[str, Any]) -> dict[str, Any]:
    text = text_of(given.get("defaultValue"))
    return {"default": desk.references.text(text)} if is_true(given.get("setDefaultValue")) and text else {}


def _name(desk: Desk, given: dict[str, Any], *keys: str) -> str:
    """Returns the name of a header, a cookie or a parameter, which is read apart from any event."""
    for key in (*keys, "name"):
        if text := text_of(given.get(key)):
            fixed = desk.references.fixed(text)
            if fixed is None:
                raise NoCounterpart(f"It takes its name from `{text}`, and here a name is written out.")
            return fixed.strip()
    raise NoCounterpart("It does not say what it reads.")


def _input(desk: Desk, given: dict[str, Any]) -> dict[str, Any]:
    text = text_of(given.get("input"))
    if not text.strip():
        raise NoCounterpart("It does not say what it looks up.")
    known = desk.references.whole(text)
    return {"field": known.field} if known is not None and known.field else {"input": desk.references.text(text)}


def _constant(desk: Desk, given: dict[str, Any], fate: Fate) -> Settings:
    value = given.get("value")
    text = str(value).lower() if isinstance(value, bool) else text_of(value)
    if not text:
        raise NoCounterpart("It is an empty text.")
    return "constant", {"value": desk.references.text(text)}


def _event_field(desk: Desk, given: dict[str, Any], fate: Fate) -> Settings:
    path = text_of(given.get("keyPath"))
    if not path:
        raise NoCounterpart("It names no field of the event.")
    if (
        path.startswith("x-")
        and not path.startswith(_VENDORS)
        and any(each.type == "gaaw_client" for each in desk.of("client"))
    ):
        fate.reasons.append(f"Where a hit of Google's tag has a parameter of that name, it is at x-ga-ep.{path} here.")
    return "event_field", {"path": desk.references.text(path), **_default(desk, given)}


def _lookup(desk: Desk, given: dict[str, Any], fate: Fate) -> Settings:
    settings, table = _input(desk, given), {}
    for row in rows(given.get("map")):
        key = desk.references.fixed(_cell(row, "key"))
        if key is None:
            fate.reasons.append(f"The row `{_cell(row, 'key')}` was left out: what is looked up is fixed here.")
        elif key not in table:
            table[key] = desk.references.text(_cell(row, "value"))
    default = _default(desk, given)
    if table:
        return "lookup_table", {**settings, "table": table, **default}
    if default:
        fate.reasons.append("Its table has no rows, so it is always its default.")
        return "constant", {"value": default["default"]}
    raise NoCounterpart("Its table has no rows.")


def _regex(desk: Desk, given: dict[str, Any], fate: Fate) -> Settings:
    settings, lines = _input(desk, given), []
    replaces = is_true(given.get("replaceAfterMatch"))
    for row in rows(given.get("map")):
        pattern, value = desk.references.fixed(_cell(row, "key")), desk.references.text(_cell(row, "value"))
        odd = _odd_row(pattern, value)
        if odd:
            fate.reasons.append(f"The row `{_cell(row, 'key')[:80]}` was left out: {odd}.")
            continue
        if not replaces and "$" in value:
            fate.reasons.append("`$1` to `$9` in its values are filled in here.")
        lines.append(f"{pattern} -> {value}")
    if replaces and given.get("fullMatch") is False:
        fate.reasons.append("The value alone is the result; there what surrounds the match may be kept.")
    if not lines:
        raise NoCounterpart("Its table has no rows that can be used here.")
    flags = {
        "full_match": True if is_true(given.get("fullMatch")) else None,
        "ignore_case": True if is_true(given.get("ignoreCase")) else None,
    }
    options = {name: flag for name, flag in flags.items() if flag}
    return "regex_table", {**settings, "rows": lines, **options, **_default(desk, given)}


def _odd_row(pattern: str | None, value: str) -> str:
    if not pattern:
        return "its pattern is empty or is known only with the event"
    if " -> " in value:
        return "its value holds an arrow, which parts pattern and value here"
    try:
        compile_re2(pattern)
    except ValueError:
        return "RE2 does not take its pattern"
    return ""


def _cell(row: dict[str, Any], key: str) -> str:
    value = row.get(key)
    return str(value).lower() if isinstance(value, bool) else text_of(value)


def _cookie(desk: Desk, given: dict[str, Any], fate: Fate) -> Settings:
    decode = {"decode": False} if given.get("decodeCookie") is False else {}
    return "request_cookie", {"name": _name(desk, given, "cookieName"), **decode, **_default(desk, given)}


def _header(desk: Desk, given: dict[str, Any], fate: Fate) -> Settings:
    name = _name(desk, given, "headerName")
    if name.lower() in ("cookie", "authorization", "proxy-authorization"):
        raise NoCounterpart(f"It reads the header {name}, which holds credentials and is never stored.")
    return "request_header", {"name": name, **_default(desk, given)}


def _query(desk: Desk, given: dict[str, Any], fate: Fate) -> Settings:
    name = _name(desk, given, "queryParameterName", "queryParamName", "parameterName", "paramName", "queryKey", "key")
    return "request_query", {"name": name, **_default(desk, given)}


def _random(desk: Desk, given: dict[str, Any], fate: Fate) -> Settings:
    bounds = {name: text_of(given.get(name)) for name in ("min", "max")}
    return "random_integer", {name: int(text) for name, text in bounds.items() if text.isascii() and text.isdigit()}


_VENDORS = ("x-ga-", "x-fb-", "x-sst-")
_URL_PARTS = {
    "URL": "url",
    "PROTOCOL": "scheme",
    "HOST": "host",
    "PORT": "port",
    "PATH": "path",
    "FRAGMENT": "fragment",
}


def _url(desk: Desk, given: dict[str, Any], fate: Fate) -> Settings:
    component = text_of(given.get("component")).upper() or "URL"
    source = {}
    if text := text_of(given.get("customUrlSource")):
        known = desk.references.whole(text)
        if known is None or not known.field:
            raise NoCounterpart("It takes a URL apart that is no field of the event.")
        source = {"field": known.field}
    if component == "QUERY" and text_of(given.get("queryKey")):
        return "page_url_part", {"part": "parameter", "parameter": _name(desk, given, "queryKey"), **source}
    part = _URL_PARTS.get(component, "query" if component == "QUERY" else "")
    if not part:
        raise NoCounterpart(f"It takes the part {component} of a URL, which cannot be had here.")
    return "page_url_part", {"part": part, **({"strip_www": True} if is_true(given.get("stripWww")) else {}), **source}


def _fixed(template: str, **settings: Any) -> Callable[[Desk, dict[str, Any], Fate], Settings]:
    def make(desk: Desk, given: dict[str, Any], fate: Fate) -> Settings:
        if not desk.has("variable", template):
            raise NoCounterpart("Nothing here stands for it.")
        return template, dict(settings)

    return make


def _undefined(desk: Desk, given: dict[str, Any], fate: Fate) -> Settings:
    return NO_VALUE, {}


TYPES: dict[str, Callable[[Desk, dict[str, Any], Fate], Settings]] = {
    "c": _constant,
    "ed": _event_field,
    "smm": _lookup,
    "remm": _regex,
    "k": _cookie,
    "rh": _header,
    "qp": _query,
    "rqp": _query,
    "r": _random,
    "u": _url,
    "f": _fixed("event_field", path="page_referrer"),
    "e": _fixed("event_field", path="event_name"),
    "cid": _fixed("container_part", part="id"),
    "ctv": _fixed("container_part", part="version"),
    "dbg": _fixed("container_part", part="preview"),
    "en": _fixed("container_part", part="environment"),
    "uv": _undefined,
}
"""What makes the settings, by type. Each may raise NoCounterpart, or Withheld where a secret is in them."""
ABSENT = {
    "j": "It reads a browser's global, which a server does not have.",
    "jsm": "It is JavaScript, which is never run; write a variable template in Lua.",
    "d": "It reads an element of a page, which a server does not have.",
    "v": "It reads a web page's data layer; here the event's own fields are read.",
    "aev": "It reads what was clicked in a browser.",
    "vis": "It tells what is visible in a browser.",
    "awec": "It gathers data about a person; the event's `user_data` holds them here.",
    "fs": "It asks Firestore, which is not asked from here; see the variable template http_lookup.",
}
"""Why types that are known have no counterpart."""
