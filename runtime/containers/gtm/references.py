"""`{{Variable}}`: what each name stands for, and texts with the names of ours in their place.

A name is one of the export's variables, one of Tag Manager's built-in ones, or unknown; for what has no counterpart
there is a variable without a value, so that whatever refers to it stays in order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from runtime.containers.gtm.secrets import MASK, REFERENCE
from runtime.text.secrets import is_reference, reference_name

EVENT_NAME = "event_name"


@dataclass(frozen=True)
class Known:
    """What a variable's name stands for here."""

    id: str
    """The variable of ours; "" where it is a secret."""
    field: str = ""
    """The event's field that it simply is, so that a condition can name it; or ""."""
    constant: str | None = None
    """The text that it always is."""
    secret: str = ""
    """The secret that it is: no variable can give one."""
    withheld: bool = False
    """It chooses between secrets, which nothing here can."""
    is_client: bool = False
    """It tells the client that took the hit."""
    is_empty: bool = False
    """It never has a value."""


class Withheld(Exception):
    """A text refers to a secret, or is one."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class References:
    """All names, looked up as they are met."""

    def __init__(self, missing: Callable[[str], Known]) -> None:
        """`missing` makes what a name without an owner stands for."""
        self._known: dict[str, Known] = {}
        self._missing = missing

    def add(self, name: str, known: Known) -> None:
        """Notes what a name stands for; of equal names the first counts."""
        self._known.setdefault(name.strip(), known)

    def known(self, name: str) -> Known:
        """Returns what a name stands for."""
        name = name.strip()
        if name not in self._known:
            self._known[name] = self._missing(name)
        return self._known[name]

    def whole(self, text: str) -> Known | None:
        """Returns what a text stands for that is one reference and nothing else."""
        found = REFERENCE.fullmatch(text.strip())
        return self.known(found[1]) if found else None

    def text(self, text: str) -> str:
        """Returns the text with our references; raises Withheld where there is a secret in it."""
        _require_open(text)
        return REFERENCE.sub(lambda found: self._reference(self.known(found[1])), text)

    def _reference(self, known: Known) -> str:
        if known.secret or known.withheld:
            raise Withheld(known.secret or known.id)
        return "{{" + known.id + "}}"

    def fixed(self, text: str) -> str | None:
        """Returns the text with all constants written out, or None where something else is in it; raises Withheld."""
        _require_open(text)
        parts: list[str] = []
        end = 0
        for found in REFERENCE.finditer(text):
            known = self.known(found[1])
            if known.secret or known.withheld:
                raise Withheld(known.secret or known.id)
            if known.constant is None:
                return None
            parts += [text[end : found.start()], known.constant]
            end = found.end()
        return "".join([*parts, text[end:]])

    def value(self, value: Any, dropped: Callable[[str], None]) -> Any:
        """Returns a value with our references; each part with a secret in it is left out and its place told of."""
        return self._value(value, "", dropped)

    def _value(self, value: Any, path: str, dropped: Callable[[str], None]) -> Any:
        if isinstance(value, str):
            try:
                return self.text(value)
            except Withheld:
                dropped(path)
                return None
        if isinstance(value, list):
            parts = [self._value(part, f"{path}.{place}", dropped) for place, part in enumerate(value)]
            return [part for part in parts if part is not None]
        if isinstance(value, dict):
            pairs = {key: self._value(part, f"{path}.{key}", dropped) for key, part in value.items()}
            return {key: part for key, part in pairs.items() if part is not None}
        return value

    def described(self, value: Any, *, fixed: bool = False) -> Any:
        """Returns a value that is kept for people: secrets by name in words, with `fixed` variables too."""
        if isinstance(value, str):
            if is_reference(value):
                return f"(secret {reference_name(value)})"
            words = REFERENCE.sub(lambda found: self._words(found[1], fixed), value)
            return words.replace("{{", "{ {") if fixed else words
        if isinstance(value, list):
            return [self.described(part, fixed=fixed) for part in value]
        if isinstance(value, dict):
            return {key: self.described(part, fixed=fixed) for key, part in value.items()}
        return value

    def _words(self, name: str, fixed: bool) -> str:
        known = self.known(name)
        if known.secret:
            return f"(secret {known.secret})"
        if known.withheld or fixed:
            return f"(variable {name.strip()})"
        return "{{" + known.id + "}}"


def _require_open(text: str) -> None:
    """Raises Withheld where a text is a secret, or holds one that was masked."""
    if is_reference(text):
        raise Withheld(reference_name(text))
    if MASK in text:
        raise Withheld("masked in it")
