"""Why a request that is computed again is not the one that was sent, or cannot be had: each cause by its name.

What is sent depends on the hits, the versions that made items and request, the recorded look-ups, and the basis. Each
of them is looked at; where none of them is another one than it was, nobody can say why: that is a fault to report.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from runtime.errors import ScriptFault
from runtime.model.lookup import Lookup
from runtime.text.basis import Basis, decode_basis

_PARTS = {
    "bots": "the list of bots",
    "public_suffixes": "the list of public suffixes",
    "unicode": "the version of Unicode",
}
"""What data files and tables are called; libraries go by their own names."""


class Cause(NamedTuple):
    """One cause, for programs and for people."""

    code: str
    """hit_gone · hit_damaged · hit_changed · version_gone · lookup_missing · quarantined · script · not_made · basis ·
    unrecorded · unknown"""
    message: str


def hit_gone(hit: str) -> Cause:
    """The log has the hit no longer."""
    return Cause("hit_gone", f"hit {hit} is past retention")


def hit_damaged(hit: str, problem: str) -> Cause:
    """The log has the hit, and nobody can read it."""
    return Cause("hit_damaged", f"the record of hit {hit} is damaged: {problem}")


def hit_changed(hit: str) -> Cause:
    """The hit in the log is another one than was sent."""
    return Cause("hit_changed", f"hit {hit} was changed in the log after it was sent")


def version_gone(number: int, problem: str) -> Cause:
    """A version that is needed cannot be read."""
    return Cause("version_gone", f"version {number} cannot be run any more: {problem}")


def lookups_missing(hit: str, needs: Iterable[Lookup]) -> Cause:
    """Look-ups that the hit's variables make are not among those recorded."""
    names = ", ".join(sorted({need.variable for need in needs}))
    return Cause("lookup_missing", f"the answers to look-ups of hit {hit} are not recorded, or not any more: {names}")


def no_such_event(hit: str, position: int, version: int) -> Cause:
    """The hit gives no event at that place now."""
    return Cause("not_made", f"version {version} now finds no event {position} in hit {hit}")


def not_made(hit: str, tag: str, version: int, state: str, reason: str) -> Cause:
    """The tag makes no item of the event now; `state` is what it does."""
    if "quarantined: " in reason:
        return Cause("quarantined", f"a script that tag {tag} of version {version} needs is {reason}")
    what = f"{state}: {reason}" if reason else state
    return Cause("not_made", f"tag {tag} of version {version} now makes no item of hit {hit} ({what})")


def script_failed(tag: str, version: int, fault: ScriptFault) -> Cause:
    """The tag's `request` cannot be called, or fails."""
    code = "quarantined" if fault.kind == "quarantined" else "script"
    return Cause(code, f"`request` of tag {tag}, version {version}: {fault.kind}: {fault.message}")


def basis_differs(then: str, now: Basis) -> Iterator[Cause]:
    """Yields what was otherwise when the attempt was made; `then` is what it kept."""
    before = decode_basis(then)
    if before is None:
        why = "the attempt was made by a Firsthand that did not keep which versions and data its items were made with"
        yield Cause("unrecorded", why)
        return
    if before.firsthand != now.firsthand:
        yield Cause("basis", f"it was made by Firsthand {before.firsthand}, this is {now.firsthand}")
    if before.policy != now.policy:
        yield _another("the operator's policy", before.policy, now.policy)
    yield from _names_differ(before.data | before.libraries, now.data | now.libraries)


def unknown(compared: str) -> Cause:
    """Nothing that could be looked at is another one: a fault of Firsthand."""
    return Cause("unknown", f"unknown: please report this. Hits, versions, look-ups and basis are the same; {compared}")


def _names_differ(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[Cause]:
    for name in sorted(before.keys() | now.keys()):
        was, is_ = before.get(name, ""), now.get(name, "")
        if was != is_:
            yield _another(_PARTS.get(name, name), was, is_)


def _another(what: str, was: str, is_: str) -> Cause:
    return Cause("basis", f"{what} is another one ({was or 'none'}, now {is_ or 'none'})")
