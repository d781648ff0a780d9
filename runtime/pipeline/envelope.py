"""Reads and checks the request that a script described, before anybody fills it in.

Refused as a permission: a host that the manifest does not name, plain http where no setting names that host with
http, a secret that is not one of the tag's own or not granted, and whatever the operator's policy denies. Refused as a
result: what is no request, and every character that could end a header or a URL early.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn
from urllib.parse import quote, urlsplit

from runtime.errors import ScriptFault
from runtime.model.delivery import Envelope
from runtime.model.reach import Reach, Rule, not_granted, one_name, policy_denies
from runtime.pipeline import placeholder
from runtime.pipeline.encode import encode
from runtime.pipeline.given import Given
from runtime.pipeline.hosts import denial, host_of, is_allowed
from runtime.text.compare import text_of

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})

_HEADER_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_URL = re.compile(r"[\x21-\x5b\x5d-\x7e]+")
_PLAIN_NETLOC = re.compile(r"[^@%\0]+")
_MOST_MARKS, _MOST_COPIES = 64, 4
_FRAMING = frozenset({"host", "connection", "content-length", "transfer-encoding", "upgrade", "te", "trailer"})
"""Headers that the HTTP client itself writes."""


def read_envelope(described: Any, *, function: str = "request") -> Envelope:
    """Returns what a script's `function` described, its placeholders still in it; raises ScriptFault (result)."""
    if not isinstance(described, dict):
        _refuse(f"`{function}` must return a table with method, url, headers and body")
    method = described.get("method", "POST")
    if not isinstance(method, str) or method not in METHODS:
        _refuse(f"the method must be one of {', '.join(sorted(METHODS))}")
    url = described.get("url")
    if not isinstance(url, str) or not _URL.fullmatch(placeholder.MARK.sub("0", url)):
        _refuse("`url` must be text of printable ASCII characters without spaces; encode the rest with url.encode")
    headers = _headers(described.get("headers") or {})
    body = _body(described.get("body"), headers)
    _check_marks((url, body, *headers.values()))
    return Envelope(method, url, headers, body)


def _check_marks(texts: tuple[str, ...]) -> None:
    """Refuses what would grow without bound when it is filled in: a batch of a megabyte, a thousand times over."""
    marks, copies = placeholder.count_marks(texts)
    if marks > _MOST_MARKS or copies > _MOST_COPIES:
        limits = f"{_MOST_MARKS} placeholders, and batch.items and batch.body {_MOST_COPIES} times"
        _refuse(f"a request can hold {limits}; this one has {marks}, and those {copies} times")


def _headers(given: Any) -> dict[str, str]:
    if not isinstance(given, dict):
        _refuse("`headers` must be a table of names and values")
    headers: dict[str, str] = {}
    for name, value in given.items():
        lower = str(name).lower()
        if lower in _FRAMING or lower in headers or not _HEADER_NAME.fullmatch(lower):
            _refuse(f"the header `{placeholder.readable(lower)}` cannot be set, or is set twice")
        headers[lower] = _header_value(lower, value)
    return headers


def _header_value(name: str, value: Any) -> str:
    """Returns a header's value; letters beyond ASCII, which no header carries safely, as percent-escapes of UTF-8."""
    if not isinstance(value, str | int | float):
        _refuse(f"the header `{name}` must be text")
    # Not refused: an event's own text (its id, say) can come here, and one odd letter must not stop the tag for all.
    text = _BEYOND_ASCII.sub(lambda letters: quote(letters[0]), text_of(value))
    if not _HEADER_VALUE.fullmatch(placeholder.MARK.sub("0", text)):
        _refuse(f"the header `{name}` holds a line break or another control character")
    return text


def _body(body: Any, headers: dict[str, str]) -> str:
    """Returns the body; a table becomes JSON, in which placeholders stand JSON-escaped."""
    if body is None:
        return ""
    if isinstance(body, str):
        if "\0" in placeholder.MARK.sub("", body):
            _refuse("the body holds a NUL character")
        return body
    if not isinstance(body, dict | list):
        _refuse("`body` must be text or a table")
    _check_keys(body)
    headers.setdefault("content-type", "application/json")
    return encode(body).decode()


def _check_keys(value: Any) -> None:
    """Refuses placeholders in keys: nothing that is filled in may change the form of the body."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if isinstance(value, dict) and any("\0" in str(key) for key in value):
        _refuse("a key of the body holds a placeholder or a NUL character")
    for part in parts:
        _check_keys(part)


def check_host(
    url: str,
    hosts: Sequence[str],
    settings: Mapping[str, Any],
    denied: Sequence[Rule] = (),
    *,
    function: str = "request",
) -> None:
    """Refuses a URL that leads anywhere else than the script may send; raises ScriptFault (permission)."""
    host = _host(url)
    if not host:
        shown = placeholder.readable(url)[:100]
        _forbid(f"the host of `{shown}` cannot be told: write it out, without placeholder, user name or escape")
    what = f"the host `{host}` that `{function}` names"
    why = denial(host, denied)
    if why is not None:
        _forbid(policy_denies(what, why))
    if not is_allowed(host, hosts):
        _forbid(f"{not_granted(what, f'hosts: {{names: [{host}], why: ...}}')} (granted: {', '.join(hosts) or 'none'})")
    scheme = urlsplit(url).scheme
    if scheme != "https" and not (scheme == "http" and any(_is_plain(value, host) for value in settings.values())):
        _forbid(f"{what} must be asked by https: write `https://`, or name it in a setting with `http://`")


def _host(url: str) -> str:
    """Returns the host as written, or "" where a placeholder, an escape or a user name hides where the URL leads."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return ""
    return host.rstrip(".") if _PLAIN_NETLOC.fullmatch(parts.netloc) else ""


def _is_plain(setting: Any, host: str) -> bool:
    """Tells whether the operator's own setting is that host without TLS, as in tests and inside a network."""
    return isinstance(setting, str) and setting.lower().startswith("http://") and host_of(setting) == host


def check_secrets(
    envelope: Envelope, settings: Given, denied: Sequence[Rule] = (), *, function: str = "request"
) -> None:
    """Refuses secrets that the script may not place, however they are written; raises ScriptFault (permission)."""
    reach = Reach(("*",), tuple(denied))
    for name in placeholder.secrets_in((envelope.url, envelope.body, *envelope.headers.values())):
        what = f"the secret `{name}` that `{function}` places"
        why = reach.denial(one_name(name))
        if why is not None:
            _forbid(policy_denies(what, why))
        if name in settings.secrets:
            continue
        if name not in settings.withheld:
            _forbid(f"{what} is in none of this tag's settings of type secret")
        _forbid(not_granted(what, f"secrets: {{fields: [{settings.withheld[name]}], why: ...}}"))


def _forbid(message: str) -> NoReturn:
    raise ScriptFault("permission", message)


def _refuse(message: str) -> NoReturn:
    raise ScriptFault("result", message)
