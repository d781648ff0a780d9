"""A destination's script in the real sandbox, called as the pipeline and the dispatchers call it."""

from __future__ import annotations

from typing import Any

from runtime.containers.templates import BUILT_IN, load_templates
from runtime.lua.sandbox import Grants, Sandbox
from runtime.pipeline.placeholder import BODY, ITEMS, TIME, secret_mark

NOW_S = 1_790_000_000


class Bench:
    """One template, its manifest's defaults, and a clock that stands at `NOW_S`."""

    def __init__(self, id: str) -> None:
        templates = load_templates(BUILT_IN)
        template = templates.by_key[f"destination/{id}"]
        manifest = template.manifest
        self.manifest = manifest
        self._sandbox = Sandbox(shared=templates.shared)
        fields = manifest.permissions.event.fields if manifest.permissions.event else ()
        grants = Grants(event_fields=fields, readable=template.readable)
        self._script = self._sandbox.script(template.key, template.source, grants=grants, shared=manifest.shared)
        self._defaults = {field.id: field.default for field in manifest.fields if field.default is not None}
        self._secrets = {field.id for field in manifest.fields if field.type == "secret"}
        self.instructions = 0

    def map(self, event: dict[str, Any], **settings: Any) -> tuple[Any, Any]:
        """Returns what `map` returns: an item and its options, or None and the reason."""
        item, second, *_ = (*self._call("map", event, self._settings(settings)), None, None)
        return item, second

    def reason(self, event: dict[str, Any], **settings: Any) -> str | None:
        """Returns the code for which `map` gives the event up, None where it maps it."""
        item, reason = self.map(event, **settings)
        return None if item is not None else str(reason).partition(":")[0]

    def request(self, *, key: str = "", count: int = 1, **settings: Any) -> dict[str, Any]:
        """Returns the described request, placeholders in it."""
        batch = {"key": key, "count": count, "items": ITEMS, "body": BODY, "attempt_time": TIME}
        envelope: dict[str, Any] = self._call("request", batch, self._settings(settings))[0]
        return envelope

    def verdict(self, response: dict[str, Any], *, count: int = 1) -> dict[str, Any]:
        """Returns what the script makes of an answer."""
        found: dict[str, Any] = self._call("verdict", response, {"key": "", "count": count})[0]
        return found

    def _settings(self, given: dict[str, Any]) -> dict[str, Any]:
        marked = {name: secret_mark(value) for name, value in given.items() if name in self._secrets}
        return self._defaults | given | marked

    def _call(self, function: str, *args: dict[str, Any]) -> tuple[Any, ...]:
        pushed = [self._sandbox.push(arg) for arg in args]
        returned = self._sandbox.call(self._script, function, *pushed, at_us=NOW_S * 1_000_000, seed="bench")
        self.instructions = returned.instructions
        return returned.values
