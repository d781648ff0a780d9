"""Finds the tokens of an export and takes them out, before anything else reads it.

A token is what stands under a key that names one, what a variable gives that such a key refers to (through tables and
other variables too), what a constant holds whose own name says so, what a URL's query passes under such a name, and
what has the form of a well-known token. In its place stands `secret:NAME`, and `***` wherever it is only mentioned.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from runtime.containers.gtm.entity import text_of
from runtime.containers.gtm.read import members
from runtime.containers.gtm.vault import Vault
from runtime.text.secrets import reference

MASK = "***"
REFERENCE = re.compile(r"\{\{([^{}]+)\}\}")
"""A variable's name in double braces."""

_TOKEN = re.compile(
    r"\b(?:\w*(?:tokens?|secrets?|password|passwd|passphrase|pwd|apikey)|api key|private ?key|access ?key|bearer"
    r"|credentials?|authorization|auth ?key|signature ?key|signing ?key)\b"
)
_NO_TOKEN = frozenset(("", "true", "false", "0", "1", "none", "optional", "required", "undefined", "null"))
_FORMS = re.compile(
    r"EAA[A-Za-z0-9]{24,}|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}|[sr]k_(?:live|test)_[A-Za-z0-9]{16,}"
    r"|gh[pousr]_[A-Za-z0-9]{30,}|xox[abprs]-[A-Za-z0-9-]{20,}|AIza[A-Za-z0-9_-]{30,}|shpat_[A-Za-z0-9]{24,}"
    r"|(?<=hooks\.slack\.com/services/)[A-Za-z0-9/]{12,}|(?<=discord\.com/api/webhooks/)[A-Za-z0-9/_-]{12,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----",
    re.DOTALL,
)
_QUERY = re.compile(r"[?&]([^=&#\s{}]+)=([^&#\s]+)")
_LOGIN = re.compile(r"://[^/@:\s]*:([^/@\s]+)@")
_SCHEME = re.compile(r"\s*(?:bearer|basic|token)\s+", re.IGNORECASE)
_SHORTEST_SCRUBBED = 8
"""Characters: a shorter value is taken out where it stands as a token, and not looked for elsewhere."""
_NAME_CELLS = ("name", "key", "header", "headerName", "parameter", "paramName", "field")
_VALUE_CELLS = ("value", "headerValue", "parameterValue", "paramValue")
_PLAIN_KEYS = frozenset(("name", "notes", "templateData", "type", "key", "fingerprint", "path", "tagManagerUrl",
                         "accountId", "containerId", "galleryReference"))  # fmt: skip
_TABLES = ("smm", "remm")


