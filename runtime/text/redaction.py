"""The last filter of log lines: no secret and no personal data gets past it, whoever wrote the line.

A known secret is replaced by `secret:NAME` in every form in which it may travel: as it is, JSON-escaped, URL-encoded,
in hexadecimal, in base64 at any offset of a longer text. What has the form of an e-mail address or a phone number is
masked. Log lines are rare, so it need not be fast.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus

from runtime.text.masks import HIDDEN, mask, mask_text
from runtime.text.secrets import known_secrets, reference

SHORTEST = 4
"""Characters of the shortest form that is looked for: less would turn up by chance in any text."""

_PLAIN = frozenset(("timestamp", "level", "event"))
"""Members of a line that the host alone writes."""

# A national number begins with 0 or a bracket; ids of hits have a dot, times a colon, and neither joins digits here.
_NATIONAL_PHONE = re.compile(r"(?<![\w.:+-])(?:\(0\d{1,5}\)|0)(?:[ /()-]{0,2}\d){8,13}(?![\w.:])")
_GROUPED_PHONE = re.compile(r"(?<![\w.:+-])(?:\(\d{3}\) ?|\d{3}[ -])\d{3}[ -]\d{4}(?![\w.:-])")
_SUSPECT = re.compile(r"@|%40|[+(]\d|%2B|[\w-]=|0\d|\d[ /()-]\d|[Bb][Ee][Aa][Rr][Ee][Rr]")
"""What a text has at least where its form gives anything away: most answers have nothing of it."""
_CUT_EMAIL = re.compile(r"[\w.+%'-]{1,64}(?:@|%40)[\w.-]{0,64}$")
"""At the end of a text that was cut, there need not be a whole address any more."""
_MAX_DEPTH = 20
_MEMBER = re.compile(r'"([^"\\]{1,100})":( ?)"((?:[^"\\]|\\.)*)')
"""A member of JSON whose value is text; the end of that may be cut off."""


def mask_members(text: str) -> str:
    """Returns the text with the members of JSON in it masked by their names."""
    return (
        _MEMBER.sub(lambda found: f'"{found[1]}":{found[2]}"{mask(found[3], found[1])}', text) if '":' in text else text
    )


def mask_line(line: str) -> str:
    """Returns free text as it may be stored: members of JSON masked by their names, everything else by its form."""
    text = mask_members(line)
    if not _SUSPECT.search(text):
        return text
    text = mask_text(text)
    text = _GROUPED_PHONE.sub(HIDDEN, _NATIONAL_PHONE.sub(HIDDEN, text))
    return _CUT_EMAIL.sub(HIDDEN, text)


class Redactor:
    """Cleans what is going to be shown. Made once a process, with the secrets that it knows by then."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        """`secrets` are values by name, as references name them."""
        self._values = frozenset(secrets.values())
        self._forms = sorted({form for value in secrets.values() for form in secret_forms(value)})
        by_length = sorted(secrets.items(), key=lambda secret: -len(secret[1]))
        self._secrets = [(pattern, reference(name)) for name, value in by_length if (pattern := _pattern(value))]

    def text(self, text: str) -> str:
        """Returns the text with secrets named and personal data masked."""
        return mask_line(self.secrets(text))

    def secrets(self, text: str) -> str:
        """Returns the text with secrets named, and nothing else changed."""
        # A search for each form is cheaper than one pattern for all; escaped twice, none would be found by itself.
        if "\\" in text or any([form in text for form in self._forms]):
            for pattern, name in self._secrets:
                text = pattern.sub(name, text)
        return text

    def covers(self, values: Iterable[str]) -> bool:
        """Tells whether all these secrets are known."""
        return self._values.issuperset(values)

    def shown(self, value: Any) -> Any:
        """Returns masked JSON data as it may be shown: in every text of it secrets are named, and JSON inside of a text
        (a script's words, for one) is masked like all the rest."""
        if isinstance(value, str):
            return self.secrets(mask_members(value))
        if isinstance(value, dict):
            return {self.secrets(key): self.shown(part) for key, part in value.items()}
        return [self.shown(part) for part in value] if isinstance(value, list | tuple) else value

    def line(self, line: dict[str, Any]) -> dict[str, Any]:
        """Returns a log line, made of JSON types, as it may be written."""
        return {self.text(key): value if key in _PLAIN else self._value(value, 0) for key, value in line.items()}

    def _value(self, value: Any, depth: int) -> Any:
        if value is None or isinstance(value, bool | int | float):
            return value
        if depth < _MAX_DEPTH and isinstance(value, dict):
            return {self.text(str(key)): self._value(part, depth + 1) for key, part in value.items()}
        if depth < _MAX_DEPTH and isinstance(value, list | tuple | set | frozenset):
            return [self._value(part, depth + 1) for part in value]
        return self.text(value if isinstance(value, str) else repr(value))


def environment_redactor(more: Mapping[str, str] | None = None) -> Redactor:
    """Returns the redactor of the secrets that the process knows, and of more by name."""
    secrets = known_secrets() | dict(more or {})
    return _made(tuple(sorted(secrets.items())))


def clean_line(line: dict[str, Any]) -> dict[str, Any]:
    """Returns a log line as it may be written, by the secrets that the process knows at this moment."""
    return environment_redactor().line(line)


@lru_cache(maxsize=64)
def _made(secrets: tuple[tuple[str, str], ...]) -> Redactor:
    return Redactor(dict(secrets))


def _pattern(value: str) -> re.Pattern[str] | None:
    forms = sorted(secret_forms(value), key=len, reverse=True)
    # Text that was escaped twice has more backslashes, and is the same text.
    return re.compile("|".join(re.escape(form).replace(r"\\", r"\\+") for form in forms)) if forms else None


def secret_forms(value: str) -> set[str]:
    """Returns the texts by which a secret would give itself away."""
    return {form for form in _forms(value) if len(form) >= SHORTEST}


def _forms(value: str) -> Iterator[str]:
    raw = value.encode("utf-8", "surrogateescape")
    yield value
    yield from (json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1])
    for quoted in (quote(raw, safe=""), quote(raw), quote_plus(raw)):
        yield quoted
        yield re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), quoted)
    yield from (raw.hex(), raw.hex().upper())
    for offset in range(3):
        yield from _base64(raw, offset)


def _base64(raw: bytes, offset: int) -> Iterator[str]:
    """Yields the letters that the value alone decides, where `offset` bytes of a group of three stand before it."""
    bits = 8 * offset
    first, end = -(-bits // 6), (bits + 8 * len(raw)) // 6
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(b"\0" * offset + raw + b"\0\0")[first:end].decode("ascii")
