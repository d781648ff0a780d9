"""`regex`: regular expressions (RE2), whose time is linear in the text. Lua's own patterns are in `string`."""

from __future__ import annotations

from runtime.lua.kit import KitError, KitFunction
from runtime.text.regex import Pattern, compile_re2

_LONGEST = 1024


def _compiled(pattern: str) -> Pattern:
    if len(pattern) > _LONGEST:
        raise KitError(f"the pattern is longer than {_LONGEST} characters")
    try:
        return compile_re2(pattern)
    except ValueError as error:
        raise KitError(str(error)) from error


def _match(text: str, pattern: str) -> bool:
    return _compiled(pattern).search(text)


def _full_match(text: str, pattern: str) -> bool:
    return _compiled(pattern).fullmatch(text)


_PARAMS = ("text: text", "pattern: text — RE2 syntax, up to 1,024 characters")

FUNCTIONS: dict[str, KitFunction] = {
    "match": KitFunction(
        _match,
        "Tells whether a pattern occurs anywhere in a text.",
        _PARAMS,
        "boolean",
        'regex.match(event.page_location, "/checkout/(thanks|done)") --> true',
        cost=1.0,
        base_cost=100,
    ),
    "full_match": KitFunction(
        _full_match,
        "Tells whether a pattern matches a text as a whole.",
        _PARAMS,
        "boolean",
        'regex.full_match("EUR", "[A-Z]{3}") --> true',
        cost=1.0,
        base_cost=100,
    ),
}
