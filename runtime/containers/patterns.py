"""Checks regular expressions: of conditions, of settings, of manifests."""

from __future__ import annotations

from collections.abc import Iterator

from runtime.errors import Problem
from runtime.text.references import mentions_variable
from runtime.text.regex import compile_re2

ARROW = " -> "
"""Between the pattern of a row and what stands for it."""

_LONGEST = 1000
"""Characters of a pattern in a setting: scripts may use 1,024, and put something around it."""


def check_pattern(path: str, pattern: str) -> Iterator[Problem]:
    """Yields why RE2 does not take a pattern."""
    try:
        compile_re2(pattern)
    except ValueError as error:
        yield Problem(path, str(error), "patterns are RE2's: without look-around and back-references")


def check_script_pattern(path: str, pattern: str) -> Iterator[Problem]:
    """Yields why a script cannot use a pattern. Where it names a variable, that is known with the event alone."""
    if mentions_variable(pattern):
        return
    if len(pattern) > _LONGEST:
        yield Problem(path, f"the pattern is longer than {_LONGEST:,} characters", "make several patterns of it")
    else:
        yield from check_pattern(path, pattern)


def check_row(path: str, row: str, help: str) -> Iterator[Problem]:
    """Yields what is wrong with a pattern, an arrow and a value."""
    pattern, arrow, _ = row.rpartition(ARROW)
    if not arrow or not pattern:
        yield Problem(path, f"a pattern, `{ARROW}` and a value are expected", help)
    else:
        yield from check_script_pattern(path, pattern)
