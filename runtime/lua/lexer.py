"""Lua 5.4's words with their places, for checks of a script without running it. What is valid, the compiler decides."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

KEYWORDS = frozenset((
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil",
    "not", "or", "repeat", "return", "then", "true", "until", "while",
))  # fmt: skip

_WORD = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<comment>--(?!\[=*\[)[^\n]*)
  | (?P<long>(?:--)?\[(?P<level>=*)\[)
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<number>(?:0[xX][0-9A-Fa-f.]*(?:[pP][+-]?)?|\.?[0-9](?:[eE][+-]|[0-9.eE])*)[0-9A-Za-z_.]*)
  | (?P<string>"(?>\\z\s*+|\\[\s\S]|[^"\\\n])*+"|'(?>\\z\s*+|\\[\s\S]|[^'\\\n])*+')
  | (?P<sign>\.\.\.|\.\.|==|~=|<=|>=|<<|>>|//|::|[-+*/%^\#&~|<>=(){}\[\];:,.])
    """,
    re.VERBOSE,
)


class Unreadable(Exception):
    """The text is no Lua; the compiler says so better."""


@dataclass(frozen=True, slots=True)
class Token:
    """One word. Line and column count from 1, the column in characters."""

    kind: Literal["name", "keyword", "string", "number", "sign", "end"]
    text: str
    line: int
    column: int


def tokens(source: str) -> Iterator[Token]:
    """Yields the words of a script, without its comments, and an `end`; Unreadable where there is no word."""
    at, line, line_start = 0, 1, 0
    while at < len(source):
        found = _WORD.match(source, at)
        if found is None:
            raise Unreadable
        end = _end_of_long(source, found) if found["long"] else found.end()
        kind = _kind(found)
        if kind:
            yield Token(kind, source[at:end], line, at - line_start + 1)
        breaks = source.count("\n", at, end)
        if breaks:
            line, line_start = line + breaks, source.rindex("\n", at, end) + 1
        at = end
    yield Token("end", "", line, at - line_start + 1)


def _end_of_long(source: str, found: re.Match[str]) -> int:
    close = f"]{found['level']}]"
    end = source.find(close, found.end())
    if end < 0:
        raise Unreadable
    return end + len(close)


def _kind(found: re.Match[str]) -> Literal["name", "keyword", "string", "number", "sign"] | None:
    if found["name"]:
        return "keyword" if found["name"] in KEYWORDS else "name"
    if found["string"] or (found["long"] and found["long"].startswith("[")):
        return "string"
    if found["number"]:
        return "number"
    return "sign" if found["sign"] else None
