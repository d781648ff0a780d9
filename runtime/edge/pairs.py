"""Finds single values in a query or form text without decoding all of it: before the answer only a few are needed."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from runtime.text.forms import unquote_value


def name_marks(name: str) -> tuple[bytes, ...]:
    """Returns the spellings in which a name begins a pair: as it is, and percent-encoded in either case."""
    encoded = quote(name, safe="")
    spellings = {name, encoded, _lower_escapes(encoded)}
    return tuple(f"&{spelling}=".encode() for spelling in sorted(spellings))


def _lower_escapes(encoded: str) -> str:
    head, *rest = encoded.split("%")
    return "%".join([head, *(part[:2].lower() + part[2:] for part in rest)])


def decode_value(raw: bytes) -> str:
    """Decodes one value as the pipeline will: percent-escapes, `+` as a space, bad UTF-8 replaced, NULs removed."""
    if b"%" in raw or b"+" in raw:
        raw = unquote_value(raw)
    return raw.decode("utf-8", "replace").replace("\0", "")


class PairText:
    """`name=value&...`, searched from its end, because a later pair replaces an equal earlier one."""

    __slots__ = ("_decoded", "_raw")

    def __init__(self, raw: bytes) -> None:
        self._raw = b"&" + raw
        self._decoded: dict[str, str] | None = None

    @classmethod
    def of(cls, items: Iterable[tuple[str, str]]) -> PairText:
        """Wraps pairs that are decoded already."""
        made = cls(b"")
        made._decoded = dict(items)
        return made

    def find(self, name: str, marks: tuple[bytes, ...]) -> str:
        """Returns the value of the last pair of that name, "" where there is none. `marks` is `name_marks(name)`."""
        if self._decoded is not None:
            return self._decoded.get(name, "")
        for mark in marks:
            at = self._raw.rfind(mark)
            if at >= 0:
                start = at + len(mark)
                end = self._raw.find(b"&", start)
                return decode_value(self._raw[start:] if end < 0 else self._raw[start:end])
        return ""
