"""Finds the client that claims a request: by path, method and host, and by priority where several could.

An exact path is one look-up; patterns are tried only among those with as many segments. A path claims its form with a
trailing slash too.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(:int)?\}")
_ONE_SEGMENT, _DIGITS = r"([^/\x00-\x1f\x7f]+)", "([0-9]+)"
LONGEST_PATTERN_PATH = 2048
"""A longer path fits no pattern, so that no pattern can be made slow."""

ClientT = TypeVar("ClientT")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A path with placeholders: `{name}` is one segment or a part of it, `{name:int}` digits."""

    names: tuple[str, ...]
    form: re.Pattern[str]

    @classmethod
    def parse(cls, path: str) -> Pattern:
        """Compiles a path; what is no placeholder stands for itself."""
        pieces = _PLACEHOLDER.split(path)  # text, name, ":int" or None, text, name, ...
        form = "".join(_form(piece, place % 3) for place, piece in enumerate(pieces))
        return cls(tuple(pieces[1::3]), re.compile(form))

    def match(self, path: str) -> dict[str, str] | None:
        """Returns what the placeholders stand for, None where the path is another one."""
        found = self.form.fullmatch(path)
        return dict(zip(self.names, found.groups(), strict=True)) if found else None


def _form(piece: str | None, kind: int) -> str:
    if kind == 0:
        return re.escape(piece or "")
    # The name's turn gives nothing: its suffix, which follows, says what may stand there.
    return "" if kind == 1 else _DIGITS if piece else _ONE_SEGMENT


class Claim(NamedTuple, Generic[ClientT]):
    """A client and what its path's placeholders stand for."""

    client: ClientT
    route: dict[str, str]


@dataclass(frozen=True, slots=True)
class Route(Generic[ClientT]):
    """One path of one client."""

    client: ClientT
    path: str
    methods: frozenset[str]
    hosts: frozenset[str]
    """Host names it answers on; empty = any."""
    priority: int

    def takes(self, method: str, host: str) -> bool:
        """Whether it answers to this method on this host."""
        return method in self.methods and (not self.hosts or host in self.hosts)


@dataclass(slots=True)
class ClaimTable(Generic[ClientT]):
    """All routes of a version, the ones with the higher priority first."""

    exact: dict[str, list[Route[ClientT]]] = field(default_factory=dict)
    patterns: dict[int, list[tuple[Pattern, Route[ClientT]]]] = field(default_factory=dict)
    """By the number of slashes."""

    @classmethod
    def build(cls, routes: Iterable[Route[ClientT]]) -> ClaimTable[ClientT]:
        """Sorts routes into the table; of equal priority the first one wins."""
        exact: dict[str, list[Route[ClientT]]] = defaultdict(list)
        patterns: dict[int, list[tuple[Pattern, Route[ClientT]]]] = defaultdict(list)
        for route in sorted(routes, key=lambda route: -route.priority):
            path = route.path.rstrip("/") or "/"
            if _PLACEHOLDER.search(path):
                patterns[path.count("/")].append((Pattern.parse(path), route))
            else:
                exact[path].append(route)
        return cls(dict(exact), dict(patterns))

    def find(self, method: str, host: str, path: str) -> Claim[ClientT] | None:
        """Returns the claim with the highest priority, an exact path first among equals; None where there is none."""
        if len(path) > 1 and path[-1] == "/":
            path = path[:-1]
        exact = _first(self.exact.get(path, ()), method, host)
        patterns = self.patterns.get(path.count("/")) if len(path) <= LONGEST_PATTERN_PATH else None
        for pattern, route in patterns or ():
            if exact is not None and route.priority <= exact.priority:
                break
            if route.takes(method, host) and (values := pattern.match(path)) is not None:
                return Claim(route.client, values)
        return None if exact is None else Claim(exact.client, {})

    def methods(self, host: str, path: str) -> dict[str, ClientT]:
        """Returns the methods that are claimed on a path, and by whom; empty where nobody claims it."""
        routes = [route for routes in self.exact.values() for route in routes]
        routes += [route for patterns in self.patterns.values() for _, route in patterns]
        methods = sorted({method for route in routes for method in route.methods})
        claims = {method: self.find(method, host, path) for method in methods}
        return {method: claim.client for method, claim in claims.items() if claim is not None}


def _first(routes: Iterable[Route[ClientT]], method: str, host: str) -> Route[ClientT] | None:
    for route in routes:
        if route.takes(method, host):
            return route
    return None
