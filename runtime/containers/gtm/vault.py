"""The secrets of an import, by name: what goes to the file of secrets and nowhere else."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from runtime.containers.gtm.names import Ids


@dataclass
class Vault:
    """The secrets of a container: values that the export holds, and names of those that somebody has to set."""

    values: dict[str, str] = field(default_factory=dict)
    """By name."""
    where: dict[str, str] = field(default_factory=dict)
    """What each is for, by name."""
    unset: dict[str, str] = field(default_factory=dict)
    """Names without a value, with the reason."""
    _ids: Ids = field(default_factory=lambda: Ids(joint="_"))

    def keep(self, value: str, hint: str, where: str) -> str:
        """Returns the name of a value, a new one where it has none yet."""
        known = next((name for name, held in self.values.items() if held == value), None)
        if known is not None:
            return known
        name = self._name(hint)
        self.values[name], self.where[name] = value, where
        return name

    def demand(self, hint: str, reason: str) -> str:
        """Returns a name whose value somebody has to set."""
        name = self._name(hint)
        self.unset[name] = reason
        return name

    def _name(self, hint: str) -> str:
        snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", hint)
        return self._ids.new(snake, "secret").upper()
