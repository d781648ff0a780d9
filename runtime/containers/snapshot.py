"""Freezes a container with all that it uses, by value, so that any hit of any version can be computed again.

The number is no part of a snapshot's bytes: equal content has equal bytes and one hash, whichever version it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import orjson

from runtime.containers.templates import Templates
from runtime.errors import ContainerInvalid, FormatTooNew, OperatorError, Problem
from runtime.model.container import Container, Instance
from runtime.model.manifest import Kind, Manifest
from runtime.model.permissions import SETTABLE_COOKIES
from runtime.model.snapshot import Snapshot, Template

FORMAT = 2
"""1: whether a client's answer sets cookies was `client.cookies`; 2: it is `permissions.cookies.set`, by name."""


def build_snapshot(container: Container, templates: Templates, number: int) -> Snapshot:
    """Returns the version of that number: the container, the templates it uses and the shared modules those use.

    The container has passed `check`. What is built equals what is read back from its bytes; the file's order is kept,
    because it decides where priorities are equal.
    """
    used = used_templates(container, templates)
    shared = templates.modules(name for template in used.values() for name in template.manifest.shared)
    return decode_snapshot(_content(container, used, shared, templates.built_in & shared.keys()), number)


def encode_snapshot(snapshot: Snapshot) -> bytes:
    """Returns a snapshot's bytes, without its number; equal for equal content."""
    return _content(snapshot.container, snapshot.templates, snapshot.shared, snapshot.built_in)


def decode_snapshot(data: bytes, number: int) -> Snapshot:
    """Returns the snapshot of `encode_snapshot`'s bytes as the version of that number.

    FormatTooNew where a newer Firsthand wrote them; OperatorError where they are damaged.
    """
    try:
        plain = orjson.loads(data)
        if plain["format"] > FORMAT:
            raise FormatTooNew()
        container = Container.model_validate(plain["container"], by_alias=True, by_name=False)
        read = _template_of_format_1 if plain["format"] == 1 else _template
        used = {key: read(part).used_in(container) for key, part in plain["templates"].items()}
        ours = frozenset(plain.get("built_in", ()))
        return Snapshot(number, content_hash(data), container, used, plain["shared"], ours)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise OperatorError(f"Version {number} is damaged.", hint="Restore control.db from a backup.") from error


def content_hash(data: bytes) -> str:
    """Returns the hash that names a snapshot's content: SHA-256 of its bytes."""
    return hashlib.sha256(data).hexdigest()


def used_templates(container: Container, templates: Templates) -> dict[str, Template]:
    """Returns the templates that the container's instances name, by key; ContainerInvalid where one is missing."""
    used: dict[str, Template] = {}
    for kind, path, instance in instances(container):
        template = templates.get(kind, instance.template)
        if template is None:
            raise ContainerInvalid([Problem(f"{path}.template", f"there is no {kind} `{instance.template}`")])
        used[template.key] = template
    return used


def instances(container: Container) -> Iterator[tuple[Kind, str, Instance]]:
    """Yields every instance with its template's kind and its own path, in the order of the file."""
    parts: tuple[tuple[Kind, str, Any], ...] = (
        ("client", "clients", container.clients),
        ("destination", "tags", container.tags),
        ("variable", "variables", container.variables),
        ("transformation", "transformations", container.transformations),
    )
    for kind, part, by_id in parts:
        for id, instance in by_id.items():
            yield kind, f"{part}.{id}", instance


def _content(
    container: Container, used: dict[str, Template], shared: dict[str, str], built_in: frozenset[str]
) -> bytes:
    plain = {
        "format": FORMAT,
        "container": container.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        "templates": {key: _plain(used[key]) for key in sorted(used)},
        "shared": dict(sorted(shared.items())),
        "built_in": sorted(built_in),
    }
    return orjson.dumps(plain)


def _plain(template: Template) -> dict[str, Any]:
    manifest = template.manifest.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return {"manifest": manifest, "source": template.source, "hash": template.hash}


def _template_of_format_1(plain: dict[str, Any]) -> Template:
    manifest = plain["manifest"]
    if manifest["kind"] == "client" and manifest["client"].pop("cookies", True):
        why = "The version was published before cookies were granted by name."
        permissions = manifest.setdefault("permissions", {})
        permissions.setdefault("cookies", {"set": list(SETTABLE_COOKIES), "why": why})
    return _template(plain)


def _template(plain: dict[str, Any]) -> Template:
    manifest = Manifest.model_validate(plain["manifest"], by_alias=True, by_name=False)
    return Template(manifest, plain["source"], plain["hash"])
