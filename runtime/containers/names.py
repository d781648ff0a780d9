"""Finds names that do not exist, and parts that lead back to themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from runtime.containers.hints import suggest
from runtime.containers.references import Use
from runtime.errors import Problem
from runtime.model.container import Container
from runtime.text.references import is_id

_KINDS = {"tags": "tag", "triggers": "trigger", "variables": "variable", "folders": "folder"}
_ROUND = "break the circle"


def check_names(container: Container, found: Collection[Use]) -> Iterator[Problem]:
    """Yields what is named and does not exist."""
    for use in found:
        part, _, name = use.used.partition(".")
        if part not in _KINDS or name in (known := getattr(container, part)):
            continue
        if part == "variables" and not is_id(name):
            message = f"`{{{{{name}}}}}` is no variable's id, so it stays as it is"
            yield Problem(use.path, message, "name a variable", severity="warning")
        else:
            kind = _KINDS[part]
            yield Problem(use.path, f"there is no {kind} `{name}`", suggest(name, known, none=f"add a {kind}"))


def check_circles(found: Collection[Use]) -> Iterator[Problem]:
    """Yields variables whose settings, and tags whose setup and teardown, lead back to themselves."""
    variables, tags = (_graph(found, part) for part in ("variables.", "tags."))
    for name in variables:
        if _way_round(variables, name):
            yield Problem(name, "the variable's settings lead back to itself", _ROUND)
    for use in found:
        if use.user == use.used and use.user in tags:
            role = use.path.split(".")[2]
            yield Problem(use.path, f"a tag cannot be its own {role}", "name another tag, or remove this")
    for name in tags:
        way = _way_round(tags, name)
        if len(way) > 2:
            shown = " → ".join(f"`{each.partition('.')[2]}`" for each in way)
            yield Problem(name, f"setup and teardown lead back to this tag: {shown}", _ROUND)


def _graph(found: Collection[Use], prefix: str) -> Mapping[str, list[str]]:
    """Returns what each part of a kind names of its own kind."""
    graph: dict[str, list[str]] = defaultdict(list)
    for use in found:
        if use.user.startswith(prefix) and use.used.startswith(prefix):
            graph[use.user].append(use.used)
    return dict(graph)


def _way_round(graph: Mapping[str, list[str]], start: str) -> list[str]:
    """Returns the shortest way from a part back to itself, both ends included; empty where there is none."""
    came_from: dict[str, str] = {}
    waiting = [start]
    for name in waiting:
        for following in graph.get(name, ()):
            if following not in came_from:
                came_from[following] = name
                waiting.append(following)
    return _way_back(came_from, start) if start in came_from else []


def _way_back(came_from: Mapping[str, str], start: str) -> list[str]:
    way = [start, came_from[start]]
    while way[-1] != start:
        way.append(came_from[way[-1]])
    return way[::-1]
