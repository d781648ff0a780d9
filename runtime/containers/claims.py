"""Checks what clients claim: paths that can be claimed, at most one client for each, senders that can be believed."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from runtime.containers.templates import Templates
from runtime.errors import Problem
from runtime.model.container import Client, Container
from runtime.model.manifest import ClientSpec, FromSetting, Manifest, Verify

OWN_PATHS = frozenset(("/livez", "/readyz", "/healthz", "/healthy"))
"""Paths that the collector answers itself, whatever a container says."""

_PLACEHOLDER = re.compile(r"\{[A-Za-z_][A-Za-z0-9_]*(:int)?\}")


def check_claims(container: Container, templates: Templates) -> Iterator[Problem]:
    """Yields what is wrong with the paths and tokens of all clients; two clients for one path are a warning."""
    owners: dict[tuple[str, str], list[str]] = defaultdict(list)
    for id, client in container.clients.items():
        template = templates.get("client", client.template)
        if template is None or template.manifest.client is None:
            continue
        spec, given = template.manifest.client, _given(client, template.manifest)
        yield from _check_tokens(f"clients.{id}.settings", template.manifest, spec.verify, given)
        for path, pattern in _paths(f"clients.{id}", spec, given):
            yield from _check_path(path, pattern)
            for method in spec.methods:
                owners[method, _form(pattern)].append(id)
    yield from _contested(container, owners)


def _contested(container: Container, owners: dict[tuple[str, str], list[str]]) -> Iterator[Problem]:
    told: set[tuple[str, ...]] = set()
    for (method, pattern), ids in owners.items():
        ranked = sorted(set(ids), key=lambda id: (-container.clients[id].priority, id))
        if len(ranked) < 2 or tuple(ranked) in told:
            continue
        told.add(tuple(ranked))
        for id in ranked[1:]:
            message = f"client `{ranked[0]}` claims {method} {pattern} too, and is asked first"
            hint = "give them different paths, or remove one"
            yield Problem(f"clients.{id}", message, hint, severity="warning")


def _paths(path: str, spec: ClientSpec, given: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if not isinstance(spec.paths, FromSetting):
        yield from ((f"{path}.template", pattern) for pattern in spec.paths)
        return
    values = given.get(spec.paths.setting)
    for index, pattern in enumerate(values if isinstance(values, list | tuple) else [values]):
        if isinstance(pattern, str):
            yield f"{path}.settings.{spec.paths.setting}.{index}", pattern


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
