"""A request as the edge sees it: each view of it is made at most once, and only where somebody asks."""

from __future__ import annotations

from runtime.edge.asgi import Scope
from runtime.edge.documents import Documents, read_documents
from runtime.edge.pairs import PairText
from runtime.text.forms import decode_multipart
from runtime.text.malformed import Malformed

_NO_COOKIES: dict[str, str] = {}


class Incoming:
    """One request. `body` is set once it was read and decompressed."""

    __slots__ = (
        "_cookies",
        "_documents",
        "_form",
        "_query",
        "body",
        "content_type",
        "headers",
        "method",
        "path",
        "peer",
        "query",
        "scheme",
    )

    def __init__(self, scope: Scope) -> None:
        self.peer: tuple[str, int] | None = scope["client"]
        self.scheme: str = scope["scheme"]
        raw = scope["headers"]
        self.headers: dict[bytes, bytes] = dict(raw)
        if len(self.headers) != len(raw):
            self.headers = _joined(raw)
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: bytes = scope["query_string"]
        self.content_type = self.text_header(b"content-type")
        self.body = b""
        self._cookies: dict[str, str] | None = None
        self._query: PairText | None = None
        self._form: PairText | None = None
        self._documents: Documents | None = None

    def text_header(self, name: bytes) -> str:
        """Returns a header's value as text, "" where it is absent. Clients send UTF-8, if anything beside ASCII."""
        value = self.headers.get(name)
        return value.decode("utf-8", "replace") if value else ""

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies as they were sent; of equal names the first, which is the one with the longest path."""
        if self._cookies is None:
            self._cookies = _parse_cookies(self.text_header(b"cookie")) if b"cookie" in self.headers else _NO_COOKIES
        return self._cookies

    @property
    def query_pairs(self) -> PairText:
        """The query's names and values."""
        if self._query is None:
            self._query = PairText(self.query)
        return self._query

    @property
    def form_pairs(self) -> PairText:
        """The names and values of a form body; empty where the body is another thing or cannot be read."""
        if self._form is None:
            self._form = self._read_form()
        return self._form

    def _read_form(self) -> PairText:
        if self.is_json or not self.body:
            return PairText(b"")
        if not self.is_multipart:
            return PairText(self.body)
        try:
            return PairText.of(decode_multipart(self.body, self.content_type).items)
        except Malformed:
            return PairText(b"")

    @property
    def documents(self) -> Documents:
        """The body's JSON objects; none where it holds no JSON."""
        if self._documents is None:
            self._documents = read_documents(self.body) if self.is_json else Documents()
        return self._documents

    @property
    def is_json(self) -> bool:
        """Goes by the first character, not by the type: beacons and SDKs mislabel JSON."""
        return self.body[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")

    @property
    def is_multipart(self) -> bool:
        """Whether the body is a multipart form."""
        return self.content_type[:19].lower() == "multipart/form-data"


def _joined(raw: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Joins repeated headers as RFC 9110 5.3 and, for cookies, RFC 9113 8.2.3 say."""
    headers: dict[bytes, bytes] = {}
    for name, value in raw:
        if name in headers:
            value = headers[name] + (b"; " if name == b"cookie" else b", ") + value
        headers[name] = value
    return headers


def _parse_cookies(header: str) -> dict[str, str]:
    # From the end, so that of equal names the first one stays.
    return dict([pair.strip().split("=", 1) for pair in reversed(header.split(";")) if "=" in pair])
