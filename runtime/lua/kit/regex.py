"""`regex`: regular expressions (RE2), whose time is linear in the text. Lua's own patterns are in `string`."""

from __future__ import annotations

import re

from runtime.lua.kit import KitError, KitFunction
from runtime.text.regex import Pattern, compile_re2

_LONGEST = 1024
_STEPS = 10_000_000
"""Size of a pattern's program times bytes of text: where RE2 can build no automaton, that is its work, 1 to 4 ns each
(measured). 8,000 times 1 MB would take 9 s in one call."""
_REPLACE_STEPS = 40_000_000
"""The same for all searches of a replacement together; nearly all of them end early."""
_RESULT = 1 << 20

_ESCAPE = re.compile(r"\\(.?)", re.DOTALL)


def _compiled(pattern: str) -> Pattern:
    if len(pattern) > _LONGEST:
        raise KitError(f"the pattern is longer than {_LONGEST} characters")
    try:
        return compile_re2(pattern)
    except ValueError as error:
        raise KitError(str(error)) from error


def _bounded(text: str, pattern: str) -> Pattern:
    compiled = _compiled(pattern)
    if compiled.size * len(text) > _STEPS:
        raise KitError(f"the text is too long for this pattern: at most {_STEPS // compiled.size} characters")
    return compiled


def _match(text: str, pattern: str) -> bool:
    return _bounded(text, pattern).search(text)


def _full_match(text: str, pattern: str) -> bool:
    return _bounded(text, pattern).fullmatch(text)


def _find(text: str, pattern: str) -> list[str] | None:
    return _bounded(text, pattern).find(text)


def _replace(text: str, pattern: str, replacement: str) -> str:
    compiled = _bounded(text, pattern)
    parts = _parts(replacement, compiled.groups)
    pieces: list[str] = []
    done, size, steps = 0, len(text), 0
    for start, end, groups in compiled.matches(text):
        new = "".join(groups[part] if isinstance(part, int) else part for part in parts)
        size += len(new) - (end - start)
        steps += compiled.size * (len(text) - start)
        if size > _RESULT or steps > _REPLACE_STEPS:
            raise KitError("the text has too many matches, or the result is too large")
        pieces += (text[done:start], new)
        done = end
    return "".join((*pieces, text[done:]))


def _parts(replacement: str, groups: int) -> list[str | int]:
    """Returns a replacement as texts and numbers of groups."""
    parts: list[str | int] = []
    done = 0
    for escape in _ESCAPE.finditer(replacement):
        parts += (replacement[done : escape.start()], _escaped(escape[1], groups))
        done = escape.end()
    return [*parts, replacement[done:]]


def _escaped(character: str, groups: int) -> str | int:
    if character == "\\":
        return character
    if character.isascii() and character.isdigit() and int(character) <= groups:
        return int(character)
    raise KitError(
        f"the replacement holds `\\{character}`; the pattern has groups 0 to {groups}, a backslash is `\\\\`"
    )


_PARAMS = ("text: text", "pattern: text — RE2 syntax, up to 1,024 characters")

FUNCTIONS: dict[str, KitFunction] = {
    "match": KitFunction(
        _match,
        "Tells whether a pattern occurs anywhere in a text.",
        _PARAMS,
        "boolean",
        'regex.match("/checkout/thanks", "/checkout/(thanks|done)") --> true',
        cost=1.0,
        base_cost=1000,
    ),
    "full_match": KitFunction(
        _full_match,
        "Tells whether a pattern matches a text as a whole.",
        _PARAMS,
        "boolean",
        'regex.full_match("EUR", "[A-Z]{3}") --> true',
        cost=1.0,
        base_cost=1000,
    ),
    "find": KitFunction(
        _find,
        "Finds the first match of a pattern and what its groups caught. Raises an error where a large pattern meets a "
        "long text, as all functions here do.",
        _PARAMS,
        "table? — a list: the match, then each group, an absent one as empty text; nil where nothing matches",
        'regex.find("order 1001-7", "([0-9]+)-([0-9]+)") --> { "1001-7", "1001", "7" }',
        cost=1.0,
        base_cost=1000,
    ),
    "replace": KitFunction(
        _replace,
        "Replaces every match of a pattern.",
        (
            *_PARAMS,
            "replacement: text — `\\1` to `\\9` stand for groups, `\\0` for the match, `\\\\` for a backslash "
            "(in a Lua text each backslash is written twice)",
        ),
        "text",
        'regex.replace("a-b_c", "([-_])", "<\\\\1>") --> "a<->b<_>c"',
        cost=8.0,
        base_cost=1000,
    ),
}
