"""The variables that large containers ask most, answered by the host where it is certain what their script would give.

A call into the sandbox copies the event, 20 to 60 µs; a condition on a field costs one. So six built-in templates have
their plain cases here as well: fields that lead through objects to text, a number or a boolean. Everything else is
UNKNOWN, and the script is asked. A script is known by its content: one that was changed, by us or by anybody, runs in
the sandbox alone, and so does one from which the operator's policy takes fields. Tests hold both answers against each
other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from runtime.model.snapshot import Template
from runtime.pipeline import native_answers as answers
from runtime.pipeline.scope import Scope
from runtime.pipeline.variable import Variable


class NativeVariable(Variable):
    """A variable whose script is asked only where the host cannot tell."""

    __slots__ = ("_native",)

    def __init__(self, variable: Variable, native: answers.Native) -> None:
        super().__init__(variable.id, variable.code, variable.settings, variable.format, variable.asker)
        self._native = native

    def evaluate(self, scope: Scope) -> Any:
        """Returns the value as `Variable.evaluate` does."""
        open_reads, given = scope.open_reads, self.settings
        settings = {**given.fixed, **resolved} if (resolved := given.resolve(scope)) else given.fixed
        value = answers.UNKNOWN if scope.open_reads > open_reads else self._native(scope.event, settings)
        if value is answers.UNKNOWN:
            return super().evaluate(scope)
        if self.format is not None:
            value = self.format(value)
        self._record(scope, value=value, logs=[])
        return value


def with_native(variable: Variable, template: Template, shared: Mapping[str, str]) -> Variable:
    """Returns the variable, asked natively where its template is one that is known here."""
    maker = _MAKERS.get(content(template, shared))
    native = maker(variable.settings.fixed) if maker and not template.denied.event else None
    return variable if native is None else NativeVariable(variable, native)


def content(template: Template, shared: Mapping[str, str]) -> str:
    """Returns what a script is known by: a hash of it, of the shared modules that it uses, and of the fields that it
    may read of an event."""
    manifest = template.manifest
    fields = manifest.permissions.event.fields if manifest.permissions.event else ()
    parts = (template.key, template.source, *(shared.get(name, "") for name in manifest.shared), *fields)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


_MAKERS: dict[str, Callable[[answers.Settings], answers.Native | None]] = {
    "fa37103ac58d5b076918967bca0e905473768990a2b22623d3cc40ab13d5c088": answers.constant,
    "381ba1f9ff43b9acb3765100fcbc3afd661bc5d9e5c518ea1809b84c9f5c1c10": answers.event_field,
    "35ed16500fb1932962daa2b79ee0f732277266b0b114efb76739cbb01701aaa1": answers.lookup_table,
    "c4be743c6c5c90116ca5d084170d9b1946abf412ecbd047b161c4a06201d4ccb": answers.regex_table,
    "0f9656a498848c8aaa17b99429630fd232862c9e2b54b20737dc1a377ccf762f": answers.page_url_part,
    "8c320a7f60649c2a40bcb21524671d5fbf1e4bb71087cdb07f8ce6c6110c92e3": answers.template_string,
}
"""What a script of a content gives. Another content of the same template is another script."""
