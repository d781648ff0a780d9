"""The look-ups of one hit: answers that are recorded, and what is missing. The pipeline asks nobody."""

from __future__ import annotations

from collections.abc import Mapping

from runtime.model.lookup import Answer, Lookup, decode_answer


class Answers:
    """One hit's answers. They are asked for one by one, and only where a variable needs one."""

    __slots__ = ("_needs", "_recorded")

    def __init__(self, recorded: Mapping[str, bytes]) -> None:
        """`recorded` holds JSON of answers by the key of their look-up."""
        self._recorded = recorded
        self._needs: dict[str, Lookup] = {}

    def of(self, lookup: Lookup) -> Answer | None:
        """Returns what came of a look-up, None where that is not recorded; then it is noted as missing."""
        value = self._recorded.get(lookup.key)
        if value is not None:
            return decode_answer(value)
        self._needs.setdefault(lookup.key, lookup)
        return None

    @property
    def needs(self) -> tuple[Lookup, ...]:
        """What is missing, in the order in which it was asked for."""
        return tuple(self._needs.values())
