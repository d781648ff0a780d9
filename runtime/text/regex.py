"""Regular expressions whose time is linear in the text (RE2), for patterns and texts that we did not write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

import re2

_MAX_MEMORY = 1 << 20
"""Bytes a pattern; with the cache's size the bound for what all patterns together may take."""
_MAX_SET_MEMORY = 256 << 20
_QUOTED = 64
"""Characters of a pattern that a message repeats."""


class Pattern:
    """A compiled pattern."""

    __slots__ = ("_compiled", "text")

    def __init__(self, text: str, compiled: re2._Regexp) -> None:
        self.text = text
        self._compiled = compiled

    def search(self, text: str) -> bool:
        """Whether the pattern occurs anywhere in the text."""
        return self._compiled.search(_utf8(text)) is not None

    def fullmatch(self, text: str) -> bool:
        """Whether the pattern matches the whole text, a final newline included."""
        return self._compiled.fullmatch(_utf8(text)) is not None

    @property
    def size(self) -> int:
        """Instructions of the compiled program: at worst each of them is tried at each byte, at up to 4 ns."""
        return int(self._compiled.programsize)

    @property
    def groups(self) -> int:
        """Number of capturing groups."""
        return int(self._compiled.groups)

    def find(self, text: str) -> list[str] | None:
        """Returns the first match and its groups, an absent one as ""; None where nothing matches."""
        match = self._compiled.search(_utf8(text))
        if match is None:
            return None
        return [part.decode("utf-8", "replace") for part in (match.group(), *match.groups(b""))]

    def matches(self, text: str) -> Iterator[tuple[int, int, list[str]]]:
        """Yields start, end and groups of each match, in order; group 0 is the match, an absent group is ""."""
        for match in self._compiled.finditer(text):
            yield match.start(), match.end(), [match.group(), *match.groups("")]


class PatternSet:
    """Many patterns searched for in one pass."""

    __slots__ = ("_set",)

    def __init__(self, patterns: Iterable[str]) -> None:
        """Raises `ValueError` for a pattern that RE2 does not take, and names it."""
        options = _options()
        options.max_mem = _MAX_SET_MEMORY
        self._set = re2.Set.SearchSet(options)
        for pattern in patterns:
            try:
                self._set.Add(pattern)
            except re2.error as error:
                raise _refused(pattern, error) from error
        self._set.Compile()

    def search(self, text: str) -> bool:
        """Whether any of the patterns occurs in the text."""
        return bool(self._set.Match(_utf8(text)))


@lru_cache(maxsize=128)
def compile_re2(pattern: str, *, ignore_case: bool = False) -> Pattern:
    """Compiles a pattern; raises `ValueError` in plain words where RE2 does not take it."""
    options = _options()
    options.case_sensitive = not ignore_case
    try:
        return Pattern(pattern, re2.compile(pattern, options=options))
    except (re2.error, UnicodeEncodeError) as error:
        raise _refused(pattern, error) from error


def _options() -> re2.Options:
    options = re2.Options()
    options.log_errors = False  # else RE2 writes to standard error by itself
    options.max_mem = _MAX_MEMORY
    return options


def _refused(pattern: str, error: Exception) -> ValueError:
    """Returns the error in plain words, with the place where RE2 names what it stumbled over and that occurs once."""
    reason = error.args[0] if error.args and isinstance(error.args[0], bytes) else str(error).encode()
    words, _, culprit = reason.decode("utf-8", "replace").partition(": ")
    if culprit and culprit != pattern and len(culprit) <= _QUOTED:
        words = f"{words}: {culprit}"
        if pattern.count(culprit) == 1:
            words = f"{words} (at character {pattern.index(culprit) + 1})"
    return ValueError(f"{_quoted(pattern)} is not a regular expression that RE2 takes: {words}")


def _quoted(pattern: str) -> str:
    return f"`{pattern}`" if len(pattern) <= _QUOTED else f"`{pattern[:_QUOTED]}…`"


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")
