"""A version's snapshot: everything that parse to map needs, by value, so that any hit can be computed again."""

from __future__ import annotations

from typing import Any

import msgspec

from runtime.model.container import Container
from runtime.model.manifest import Manifest


class Template(msgspec.Struct, frozen=True):
    """One template as it was when the version was made."""

    manifest: Manifest
    source: str
    """The Lua script."""
    hash: str
    """SHA-256 of manifest and script."""

    @property
    def key(self) -> str:
        """`<kind>/<id>`, for example `client/meta_pixel`."""
        return f"{self.manifest.kind}/{self.manifest.id}"


class Snapshot(msgspec.Struct, frozen=True):
    """A version, complete."""

    number: int
    hash: str
    container: Container
    templates: dict[str, Template]
    """By `Template.key`."""
    shared: dict[str, str]
    """Shared Lua modules by name."""

    def template(self, kind: str, id: str) -> Template:
        """Returns the template of an instance; the container was checked, so it is there."""
        return self.templates[f"{kind}/{id}"]

    def settings(self, kind: str, template: str, given: dict[str, Any]) -> dict[str, Any]:
        """Returns the given settings over the manifest's defaults; fields without either are absent."""
        fields = self.template(kind, template).manifest.fields
        defaults = {field.id: field.default for field in fields if field.default is not None}
        return defaults | {name: value for name, value in given.items() if value is not None}
