"""The hit as a client's `parse` receives it: plain JSON data, built natively.

Beside the payload only the parts that the manifest asks for, and of headers and cookies those that it names. What is
absent or empty is left out; `headers`, `cookies`, `route` and `consent` are always tables. Repairs are counted, and
what cannot be read at all raises `Malformed`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from runtime.model.hit import Hit, LoggedHit
from runtime.model.manifest import ClientSpec
from runtime.model.reach import Reach, Readable
from runtime.text.batches import DECODERS, Batch
from runtime.text.forms import decode_form
from runtime.text.jsons import decode_json
from runtime.text.malformed import Malformed

Repairs = dict[str, int]


def base_table(logged: LoggedHit, names: Iterable[str], readable: Readable) -> dict[str, Any]:
    """Returns the parts of the hit that the client may read; the payload comes beside them."""
    table: dict[str, Any] = {}
    for name in names:
        value = _PARTS[name](logged)
        if name in _BY_NAME:
            table[name] = _granted(value, readable.headers if name == "headers" else readable.cookies)
        elif value or name in _ALWAYS:
            table[name] = dict(value) if isinstance(value, dict) else value
    return table


def _granted(values: dict[str, str], reach: Reach) -> dict[str, str]:
    return {name: value.replace("\0", "") for name, value in values.items() if reach.allows(name)}


def first_language(hit: Hit) -> str:
    """Returns the language that the visitor prefers, as the header writes it, or ""."""
    return hit.headers.get("accept-language", "").partition(",")[0].partition(";")[0].strip()


_PARTS: dict[str, Callable[[LoggedHit], Any]] = {
    "id": lambda logged: logged.id,
    "method": lambda logged: logged.hit.method,
    "path": lambda logged: logged.hit.path,
    "host": lambda logged: logged.hit.host,
    "query": lambda logged: logged.hit.query.decode("utf-8", "replace").replace("\0", ""),
    "received_ms": lambda logged: logged.hit.received_us // 1000,
    "received_s": lambda logged: logged.hit.received_us // 1_000_000,
    "client_ip": lambda logged: logged.hit.client_ip,
    "user_agent": lambda logged: logged.hit.headers.get("user-agent"),
    "language": lambda logged: first_language(logged.hit),
    "page_url": lambda logged: logged.hit.page_url,
    "referrer": lambda logged: logged.hit.referrer,
    "fbp": lambda logged: logged.hit.fbp,
    "fbc": lambda logged: logged.hit.fbc,
    "visitor_id": lambda logged: logged.hit.visitor_id,
    "trust": lambda logged: logged.hit.trust,
    "verified": lambda logged: logged.hit.verified,
    "route": lambda logged: logged.hit.route,
    "consent": lambda logged: logged.hit.consent,
    "headers": lambda logged: logged.hit.headers,
    "cookies": lambda logged: logged.hit.cookies,
    "geo": lambda logged: logged.hit.geo,
}
_ALWAYS = frozenset(("route", "consent"))
_BY_NAME = frozenset(("headers", "cookies"))
"""Parts of which each member is granted by its name."""


def payload(hit: Hit, spec: ClientSpec, repairs: Repairs) -> dict[str, Any]:
    """Returns `params` or `body`, as the manifest's `decode` says; adds what was mended to `repairs`."""
    if spec.decode == "none":
        return _text(hit.body, repairs)
    if spec.decode == "json" or (spec.decode == "auto" and _says_json(hit)):
        return _json(hit, repairs)
    if spec.decode == "auto" and hit.body[:64].lstrip()[:1] in (b"{", b"["):
        return _perhaps_json(hit, spec, repairs)
    return _form(hit, spec, repairs)


def batch(hit: Hit, spec: ClientSpec, repairs: Repairs) -> Batch | None:
    """Returns the decoded events where the manifest has `count`, else None."""
    if spec.count is None:
        return None
    decoded = DECODERS[spec.count.decoder](hit.query, hit.body, _content_type(hit), spec.count.max)
    _add(repairs, decoded.repairs)
    return decoded


def _json(hit: Hit, repairs: Repairs) -> dict[str, Any]:
    decoded = decode_json(hit.body, repairs=repairs)
    return {"params": without_holes(decoded) if isinstance(decoded, list) else decoded}


def without_holes(elements: list[Any]) -> list[Any]:
    """Returns the list with false for null: in a Lua list that would be a hole, and false is no event either."""
    return [False if element is None else element for element in elements]


def _perhaps_json(hit: Hit, spec: ClientSpec, repairs: Repairs) -> dict[str, Any]:
    """Reads a body that looks like JSON without saying so: a beacon, which browsers send as plain text."""
    try:
        return _json(hit, repairs)
    except Malformed:
        return _form(hit, spec, repairs)


def _form(hit: Hit, spec: ClientSpec, repairs: Repairs) -> dict[str, Any]:
    params, mended = decode_form(hit.query, hit.body, _content_type(hit))
    _add(repairs, mended)
    for path in spec.json_params:
        _decode_param(params, path, repairs)
    return {"params": params}


def _decode_param(params: dict[str, Any], path: str, repairs: Repairs) -> None:
    """Puts the object or list in place of the JSON text that a parameter holds; other text stays as it is."""
    *prefix, name = path.split(".")
    holder = params.get(prefix[0]) if prefix else params
    text = holder.get(name) if isinstance(holder, dict) else None
    if isinstance(holder, dict) and isinstance(text, str) and text[:1] in ("{", "["):
        try:
            holder[name] = decode_json(text, repairs=repairs)
        except Malformed:
            return


def _text(body: bytes, repairs: Repairs) -> dict[str, Any]:
    text = body.decode("utf-8", "replace")
    replaced = text.count("\ufffd") - body.count("\ufffd".encode())
    _add(repairs, {"invalid_utf8": replaced, "control_chars": text.count("\0")})
    return {"body": text.replace("\0", "")} if body else {}


def _says_json(hit: Hit) -> bool:
    return "json" in _content_type(hit).lower()


def _content_type(hit: Hit) -> str:
    return hit.headers.get("content-type", "")


def _add(repairs: Repairs, more: Repairs) -> None:
    for code, count in more.items():
        if count:
            repairs[code] = repairs.get(code, 0) + count
