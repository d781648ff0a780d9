"""A version's snapshot: everything that parse to map needs, by value, so that any hit can be computed again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from runtime.model.container import Container, Instance
from runtime.model.manifest import KIND_FOLDERS, Kind, Manifest
from runtime.model.permissions import SETTABLE_COOKIES, SETTING, is_one_name, setting_names
from runtime.model.reach import NOTHING, Denied, Reach, Readable


def instances_of(container: Container, kind: Kind) -> Iterable[Instance]:
    """Returns a container's instances of the templates of one kind."""
    part = "tags" if kind == "destination" else KIND_FOLDERS[kind]
    instances: dict[str, Instance] = getattr(container, part)
    return instances.values()


class Template(msgspec.Struct, frozen=True):
    """One template as it was when the version was made."""

    manifest: Manifest
    source: str
    """The Lua script."""
    hash: str
    """SHA-256 of manifest and script."""
    denied: Denied = NOTHING
    """What the operator's policy takes from it, here and now; no part of the version."""
    given: Mapping[str, tuple[Any, ...]] = {}
    """What the container's instances of it give, by setting, for names that the manifest leaves to a setting."""

    @property
    def key(self) -> str:
        """`<kind>/<id>`, for example `client/meta_pixel`."""
        return f"{self.manifest.kind}/{self.manifest.id}"

    def used_in(self, container: Container) -> Template:
        """Returns the template as the container's instances of it complete its permissions."""
        named = setting_names(self.manifest.permissions)
        if not named:
            return self
        given = {name: tuple(self._given(container, name)) for name in named}
        return msgspec.structs.replace(self, given=given)

    def _given(self, container: Container, setting: str) -> Iterator[Any]:
        """Yields what each instance gives under a setting, the members of a list one by one."""
        field = self.manifest.field(setting)
        for instance in instances_of(container, self.manifest.kind):
            if instance.template == self.manifest.id:
                value = instance.settings.get(setting, field.default if field else None)
                yield from value if isinstance(value, list | tuple) else (value,)

    @property
    def readable(self) -> Readable:
        """What the script may read of the request."""
        asked = self.manifest.permissions
        return Readable(
            headers=Reach(tuple(self._headers()), self.denied.headers),
            cookies=Reach(tuple(self._cookies()), self.denied.cookies_read),
            parts=Reach(asked.hit.fields if asked.hit else (), self.denied.hit),
        )

    def _headers(self) -> Iterator[str]:
        asked = self.manifest.permissions.headers
        yield from (name.lower() for name in self._names(asked.names if asked else ()))

    def _cookies(self) -> Iterator[str]:
        asked = self.manifest.permissions.cookies
        yield from self._names(asked.read if asked else ())

    def _names(self, asked: Iterable[str]) -> Iterator[str]:
        """Yields names with those that settings give in the place of these settings. A setting grants single names."""
        for name in asked:
            setting = SETTING.fullmatch(name)
            if setting is None:
                yield name
            else:
                yield from filter(is_one_name, self.given.get(setting[1], ()))

    @property
    def settable_cookies(self) -> frozenset[str]:
        """The cookies that the edge may set with the answer of a client of this template."""
        asked = self.manifest.permissions.cookies
        return frozenset(Reach(asked.set if asked else (), self.denied.cookies_set).allowed(SETTABLE_COOKIES))

    @property
    def logs_always(self) -> bool:
        """Whether the lines of the script's `log` go into the process log."""
        asked = self.manifest.permissions.log
        return Reach((asked.scope,) if asked else (), self.denied.log).allows("always")


class Snapshot(msgspec.Struct, frozen=True):
    """A version, complete."""

    number: int
    hash: str
    container: Container
    templates: dict[str, Template]
    """By `Template.key`."""
    shared: dict[str, str]
    """Shared Lua modules by name."""
    built_in: frozenset[str] = frozenset()
    """Those of them that came with Firsthand, and so are known to hold no state."""

    def template(self, kind: str, id: str) -> Template:
        """Returns the template of an instance; the container was checked, so it is there."""
        return self.templates[f"{kind}/{id}"]

    def settings(self, kind: str, template: str, given: dict[str, Any]) -> dict[str, Any]:
        """Returns the given settings over the manifest's defaults; fields without either are absent."""
        fields = self.template(kind, template).manifest.fields
        defaults = {field.id: field.default for field in fields if field.default is not None}
        return defaults | {name: value for name, value in given.items() if value is not None}
