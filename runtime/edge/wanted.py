"""Which headers and cookies of a request the templates of a version may read: they are stored with its hits."""

from __future__ import annotations

from collections.abc import Iterable

from runtime.model.permissions import NEVER_HEADERS
from runtime.model.reach import Reach
from runtime.model.snapshot import Snapshot


class Wanted:
    """Names that at least one of several scripts may read. Runs for every name of every hit."""

    __slots__ = ("_never", "_plain", "_with_wildcards")

    def __init__(self, reaches: Iterable[Reach] = (), never: frozenset[str] = frozenset()) -> None:
        """`never` are names that are left out whoever asks for them."""
        asking = [reach for reach in reaches if reach.granted]
        names = {name for reach in asking for name in reach.granted if not name.endswith("*") and reach.allows(name)}
        self._plain = frozenset(names) - never
        self._with_wildcards = [reach for reach in asking if any(name.endswith("*") for name in reach.granted)]
        self._never = never

    def __contains__(self, name: str) -> bool:
        if name in self._plain:
            return True
        return name not in self._never and any(reach.allows(name) for reach in self._with_wildcards)

    def __bool__(self) -> bool:
        return bool(self._plain or self._with_wildcards)


def wanted_headers(snapshot: Snapshot, credentials: frozenset[str]) -> Wanted:
    """Returns the headers to be stored; `credentials` are those that hold one, in lower case."""
    reaches = [template.readable.headers for template in snapshot.templates.values()]
    return Wanted(reaches, NEVER_HEADERS | credentials)


def wanted_cookies(snapshot: Snapshot, credentials: frozenset[str]) -> Wanted:
    """Returns the cookies to be stored; `credentials` are those that hold one."""
    return Wanted([template.readable.cookies for template in snapshot.templates.values()], credentials)