def is_token_name(name: str) -> bool:
    """Tells whether a key or a title names a token: `accessToken`, `x-api-key`, `FB access token`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return _TOKEN.search(re.sub(r"[^a-z0-9]+", " ", words.lower())) is not None


def take_secrets(version: dict[str, Any]) -> Vault:
    """Returns the secrets of a container version, and puts references and masks in their places there."""
    finder = _Finder(version)
    finder.run()
    vault = Vault()
    scrub = _Scrub(finder)
    names = [vault.keep(spot.value, scrub.text(spot.hint), scrub.text(spot.label)) for spot in finder.spots]
    for spot, name in zip(finder.spots, names, strict=True):
        if spot.holder is not None:
            spot.holder[spot.key] = reference(name)
    scrub.names = {value: name for name, value in vault.values.items()}
    for key in list(version):
        version[key] = scrub.tree(version[key])
    return vault


@dataclass
class _Spot:
    """A token: its value, where it stands whole (None: only within a text), and what it may be called by."""

    value: str
    hint: str
    label: str
    holder: Any = None
    key: Any = None


class _Finder:
    """Walks a container version."""

    def __init__(self, version: dict[str, Any]) -> None:
        self.spots: list[_Spot] = []
        self._entities = [(kind, place, raw) for kind, place, raw in members(version) if isinstance(raw, dict)]
        self._rest = {key: part for key, part in version.items() if isinstance(part, dict)}
        self._tainted: dict[str, None] = {}

    def run(self) -> None:
        """Finds all tokens."""
        for kind, place, raw in self._entities:
            label = text_of(raw.get("name")) or f"{kind} {place}"
            if kind == "variable" and raw.get("type") in ("c", *_TABLES) and is_token_name(label):
                self._tainted[label] = None
            for key in raw:
                if key in _PLAIN_KEYS:
                    self._forms(raw[key], label)
                else:
                    self._walk(raw, key, label, hot=is_token_name(key), hint=key)
        for key, part in sorted(self._rest.items()):
            self._walk({key: part}, key, key, hot=False, hint=key)
        self._close()
        self.spots.sort(key=lambda spot: spot.holder is None)

    def _close(self) -> None:
        """Takes the values of all variables that tokens come from, through as many variables as there are between."""
        done: set[str] = set()
        while waiting := [name for name in self._tainted if name not in done]:
            for name in waiting:
                done.add(name)
                for kind, _, raw in self._entities:
                    if kind == "variable" and text_of(raw.get("name")) == name:
                        self._variable(raw, name)

    def _variable(self, raw: dict[str, Any], name: str) -> None:
        for node in _nodes(raw.get("parameter")):
            key = node.get("key")
            if key in ("value", "defaultValue") and "value" in node:
                self._leaf(node, "value", name, hot=True, hint="" if key == "value" else "default")
            elif key == "map":
                for number, row in enumerate(_nodes(node.get("list")), 1):
                    for cell in _nodes(row.get("map")):
                        if cell.get("key") == "value" and "value" in cell:
                            self._leaf(cell, "value", name, hot=True, hint=str(number))

    def _walk(self, holder: Any, key: Any, label: str, *, hot: bool, hint: str) -> None:
        value = holder[key]
        if isinstance(value, list):
            title = _token_title(value)
            for place, part in enumerate(value):
                named = bool(title) and isinstance(part, dict) and text_of(part.get("key")) in _VALUE_CELLS
                self._walk(value, place, label, hot=hot or named, hint=title if named else hint)
        elif isinstance(value, dict):
            own = text_of(value.get("key"))
            for name in [name for name in value if name not in ("type", "key")]:
                is_part = name in ("value", "list", "map")
                inner = own if is_part and own and own not in _VALUE_CELLS else hint if is_part else name
                self._walk(value, name, label, hot=hot or is_token_name(inner), hint=inner)
        else:
            self._leaf(holder, key, label, hot=hot, hint=hint)

    def _leaf(self, holder: Any, key: Any, label: str, *, hot: bool, hint: str) -> None:
        text = text_of(holder[key])
        named = [name.strip() for name in REFERENCE.findall(text)]
        if not hot:
            self._within(text, label)
        elif text.strip().lower() not in _NO_TOKEN:
            self._tainted.update(dict.fromkeys(named))
            if len(_SCHEME.sub("", REFERENCE.sub("", text), count=1).strip()) >= (_SHORTEST_SCRUBBED if named else 1):
                self.spots.append(_Spot(text, f"{label}_{hint}".strip("_"), label, holder, key))

    def _within(self, text: str, label: str) -> None:
        self._forms(text, label)
        for name, value in _QUERY.findall(text) if "=" in text else ():
            if is_token_name(name):
                self._tainted.update(dict.fromkeys(found.strip() for found in REFERENCE.findall(value)))
                if not REFERENCE.search(value) and value.lower() not in _NO_TOKEN:
                    self.spots.append(_Spot(value, f"{label}_{name}", label))
        for password in _LOGIN.findall(text):
            self.spots.append(_Spot(password, f"{label}_password", label))

    def _forms(self, value: Any, label: str) -> None:
        for found in _FORMS.findall(value) if isinstance(value, str) else ():
            self.spots.append(_Spot(found, f"{label}_token", f"found in a text of {label}"))


def _nodes(value: Any) -> list[dict[str, Any]]:
    return [node for node in value if isinstance(node, dict)] if isinstance(value, list) else []


def _token_title(cells: list[Any]) -> str:
    """Returns the name in a row of a table, where it is that of a token: then the row's value is one."""
    named = (text_of(cell.get("value")) for cell in _nodes(cells) if text_of(cell.get("key")) in _NAME_CELLS)
    return next((name for name in named if is_token_name(name)), "")


class _Scrub:
    """Masks every mention of a token that is long enough to be told from a word."""

    def __init__(self, finder: _Finder) -> None:
        self.names: dict[str, str] = {}
        found = set(_scrubbed(finder.spots))
        self._pattern = re.compile(
            "|".join(re.escape(each) for each in sorted(found, key=lambda each: (-len(each), each)))
        )
        self._any = bool(found)

    def text(self, text: str) -> str:
        """Returns a text with each token masked."""
        return self._pattern.sub(MASK, text) if self._any else text

    def tree(self, value: Any, key: str = "") -> Any:
        """Returns a value with each token masked; a value that is one becomes a reference to it."""
        if isinstance(value, str):
            name = self.names.get(value) if key == "value" and len(value) >= _SHORTEST_SCRUBBED else None
            return reference(name) if name else self.text(value)
        if isinstance(value, list):
            return [self.tree(part) for part in value]
        if isinstance(value, dict):
            return {self.text(name): self.tree(part, name) for name, part in value.items()}
        text = text_of(value)
        return MASK if text and self.text(text) != text else value


def _scrubbed(spots: list[_Spot]) -> Iterator[str]:
    for spot in spots:
        for value in (spot.value, spot.value.strip(), _SCHEME.sub("", spot.value, count=1).strip()):
            if len(value) >= _SHORTEST_SCRUBBED:
                yield value
