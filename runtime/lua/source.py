"""What a source must be before it is compiled: the compiler runs in C, where no budget ends it."""

from __future__ import annotations

import re

from runtime.lua.values import Limits

_BRANCHES = re.compile(r"\b(?:and|or|elseif|goto|break)\b|::")
_NUMERALS = re.compile(r"(?<![\w.])(?:\.\d|\d++[.\w]|\d{5}|\d++\s*[-+*/^%<>&|~])")
MAX_BRANCHES = 6000
"""Jumps of one kind are lists that the compiler walks from the start for each: 40,000 `or` take 3 s."""
MAX_NUMERALS = 16_000
"""Chosen numbers fall into one chain of the table of constants: 22,000 of them take 0.6 s. Small whole numbers are
not in it, so they are counted only where the compiler may compute with them."""


def source_problem(source: str, limits: Limits) -> str | None:
    """Returns why a source is not compiled, None where it may be. Words in texts and comments count as well."""
    if len(source.encode()) > limits.max_source:
        return f"the source is larger than {limits.max_source} bytes"
    if source.startswith("\x1b"):
        return "the source is bytecode; give Lua text"
    # A name of two letters and a space is the least that each takes.
    if len(source) > 2 * MAX_BRANCHES and len(_BRANCHES.findall(source)) > MAX_BRANCHES:
        return f"the source has more than {MAX_BRANCHES} of `and`, `or`, `elseif`, `goto`, `break` and labels"
    if len(source) > 2 * MAX_NUMERALS and len(_NUMERALS.findall(source)) > MAX_NUMERALS:
        return f"the source has more than {MAX_NUMERALS} numbers; read them from a text"
    return None


def compilable(source: str, limits: Limits) -> str:
    """Returns a shared module's source; one that raises what is wrong where it must not be compiled."""
    problem = source_problem(source, limits)
    return f"error({problem!r}, 0)" if problem else source
