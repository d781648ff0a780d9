"""Ids for what had names: slugs, unique in their part, and the same for the same export."""

from __future__ import annotations

import re
import unicodedata

_LONGEST = 56
_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "ø": "o", "đ": "d", "ł": "l", "þ": "th", "œ": "oe"})


def slug(text: str, otherwise: str, *, joint: str = "-") -> str:
    """Returns a name in small Latin letters and digits; `otherwise` where nothing of it can be one."""
    folded = unicodedata.normalize("NFKD", text.lower().translate(_LETTERS)).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", joint, folded).strip(joint)[:_LONGEST].strip(joint)
    if not words:
        return otherwise
    return words if words[0].isalpha() else f"{otherwise.split(joint)[0]}{joint}{words}"[:_LONGEST].strip(joint)


class Ids:
    """The ids of one part of the container."""

    def __init__(self, *, joint: str = "-") -> None:
        self._taken: set[str] = set()
        self._joint = joint

    def new(self, name: str, otherwise: str) -> str:
        """Returns an id for a name that nothing else has; of equal ones the first keeps the plain form."""
        base = slug(name, otherwise, joint=self._joint)
        id, count = base, 1
        while id in self._taken:
            count += 1
            id = f"{base}{self._joint}{count}"
        self._taken.add(id)
        return id
