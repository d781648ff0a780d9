"""`url`: addresses and query strings."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from runtime.lua.kit import KitError, KitFunction
from runtime.text.forms import decode_pairs


def _parse(text: str) -> dict[str, Any] | None:
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:
        return None
    if not parts.scheme or not parts.hostname:
        return None
    found = {
        "scheme": parts.scheme,
        "host": parts.hostname,
        "port": port,
        "path": parts.path,
        "query": parts.query,
        "fragment": parts.fragment,
    }
    return {name: value for name, value in found.items() if value not in (None, "")}


def _encode(text: str) -> str:
    return quote(text, safe="")


def _query(text: str) -> dict[str, str]:
    return dict(decode_pairs(text.removeprefix("?").encode()).items)


def _build_query(values: Any) -> str:
    if not isinstance(values, dict):
        raise KitError("url.build_query takes a table of names")
    pairs = [(name, _plain(name, value)) for name, value in sorted(values.items())]
    return urlencode(pairs, quote_via=quote, safe="")


def _plain(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise KitError(f"url.build_query takes texts, numbers and booleans; `{name}` is none of these")


FUNCTIONS: dict[str, KitFunction] = {
    "parse": KitFunction(
        _parse,
        "Takes an absolute URL apart. Parts that are empty are left out; the host is in lower case, the others are as "
        "they were written.",
        ("text: text — an absolute URL",),
        "table? — scheme, host, port, path, query, fragment; nil where it is no absolute URL",
        'url.parse("https://shop.example/p?id=1").query --> "id=1"',
        cost=0.5,
    ),
    "encode": KitFunction(
        _encode,
        "Percent-encodes all but letters, digits and `-._~`.",
        ("text: text",),
        "text",
        'url.encode("a b&c") --> "a%20b%26c"',
        cost=2.0,
    ),
    "decode": KitFunction(
        unquote,
        "Decodes percent-encoded text; `+` stays, and bytes that are not UTF-8 become U+FFFD.",
        ("text: text",),
        "text",
        'url.decode("a%20b") --> "a b"',
        cost=1.0,
    ),
    "query": KitFunction(
        _query,
        "Reads a query string. Of equal names the last holds; `+` is a space.",
        ("text: text — with or without the question mark",),
        "table — text by name",
        'url.query("a=1&b=x+y").b --> "x y"',
        cost=1.0,
    ),
    "build_query": KitFunction(
        _build_query,
        "Writes a query string, names in order.",
        ("values: table — texts, numbers and booleans by name",),
        "text — without a question mark",
        'url.build_query({ b = "x y", a = 1 }) --> "a=1&b=x%20y"',
        cost=2.0,
    ),
}
