"""Checks the tracking plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from runtime.errors import Problem
from runtime.model.container import Container
from runtime.text.json_schema import Schema


def check_schemas(container: Container) -> Iterator[Problem]:
    """Yields what is no JSON Schema, and what is probably not meant."""
    for id, part in container.schemas.items():
        path = f"schemas.{id}"
        try:
            Schema(part.json_schema)
        except ValueError as error:
            hint = "write a JSON Schema; patterns have no look-around, and references stay inside it (#/$defs/…)"
            yield Problem(f"{path}.schema", str(error), hint)
        if not part.json_schema:
            yield Problem(f"{path}.schema", "this schema asks for nothing", "say what must hold", severity="warning")
        for name, times in Counter(part.events).items():
            if times > 1:
                yield Problem(f"{path}.events", f"`{name}` is named twice", "name it once", severity="warning")
