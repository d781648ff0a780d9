"""Checks what clients claim: paths that can be claimed, at most one client for each, senders that can be believed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from runtime.containers.templates import Templates
from runtime.errors import Problem
from runtime.model.container import Client, Container
from runtime.model.manifest import ClientSpec, FromSetting, Manifest, Verify

OWN_PATHS = frozenset(("/livez", "/readyz", "/healthz", "/healthy"))
"""Paths that the collector answers itself, whatever a container says."""

_PLACEHOLDER = re.compile(r"\{[A-Za-z_][A-Za-z0-9_]*(:int)?\}")


class _Route(NamedTuple):
    """One method on one path of one client."""

    client: str
    priority: int
    place: int
    """The client's place in the file."""
    method: str
    path: str
    hosts: frozenset[str]
    """Empty = any."""


def check_claims(container: Container, templates: Templates) -> Iterator[Problem]:
    """Yields what is wrong with the paths and tokens of all clients; what another client takes away is a warning."""
    routes: list[_Route] = []
    for place, (id, client) in enumerate(container.clients.items()):
        template = templates.get("client", client.template)
        if template is None or template.manifest.client is None:
            continue
        spec, given = template.manifest.client, _given(client, template.manifest)
        yield from _check_tokens(f"clients.{id}.settings", template.manifest, spec.verify, given)
        hosts = frozenset(host.lower() for host in _texts(spec.hosts, given))
        for path, pattern in _paths(f"clients.{id}", spec, given):
            yield from _check_path(path, pattern)
            routes += [_Route(id, client.priority, place, method, pattern, hosts) for method in spec.methods]
    yield from _taken(routes)


def _taken(routes: list[_Route]) -> Iterator[Problem]:
    """Yields a warning for each client of which another takes some paths, or others take all."""
    for id in dict.fromkeys(route.client for route in routes):
        own = [route for route in routes if route.client == id]
        lost = [(route, taker) for route in own if (taker := _taker(route, routes)) is not None]
        takers = list(dict.fromkeys(taker.client for _, taker in lost))
        if len(lost) == len(own):
            names = " and ".join(f"`{name}`" for name in takers)
            message = f"this client gets no hit: all that it claims goes to {names} first"
            yield Problem(f"clients.{id}", message, "raise its priority, or remove it", severity="warning")
            continue
        for name in takers:
            route = next(route for route, taker in lost if taker.client == name)
            message = f"client `{name}` claims {route.method} {route.path} too, and is asked first"
            yield Problem(f"clients.{id}", message, "give them different paths, or remove one", severity="warning")


def _taker(route: _Route, routes: list[_Route]) -> _Route | None:
    """Returns a route of another client that takes all that this one would get."""
    others = (each for each in routes if each.client != route.client and each.method == route.method)
    return next((each for each in others if _is_before(each, route) and _covers(each, route)), None)


def _is_before(one: _Route, other: _Route) -> bool:
    """Tells whether a route is asked before another: by priority, then paths before patterns, then the file's order."""
    return (-one.priority, _is_pattern(one.path), one.place) < (-other.priority, _is_pattern(other.path), other.place)


def _covers(one: _Route, other: _Route) -> bool:
    if one.hosts and not (other.hosts and other.hosts <= one.hosts):
        return False
    mine, its = _form(one.path).split("/"), _form(other.path).split("/")
    return len(mine) == len(its) and all(map(_covers_segment, mine, its))


def _covers_segment(one: str, other: str) -> bool:
    if one == other:
        return True
    if one == "{}":
        return bool(other)
    return one == "{int}" and other.isascii() and other.isdigit()


def _is_pattern(path: str) -> bool:
    return _PLACEHOLDER.search(path) is not None


def _paths(path: str, spec: ClientSpec, given: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if not isinstance(spec.paths, FromSetting):
        yield from ((f"{path}.template", pattern) for pattern in spec.paths)
        return
    for index, pattern in enumerate(_texts(spec.paths, given)):
        yield f"{path}.settings.{spec.paths.setting}.{index}", pattern


def _texts(declared: FromSetting | tuple[str, ...], given: dict[str, Any]) -> list[str]:
    """Returns a declared list, or what the setting holds in its place: a list or one text."""
    values = given.get(declared.setting) if isinstance(declared, FromSetting) else declared
    return [each for each in (values if isinstance(values, list | tuple) else [values]) if isinstance(each, str)]


def _check_path(path: str, pattern: str) -> Iterator[Problem]:
    bare = _PLACEHOLDER.sub("x", pattern)
    if not bare.startswith("/") or re.search(r"[{}?#\s]", bare):
        hint = "begin with /, without query; placeholders are {name} and {name:int}"
        yield Problem(path, f"`{pattern}` is not a path", hint)
    elif _form(pattern) in OWN_PATHS:
        yield Problem(path, f"`{pattern}` is answered by the server itself", "choose another path")


def _check_tokens(path: str, manifest: Manifest, verify: Verify | None, given: dict[str, Any]) -> Iterator[Problem]:
    if verify is None or verify.optional or given.get(verify.setting):
        return
    field = manifest.field(verify.setting)
    if field is None or not field.required:  # a required one is told of with the other settings
        hint = "list at least one secret; otherwise nobody could send"
        yield Problem(f"{path}.{verify.setting}", "this setting is empty", hint)


def _given(client: Client, manifest: Manifest) -> dict[str, Any]:
    defaults = {field.id: field.default for field in manifest.fields}
    return defaults | {name: value for name, value in client.settings.items() if value is not None}


def _form(pattern: str) -> str:
    """Returns a path without what makes no difference to a claim: placeholders' names, a slash at the end."""
    return _PLACEHOLDER.sub(lambda found: "{int}" if found[1] else "{}", pattern).rstrip("/") or "/"
