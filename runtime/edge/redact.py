"""Takes credentials out of what is stored of a request.

Two steps, because one alone has gaps. Declared names go wherever they stand: in the query, in form fields, in top-level
JSON members, in whatever encoding. The verified credential leaves its id there, anything else leaves nothing. Then each
usual spelling of the verified credential is replaced by its id wherever else it occurs, in a URL for example.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, quote_plus

import msgspec

from runtime.edge.incoming import Incoming
from runtime.edge.multipart import redact_parts
from runtime.edge.pairs import decode_value
from runtime.edge.verify import Credential
from runtime.model.manifest import Source

SHORTEST_SWEPT = 6
"""A shorter token is only taken from its own place: elsewhere its letters may well be something else's."""

_LEFT_AS_THEY_ARE = ("", "/", "/:?@!$&'()*,;=")
"""Characters that percent-encoders leave alone: none, `quote`'s own, those of a URL's parts (RFC 3986)."""
_ESCAPE = re.compile("%[0-9A-F]{2}")
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def credential_names(redact: Iterable[str], sources: Iterable[Source]) -> frozenset[str]:
    """Returns the names of pairs and members that hold credentials: the declared ones and those of the sources."""
    names = set(redact)
    for source in sources:
        names.update(name for name in (source.query, source.form) if name)
        if source.pointer and source.pointer.count("/") == 1:
            names.add(source.pointer[1:].replace("~1", "/").replace("~0", "~"))
    return frozenset(names)


def spellings(token: str) -> tuple[bytes, ...]:
    """Returns the token as bytes in all usual encodings, longest first: plain, JSON-escaped, percent-encoded, mixed."""
    texts = {token} | _json_spellings(token)
    encoded = {form(text, safe=safe) for text in texts for form in (quote, quote_plus) for safe in _LEFT_AS_THEY_ARE}
    encoded |= {quote(text, safe="") for text in encoded}
    encoded.add("".join(f"%{byte:02X}" for byte in token.encode()))
    encoded |= {_ESCAPE.sub(lambda found: found[0].lower(), text) for text in encoded}
    return tuple(sorted({text.encode() for text in texts | encoded}, key=len, reverse=True))


def _json_spellings(token: str) -> set[str]:
    texts = {json.dumps(token)[1:-1], json.dumps(token, ensure_ascii=False)[1:-1]}
    texts |= {json.dumps(text)[1:-1] for text in texts}
    texts |= {text.replace("/", "\\/") for text in texts}
    units = token.encode("utf-16-be").hex()
    escaped = "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
    return texts | {escaped, escaped.upper().replace("U", "u")}


class Redactor:
    """Redacts the requests of one client."""

    def __init__(self, names: frozenset[str], tokens: Mapping[str, bytes]) -> None:
        self._names = names
        self._spellings = {
            id: spellings(token.decode()) for id, token in tokens.items() if len(token) >= SHORTEST_SWEPT
        }
        alternatives = "|".join(re.escape(name) for name in sorted(names)) or "(?!)"
        self._broken_json = re.compile(rf'("(?:{alternatives})"\s*:\s*)"[^"]*"?'.encode())

    def query(self, incoming: Incoming, credential: Credential) -> bytes:
        """Returns the query as it may be stored."""
        return self._sweep(self._pairs(incoming.query, credential), credential)

    def body(self, incoming: Incoming, credential: Credential) -> bytes:
        """Returns the body as it may be stored."""
        if incoming.is_json:
            redacted = self._json(incoming.body, credential)
        elif incoming.is_multipart:
            redacted = redact_parts(incoming.body, incoming.content_type, lambda n, v: self._replaced(n, v, credential))
        else:
            redacted = self._pairs(incoming.body, credential)
        return self._sweep(redacted, credential)

    def text(self, text: str, credential: Credential) -> str:
        """Returns any other text as it may be stored."""
        for spelling in self._spellings.get(credential.id, ()):
            text = text.replace(spelling.decode(), credential.id)
        return text

    def texts(self, texts: Mapping[str, str], credential: Credential) -> dict[str, str]:
        """Returns a map of such texts."""
        return {name: self.text(text, credential) for name, text in texts.items()}

    def _replaced(self, name: str, value: str, credential: Credential) -> str | None:
        """Returns what stands in a field's place: its own value, the credential's id, or None for nothing."""
        if name not in self._names and name.partition("[")[0] not in self._names:
            return value
        return credential.id if credential.id and value == credential.text else None

    def _sweep(self, raw: bytes, credential: Credential) -> bytes:
        for spelling in self._spellings.get(credential.id, ()):
            raw = raw.replace(spelling, credential.id.encode())
        return raw

    def _pairs(self, raw: bytes, credential: Credential) -> bytes:
        if not raw:
            return raw
        kept = (self._pair(pair, credential) for pair in raw.split(b"&"))
        return b"&".join(pair for pair in kept if pair is not None)

    def _pair(self, pair: bytes, credential: Credential) -> bytes | None:
        name, _, value = pair.partition(b"=")
        decoded = decode_value(name)
        if decoded not in self._names and decoded.partition("[")[0] not in self._names:
            return pair
        replaced = self._replaced(decoded, decode_value(value), credential)
        return None if replaced is None else name + b"=" + quote(replaced).encode()

    def _json(self, body: bytes, credential: Credential) -> bytes:
        if b"\\u" not in body and not any(name.encode() in body for name in self._names):
            return body
        try:
            return self._value(body.removeprefix(b"\xef\xbb\xbf"), credential)
        except _UNREADABLE:
            return self._broken_json.sub(rb'\1""', body)

    def _value(self, raw: bytes, credential: Credential) -> bytes:
        """Redacts an object, or the objects of a list; members that stay keep their bytes."""
        if raw.lstrip()[:1] == b"{":
            return self._object(raw, credential)
        elements = map(bytes, msgspec.json.decode(raw, type=list[msgspec.Raw]))
        return b"[" + b",".join(self._object(e, credential) if e[:1] == b"{" else e for e in elements) + b"]"

    def _object(self, raw: bytes, credential: Credential) -> bytes:
        members = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        if self._names.isdisjoint(members):
            return raw
        kept = (self._member(name, bytes(value), credential) for name, value in members.items())
        return b"{" + b",".join(member for member in kept if member is not None) + b"}"

    def _member(self, name: str, raw: bytes, credential: Credential) -> bytes | None:
        if name not in self._names:
            return msgspec.json.encode(name) + b":" + raw
        value = msgspec.json.decode(raw)
        replaced = self._replaced(name, value if isinstance(value, str) else "", credential)
        return None if replaced is None else msgspec.json.encode(name) + b":" + msgspec.json.encode(replaced)
