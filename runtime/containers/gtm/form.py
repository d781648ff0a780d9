"""Fills in the settings of one instance from the parameters of an entity, and keeps account of every parameter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from runtime.containers.gtm.desk import Desk
from runtime.containers.gtm.entity import Entity, is_true, rows, text_of
from runtime.containers.gtm.references import Withheld
from runtime.containers.gtm.report import Fate
from runtime.containers.gtm.secrets import is_token_name
from runtime.model.consent import Purpose
from runtime.text.secrets import is_reference, reference

PATH = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_SILENT: tuple[Any, ...] = (None, "", False, [], {}, "no", "debug", "optional", "inherit", "false")
"""Values of a parameter that ask for nothing."""


class Form:
    """Settings under way."""

    def __init__(self, desk: Desk, entity: Entity, fate: Fate) -> None:
        self.desk, self.entity, self.fate = desk, entity, fate
        self.given = entity.parameters
        self.settings: dict[str, Any] = {}
        self.blocked: list[str] = []
        """Why the tag cannot be left running as it is."""
        self.augmented: dict[str, Any] = {}
        """Fields of the event that are set for this tag alone."""
        self.lost: list[str] = []
        """Cells of tables that were left out, because a secret cannot stand there."""
        self.purposes: tuple[Purpose, ...] = ()
        """What the template there asked for by a parameter of its own."""
        self._used: set[str] = set()

    def take(self, *keys: str) -> Any:
        """Returns the first of these parameters that says something."""
        self._used.update(keys)
        return next((value for key in keys if (value := self.given.get(key)) not in (None, "")), None)

    def flag(self, key: str) -> bool:
        """Tells whether a parameter says yes."""
        return is_true(self.take(key))

    def ignore(self, reason: str, *keys: str) -> None:
        """Passes parameters over; where one asks for something, the reason is told."""
        if any(self.given.get(key) not in _SILENT for key in keys):
            self.fate.differs(reason)
        self._used.update(keys)

    def text(self, setting: str, *keys: str, pattern: str = "", required: str = "") -> None:
        """Fills in a text that may name variables. `required` is what stands there where nothing usable is given."""
        value = text_of(self.take(*keys))
        try:
            text = self.desk.references.text(value)
        except Withheld as withheld:
            text = ""
            self.fate.differs(f"{keys[0]} is the secret {withheld.name}, which {setting} cannot be; it was left out.")
        known = self.desk.references.whole(value)
        if pattern and known is not None and known.constant is not None and not re.fullmatch(pattern, known.constant):
            self.blocked.append(f"the constant {known.id} is `{known.constant[:80]}`, which {setting} cannot be")
        if text and pattern and "{{" not in text and not re.fullmatch(pattern, text):
            self.fate.differs(f"{keys[0]} is `{text[:80]}`, which {setting} cannot be; it was left out.")
            text = ""
        if text:
            self.settings[setting] = text
        elif required:
            self.settings[setting] = required
            self.blocked.append(f"{setting} is missing in the export; `{required}` stands in its place")

    def fixed(self, setting: str, *keys: str, pattern: str = "") -> str:
        """Fills in a text that is read apart from any event, with constants written out; returns it, or ""."""
        value = text_of(self.take(*keys))
        try:
            text = self.desk.references.fixed(value)
        except Withheld as withheld:
            self.fate.differs(f"{keys[0]} holds the secret {withheld.name}, which {setting} cannot; it was left out.")
            return ""
        if text is None or (text and pattern and not re.fullmatch(pattern, text)):
            self.fate.differs(f"{keys[0]} is `{value[:80]}`, which {setting} cannot be; it was left out.")
            return ""
        if text:
            self.settings[setting] = text
        return text

    def choice(self, setting: str, choices: Mapping[str, str], *keys: str) -> None:
        """Fills in a choice, by ours for theirs."""
        value = text_of(self.take(*keys))
        known = self.desk.references.whole(value)
        if known is not None and known.constant is not None:
            value = known.constant
        if value in choices:
            self.settings[setting] = choices[value]
        elif value:
            self.fate.differs(f"{keys[0]} is `{value[:80]}`, which {setting} cannot be; its default counts.")

    def secret(self, setting: str, *keys: str, wanted: bool = True) -> None:
        """Fills in a secret. Where the export holds none that can be used, `wanted` demands one."""
        value = text_of(self.take(*keys))
        known = self.desk.references.whole(value)
        if is_reference(value):
            self.settings[setting] = value
        elif known is not None and known.secret:
            self.settings[setting] = reference(known.secret)
        elif wanted:
            reason = f"{setting} of the tag {self.entity.name or self.desk.id(self.entity)}"
            if value:
                reason += f": {keys[0]} is computed there, and here a secret is one value"
            name = self.desk.vault.demand(f"{self.desk.id(self.entity)}_{setting}", reason)
            self.settings[setting] = reference(name)
            self.blocked.append(f"the secret {name} has to be set")

    def table(self, key: str, name: str = "name", value: str = "value") -> dict[str, Any]:
        """Returns a table of two columns as a map, with our references; rows with a secret are told of and left out."""
        found: dict[str, Any] = {}
        for row in rows(self.take(key)):
            title, cell = text_of(row.get(name)), row.get(value)
            if not title or cell in (None, ""):
                continue
            if is_token_name(title) or is_reference(cell):
                self._dropped(f"{title} in {key}", "")
                continue
            filled = self.desk.references.value(cell, partial(self._dropped, f"{title} in {key}"))
            if filled not in (None, "", [], {}):
                found.setdefault(title, filled)
        return found

    def augment(self, table: Mapping[str, Any], names: Mapping[str, str], prefix: str, what: str) -> None:
        """Sets fields of the event for this tag alone: by `names`, else by the prefix and the name itself."""
        for title, value in table.items():
            path = names.get(title, f"{prefix}{title}" if not prefix or "." not in title else "")
            if PATH.fullmatch(path):
                self.augmented[path] = value
            else:
                self.fate.differs(f"{title} in {what} is no name of a field here; it was left out.")

    def rest(self) -> None:
        """Tells of every parameter that nothing has asked for and that says something."""
        left = [key for key, value in self.given.items() if key not in self._used and value not in _SILENT]
        if left:
            self.fate.differs(f"No counterpart have its parameters {', '.join(left)}.")

    def _dropped(self, where: str, _: str) -> None:
        self.fate.differs(f"{where} holds a secret, which cannot stand there; it was left out.")
        self.lost.append(where)
