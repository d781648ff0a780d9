"""Finds names in a script that mean nothing in the sandbox, before anything runs: with place, and what to write.

What names there are is asked of the sandbox itself (`Sandbox.names`). An error is what fails as soon as it is reached:
a call of what is not there. What may be meant, such as a test whether a name exists, is a warning.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from runtime.lua.absent import ABSENT
from runtime.lua.lexer import Token
from runtime.lua.uses import Use, uses

Names = Mapping[str, frozenset[str] | None]
"""Globals of a script: for a table the names of its members, for anything else None."""

_ENVIRONMENTS = ("_G", "_ENV")
_LONGEST = 64


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a script, and where."""

    line: int
    column: int
    message: str
    hint: str
    severity: Literal["error", "warning"]


MOST = 100
"""Findings told of one script."""


def lint(source: str, names: Names, *, module: bool = False) -> list[Finding]:
    """Returns what is found, in the order of the text; nothing for a text that does not compile.

    `module` is for a shared module, which can make no global.
    """
    found = [_without_environment(use) for use in uses(source, {*names, *_ENVIRONMENTS})]
    if any(use.name in _ENVIRONMENTS for use in found):
        return []  # the script handles its globals as a table, so that their names cannot be known
    made = frozenset() if module else {use.name for use in found if use.how == "write" and len(use.parts) == 1}
    tested = {use.dotted for use in found if use.how == "read"}
    wanted = [use for use in found if use.name not in made]
    return list(islice((finding for use in wanted for finding in _check(use, names, tested)), MOST))


def _without_environment(use: Use) -> Use:
    """Takes `_G.name` for the global of that name."""
    if use.name in _ENVIRONMENTS and len(use.parts) > 1 and use.how != "method":
        return Use(use.parts[1:], use.how, use.guarded, use.locals, use.argument)
    return use


def _check(use: Use, names: Names, tested: set[str]) -> Iterator[Finding]:
    fails = len(use.parts) > 1 or use.how != "read"
    if use.how == "write" and len(use.parts) == 1:
        message = f"a shared module cannot make the global `{use.name}`"
        yield _finding(use.parts[0], message, f"write `local {use.name}`")
    elif use.name not in names:
        sure = fails and not use.guarded and use.name not in tested
        yield _finding(use.parts[0], f"there is no global `{use.name}`", _hint_for(use, names), sure)
    elif (members := names[use.name]) is not None and len(use.parts) > 1:
        yield from _check_member(use, members, names, tested)


def _check_member(use: Use, members: frozenset[str], names: Names, tested: set[str]) -> Iterator[Finding]:
    member = use.parts[1]
    written = f"{use.name}.{member.text}"
    if len(use.parts) == 2 and use.how == "write":
        yield _finding(member, f"`{use.name}` is read-only", "use a name of your own", not use.guarded)
    elif member.text not in members:
        fails = len(use.parts) > 2 or use.how != "read"
        sure = fails and not use.guarded and written not in tested
        yield _finding(member, f"there is no `{written}`", _hint_for_member(use.name, member.text, names), sure)
    elif len(use.parts) == 2 and use.how == "method":
        message = f"`{use.name}:{member.text}(…)` gives `{use.name}` itself as the first argument"
        yield _finding(member, message, f"write `{written}(…)`", not use.guarded)


def _hint_for(use: Use, names: Names) -> str:
    for written in (".".join(part.text for part in use.parts[:2]), use.name):
        if written in ABSENT:
            return ABSENT[written]
    return _did_you_mean(use.name, [*use.locals, *names])


def _hint_for_member(name: str, member: str, names: Names) -> str:
    if f"{name}.{member}" in ABSENT:
        return ABSENT[f"{name}.{member}"]
    if near := _nearest(member, names[name] or ()):
        return f"did you mean `{name}.{near}`?"
    elsewhere = sorted(other for other, members in names.items() if members and member in members)
    if elsewhere:
        return f"did you mean `{elsewhere[0]}.{member}`?"
    return f"`{name}` has {', '.join(sorted(names[name] or ()))}"


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    near = _nearest(word, known)
    return f"did you mean `{near}`?" if near else "declare it with `local`, or take it from the arguments"


def _nearest(word: str, known: Iterable[str]) -> str | None:
    candidates = list(dict.fromkeys(known))
    for other in candidates:
        if other.lower() == word.lower():
            return other
    close = difflib.get_close_matches(word, candidates, n=1, cutoff=0.6) if len(word) <= _LONGEST else []
    return close[0] if close else None


def _finding(at: Token, message: str, hint: str, sure: bool = True) -> Finding:
    return Finding(at.line, at.column, message, hint, "error" if sure else "warning")
