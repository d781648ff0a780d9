"""Native decoders of batches: they count the events before the answer and give them to `parse` in slices.

An element that is no object is handed on as it is: the pipeline makes a dead letter of it, alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from runtime.text.forms import decode_form, decode_pairs, nest
from runtime.text.jsons import check_limits, decode_json
from runtime.text.malformed import Malformed

CREDENTIALS = frozenset({"access_token", "appsecret_proof"})
"""Fields of Meta's Graph API that authenticate the sender; no stage after `verify` may see them."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The events of one hit and the fields sent beside them."""

    events: list[Any]
    fields: dict[str, Any] = field(default_factory=dict)
    repairs: dict[str, int] = field(default_factory=dict)


def decode_meta_data(query: bytes, body: bytes, content_type: str, *, maximum: int) -> Batch:
    """Reads a request to Meta's `/{pixel}/events`: a JSON, urlencoded or multipart body with a field `data`.

    `data` is an array, the JSON text of one, or an array of JSON texts: Meta's own SDKs send all three
    (facebook-business 26, 2026-09). Raises `Malformed`: empty_body, invalid_json, invalid_multipart, data_missing,
    not_a_list, too_many_events, or a limit of `decode_json`.
    """
    fields, repairs = _fields(query, body, content_type)
    if "data" not in fields:
        raise Malformed("data_missing", "the request has no field `data`")
    data = fields.pop("data")
    if isinstance(data, str):
        data = _decode_long(data, repairs)
    events = [_event(element, repairs) for element in _list(data, "`data`", maximum)]
    check_limits(events)
    return Batch(events, {name: value for name, value in fields.items() if name not in CREDENTIALS}, repairs)


def _fields(query: bytes, body: bytes, content_type: str) -> tuple[dict[str, Any], dict[str, int]]:
    if not _is_json(body, content_type):
        return decode_form(query, body, content_type)
    pairs = decode_pairs(query)
    given = _decode_long(body, pairs.repairs)
    if not isinstance(given, dict):
        raise Malformed("data_missing", "the JSON body is no object with a field `data`")
    return nest(pairs) | given, pairs.repairs


def _is_json(body: bytes, content_type: str) -> bool:
    """Goes by the type where it says JSON, else by the first character: SDKs mislabel JSON bodies."""
    return "json" in content_type.lower() or body[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")


def _decode_long(text: bytes | str, repairs: dict[str, int]) -> Any:
    """Decodes JSON whose own texts may be long, because one of them holds the whole list of events."""
    return decode_json(text, max_text=len(text), repairs=repairs)


def _list(value: Any, what: str, maximum: int) -> list[Any]:
    if not isinstance(value, list):
        raise Malformed("not_a_list", f"{what} must be a list of events")
    if len(value) > maximum:
        raise Malformed("too_many_events", f"{what} holds {len(value)} events; at most {maximum} are taken at once")
    return value


def _event(element: Any, repairs: dict[str, int]) -> Any:
    """Returns the object that a JSON text holds; anything else stays as it is."""
    if not isinstance(element, str):
        return element
    try:
        decoded = decode_json(element, repairs=repairs)
    except Malformed:
        return element
    return decoded if isinstance(decoded, dict) else element


def decode_json_events(body: bytes, *, maximum: int) -> Batch:
    """Reads one JSON object, or a list of them."""
    repairs: dict[str, int] = {}
    value = decode_json(body, repairs=repairs)
    return Batch([value] if isinstance(value, dict) else _list(value, "the body", maximum), repairs=repairs)


def _meta_data(query: bytes, body: bytes, content_type: str, maximum: int) -> Batch:
    return decode_meta_data(query, body, content_type, maximum=maximum)


def _json_events(query: bytes, body: bytes, content_type: str, maximum: int) -> Batch:
    return decode_json_events(body, maximum=maximum)


DECODERS: dict[str, Callable[[bytes, bytes, str, int], Batch]] = {"meta_data": _meta_data, "json_events": _json_events}
"""By the name that a manifest's `count.decoder` gives: (query, body, content type, maximum) to a batch."""
