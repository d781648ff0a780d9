"""What a form is made of: inputs in groups, each for one value of a part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Texts: TypeAlias = Mapping[str, list[str]]
"""What a form sends, by name."""

Kind = Literal[
    "line", "paragraph", "number", "check", "switch", "choice", "lines", "rows", "yaml", "names", "purposes",
    "secret", "secrets", "conditions", "json",
]  # fmt: skip
"""line, paragraph: text · number · check: a box, off where nothing is said · switch, choice: one of a few, or the
default, or a variable · lines: a list, one a line · rows: a map of texts · yaml: anything · names: parts, each a box ·
purposes: of consent, or what the template asks for · secret, secrets: references · conditions: a trigger's
· json: anything, as JSON."""

PLAIN: tuple[Kind, ...] = ("line", "paragraph", "number", "switch", "choice", "lines", "rows")
"""Kinds that can be shown as YAML instead."""
VARIABLE = "{{}}"
"""What a switch or a choice sends where a variable decides."""


@dataclass(frozen=True)
class Input:
    """One input. Its name is the path of its value inside the part."""

    name: str
    kind: Kind
    label: str
    help: str = ""
    required: bool = False
    default: str = ""
    """What holds where nothing is given, as a person reads it."""
    choices: tuple[tuple[str, str], ...] = ()
    """Value and what is shown for it."""
    pattern: str = ""
    takes_variable: bool = False
    advanced: bool = False
    secret: str = ""
    """The name that a secret of it would have."""

    @property
    def path(self) -> list[str]:
        """The keys from the part to the value."""
        return self.name.split(".")

    @property
    def values(self) -> list[str]:
        """The values that can be chosen."""
        return [value for value, _ in self.choices]


@dataclass(frozen=True)
class Group:
    """Inputs that stand together."""

    title: str
    inputs: tuple[Input, ...]
    advanced: bool = False
    """Whether they are folded away."""


def first(texts: Texts, name: str) -> str:
    """Returns the first text of a name, with the ends of lines that files have."""
    return (texts.get(name) or [""])[0].replace("\r\n", "\n")
