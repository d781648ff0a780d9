"""Meta's Limited Data Use, as hits and events carry it: `dpo=LDU`, or a list with `LDU` in it."""

from __future__ import annotations

from typing import Any

MARK = "LDU"


def says_ldu(value: Any) -> bool:
    """Tells whether a value of data processing options holds the mark, in any case of letters."""
    if isinstance(value, str):
        return any(part.strip().upper() == MARK for part in value.strip("[]").replace('"', "").split(","))
    return isinstance(value, list | tuple) and any(says_ldu(each) for each in value)
