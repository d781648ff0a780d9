"""Writes the README's table of settings from their declarations, so that it is never out of date.

`python -m runtime.explain.settings_docs` writes it between its two marks; a test fails where it is stale.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from runtime.settings import Settings
from runtime.text.secrets import VARIABLE_PREFIX

README = Path(__file__).parents[2] / "README.md"
START, END = "<!-- settings -->", "<!-- /settings -->"


def settings_table() -> str:
    """Returns every setting with its default and its description, as a Markdown table."""
    prefix = Settings.model_config["env_prefix"]
    rows = [_row(f"{prefix}{name.upper()}", field) for name, field in Settings.model_fields.items()]
    secret = f"| `{VARIABLE_PREFIX}NAME` | | The secret that a container names as `secret:NAME`. |"
    return "\n".join(["| variable | default | |", "|---|---|---|", *rows, secret])


def with_table(text: str) -> str:
    """Returns the README's text with the table as it is now; ValueError where a mark is missing."""
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        raise ValueError(f"README.md has no {START} … {END}")
    return f"{before}{START}\n{settings_table()}\n{END}{after}"


def _row(variable: str, field: FieldInfo) -> str:
    return f"| `{variable}` | {_default(field.default)} | {field.description} |"


def _default(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(f"`{each}`" for each in value)
    return "" if value is None else f"`{value}`"


if __name__ == "__main__":
    README.write_text(with_table(README.read_text("utf-8")), encoding="utf-8")
