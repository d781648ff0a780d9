"""An instance's settings as its script gets them: defaults filled in, secrets masked, `{{variable}}` resolved.

A text that is one reference takes the variable's value with its type, and is absent where the variable has none;
references inside a text are replaced by the value's text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from runtime.lua.sandbox import Pushed, Sandbox
from runtime.model.manifest import Manifest
from runtime.pipeline.placeholder import secret_mark
from runtime.pipeline.scope import Scope
from runtime.text.compare import text_of
from runtime.text.jsons import without_nuls
from runtime.text.references import fill_variables, mentions_variable, whole_variable
from runtime.text.secrets import is_reference, reference_name

Fill = Callable[[Scope], Any]


class Given:
    """Settings, compiled once. Those without references are handed to Lua once for all events."""

    __slots__ = ("_fills", "_pushed", "_sandbox", "fixed", "secrets", "withheld")

    def __init__(self, sandbox: Sandbox, manifest: Manifest, values: Mapping[str, Any]) -> None:
        self._sandbox = sandbox
        self.secrets: set[str] = set()
        """Names of the secrets that the script may place."""
        self.withheld: dict[str, str] = {}
        """Names of those that the manifest does not grant, each with its field. The script sees the same marks: that
        it may not place one is told where it does."""
        seen = self._masked(manifest, values)
        urls = {field.id for field in manifest.fields if field.type == "url"}
        fills = {
            name: _compile_url(value) if name in urls and isinstance(value, str) else compile_value(value)
            for name, value in seen.items()
        }
        self._fills: dict[str, Fill] = {name: fill for name, fill in fills.items() if fill is not None}
        self.fixed: dict[str, Any] = {name: value for name, value in seen.items() if name not in self._fills}
        """The settings without references."""
        self._pushed: Pushed | None = None

    def resolve(self, scope: Scope) -> dict[str, Any]:
        """Returns the settings with references, for one event."""
        if not self._fills:
            return {}
        found = {name: without_nuls(fill(scope)) for name, fill in self._fills.items()}
        return {name: value for name, value in found.items() if value is not None}

    def pushed(self, resolved: Mapping[str, Any] | None = None) -> Pushed:
        """Returns what a script receives: the fixed settings, and those resolved for an event."""
        if resolved:
            return self._sandbox.push({**self.fixed, **resolved})
        if self._pushed is None:
            self._pushed = self._sandbox.push(self.fixed)
        return self._pushed

    def _masked(self, manifest: Manifest, values: Mapping[str, Any]) -> dict[str, Any]:
        permission = manifest.permissions.secrets
        placeable = permission.fields if permission else ()
        secret = {field.id for field in manifest.fields if field.type == "secret" or field.items == "secret"}
        masked = {
            name: self._mask(name, value, granted=name in placeable) if name in secret else without_nuls(value)
            for name, value in values.items()
        }
        return {name: value for name, value in masked.items() if value is not None}

    def _mask(self, field: str, value: Any, *, granted: bool) -> Any:
        """Returns marks in place of a setting's secrets; None for other text that the manifest does not grant."""
        if isinstance(value, list | tuple):
            parts = [self._mask(field, part, granted=granted) for part in value]
            return [part for part in parts if part is not None]
        if not is_reference(value):
            return without_nuls(value) if granted else None
        name = reference_name(value)
        if granted:
            self.secrets.add(name)
        else:
            self.withheld[name] = field
        return secret_mark(name)


def compile_value(value: Any) -> Fill | None:
    """Returns what fills in a value's references, or None where it holds none."""
    if isinstance(value, str):
        return _compile_text(value)
    if isinstance(value, list | tuple):
        return _compile_list(value)
    if isinstance(value, dict):
        return _compile_map(value)
    return None


def _compile_text(text: str) -> Fill | None:
    variable = whole_variable(text)
    if variable is not None:
        return lambda scope: scope.value(variable)
    if not mentions_variable(text):
        return None
    return lambda scope: fill_variables(text, lambda name: text_of(scope.value(name)))


def _compile_url(text: str) -> Fill | None:
    """As for other text, but what a variable fills into a URL is percent-encoded: it can change no part but its own."""
    if whole_variable(text) is not None or not mentions_variable(text):
        return _compile_text(text)
    return lambda scope: fill_variables(text, lambda name: quote(text_of(scope.value(name)), safe=""))


def _compile_list(values: list[Any] | tuple[Any, ...]) -> Fill | None:
    fills = [(value, compile_value(value)) for value in values]
    if all(fill is None for _, fill in fills):
        return None

    def fill_list(scope: Scope) -> list[Any]:
        found = [fill(scope) if fill else value for value, fill in fills]
        return [value for value in found if value is not None]

    return fill_list


def _compile_map(values: dict[str, Any]) -> Fill | None:
    fills = [(key, value, compile_value(value)) for key, value in values.items()]
    if all(fill is None for _, _, fill in fills):
        return None

    def fill_map(scope: Scope) -> dict[str, Any]:
        found = {key: fill(scope) if fill else value for key, value, fill in fills}
        return {key: value for key, value in found.items() if value is not None}

    return fill_map
