"""Google Analytics 4 for tests: the Measurement Protocol, which takes everything, and its test address, which tells.

Rules from Google's developer documentation, 2026-09. `validation_messages` is written from these alone: it knows
nothing of the template that it judges.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.support.vendor import Answer, Received, Vendor

Message = dict[str, str]

MAX_BODY = 130_000
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_RESERVED_EVENT = re.compile(
    r"ad_.*|app_.*|error|first_open|first_visit|in_app_purchase|notification_.*|os_update|session_start|user_engagement"
)
_HASH = re.compile(r"[0-9a-f]{64}")
_EMAIL = re.compile(r"[^\s@/?&=]+(@|%40)[^\s@/?&=]+\.[A-Za-z]{2,}")
_LENGTHS = {"page_location": 1000, "page_referrer": 420, "page_title": 300}
_ITEM_FIELDS = frozenset(
    (
        "item_id", "item_name", "affiliation", "coupon", "creative_name", "creative_slot", "discount", "index",
        "item_brand", "item_category", "item_category2", "item_category3", "item_category4", "item_category5",
        "item_list_id", "item_list_name", "item_variant", "location_id", "price", "promotion_id", "promotion_name",
        "quantity",
    )
)  # fmt: skip
_NUMBERS = frozenset(("value", "tax", "shipping", "engagement_time_msec"))
_ITEM_NUMBERS = frozenset(("price", "quantity", "discount", "index"))
_BODY_KEYS = frozenset(
    (
        "client_id", "user_id", "timestamp_micros", "user_properties", "consent", "user_data", "user_location",
        "ip_override", "device", "user_agent", "validation_behavior", "events",
    )
)  # fmt: skip
_ADDRESS_KEYS = frozenset(
    ("sha256_first_name", "sha256_last_name", "sha256_street", "city", "region", "postal_code", "country")
)
_DEVICE_KEYS = frozenset(
    (
        "category", "language", "screen_resolution", "operating_system", "operating_system_version", "model", "brand",
        "browser", "browser_version",
    )
)  # fmt: skip
_LOCATION_KEYS = frozenset(("city", "region_id", "country_id", "subcontinent_id", "continent_id"))


class FakeGa4(Vendor):
    """`events` are those that were recorded, in order, each with what its request said of the visitor under `""`."""

    def __init__(self, *, secret: str | None = None, longest_value: int = 100) -> None:
        super().__init__()
        self.secret, self.longest_value = secret or "s", longest_value
        self.events: list[dict[str, Any]] = []
        self.faults: list[Message] = []
        """What the real one would have swallowed in silence."""

    def __enter__(self) -> FakeGa4:
        super().__enter__()
        return self

    def answer(self, request: Received) -> Answer:
        if request.method != "POST" or request.path not in ("/mp/collect", "/debug/mp/collect"):
            return Answer(404, b"")
        messages = list(self._messages(request))
        if request.path.startswith("/debug/"):
            return Answer(200, json.dumps({"validationMessages": messages}).encode())
        self.faults += messages
        head = request.json()
        self.events += [event | {"": head} for event in head.pop("events")]
        return Answer(204, b"")

    def _messages(self, request: Received) -> Iterator[Message]:
        if request.query.get("api_secret") != self.secret:
            yield message("VALUE_INVALID", "api_secret", "is not the stream's")
        if len(request.body) >= MAX_BODY:
            yield message("EXCEEDED_MAX_ENTITIES", "", "the body has 130 kB or more")
        yield from validation_messages(request.json(), longest_value=self.longest_value)


def message(code: str, path: str, words: str) -> Message:
    """Returns a validation message in Google's form."""
    return {"fieldPath": path, "description": words, "validationCode": code}


def validation_messages(body: Any, *, longest_value: int = 100) -> Iterator[Message]:
    """Yields what is wrong with a body; nothing where Google would count all of it."""
    for key in body.keys() - _BODY_KEYS:
        yield message("NAME_INVALID", key, "is no key of a request")
    yield from _visitor(body)
    events = body.get("events")
    if not isinstance(events, list) or not events:
        yield message("VALUE_REQUIRED", "events", "there is none")
        return
    if len(events) > 25:
        yield message("EXCEEDED_MAX_ENTITIES", "events", "there are more than 25")
    for place, event in enumerate(events):
        yield from _event(f"events[{place}]", event, longest_value)


def _visitor(body: dict[str, Any]) -> Iterator[Message]:
    if not _is_text(body.get("client_id"), 256):
        yield message("VALUE_REQUIRED", "client_id", "is missing or too long")
    if "user_id" in body and not _is_text(body["user_id"], 256):
        yield message("VALUE_INVALID", "user_id", "is no text of up to 256 characters")
    for key in ("client_id", "user_id"):
        if _EMAIL.search(str(body.get(key, ""))):
            yield message("VALUE_INVALID", key, "holds an e-mail address")
    consent = body.get("consent", {})
    for purpose, said in consent.items():
        if purpose not in ("ad_user_data", "ad_personalization") or said not in ("GRANTED", "DENIED"):
            yield message("VALUE_INVALID", f"consent.{purpose}", "is no purpose, or neither GRANTED nor DENIED")
    if "user_data" in body and consent.get("ad_user_data") != "GRANTED":
        yield message("VALUE_INVALID", "user_data", "is there without consent")
    yield from _user_data(body.get("user_data", {}))
    yield from _properties(body.get("user_properties", {}))
    for key, names in (("device", _DEVICE_KEYS), ("user_location", _LOCATION_KEYS)):
        for name, value in body.get(key, {}).items():
            if name not in names or not _is_text(value, 100):
                yield message("VALUE_INVALID", f"{key}.{name}", "is unknown or no short text")


def _user_data(data: dict[str, Any]) -> Iterator[Message]:
    for key, value in data.items():
        if key == "address":
            for address in value:
                yield from _address(address)
        elif key not in ("sha256_email_address", "sha256_phone_number") or not all(map(_HASH.fullmatch, value)):
            yield message("VALUE_INVALID", f"user_data.{key}", "is no list of hashes")


def _address(address: dict[str, Any]) -> Iterator[Message]:
    for key, value in address.items():
        if key not in _ADDRESS_KEYS or not _is_text(value, 100):
            yield message("VALUE_INVALID", f"user_data.address.{key}", "is unknown or no short text")
        if key.startswith("sha256_") and not _HASH.fullmatch(value):
            yield message("VALUE_INVALID", f"user_data.address.{key}", "is not hashed")


def _properties(properties: dict[str, Any]) -> Iterator[Message]:
    if len(properties) > 25:
        yield message("EXCEEDED_MAX_ENTITIES", "user_properties", "there are more than 25")
    for name, given in properties.items():
        path = f"user_properties.{name}"
        yield from _name(path, name, 24)
        if given.keys() != {"value"} or not _is_value(given["value"], 36):
            yield message("VALUE_INVALID", path, "is no number and no text of up to 36 characters")


def _event(path: str, event: dict[str, Any], longest: int) -> Iterator[Message]:
    yield from _name(f"{path}.name", event.get("name"), 40)
    if _RESERVED_EVENT.fullmatch(str(event.get("name"))):
        yield message("NAME_RESERVED", f"{path}.name", f"{event['name']} is reserved")
    for key in event.keys() - {"name", "params", "timestamp_micros"}:
        yield message("NAME_INVALID", f"{path}.{key}", "is no key of an event")
    if not isinstance(event.get("timestamp_micros", 0), int):
        yield message("VALUE_INVALID", f"{path}.timestamp_micros", "is no whole number")
    params = event.get("params", {})
    if len(params) > 25:
        yield message("EXCEEDED_MAX_ENTITIES", f"{path}.params", "there are more than 25")
    for name, value in params.items():
        if name == "items":
            yield from _items(f"{path}.params.items", value, longest)
        else:
            yield from _param(f"{path}.params.{name}", name, value, longest, _NUMBERS)
    if not re.fullmatch(r"[0-9]+", params.get("session_id", "0")):
        yield message("VALUE_INVALID", f"{path}.params.session_id", "is not made of digits")
    if not params.get("engagement_time_msec", 0) > 0:
        yield message("VALUE_REQUIRED", f"{path}.params.engagement_time_msec", "is not above zero")


def _param(path: str, name: str, value: Any, longest: int, numbers: frozenset[str]) -> Iterator[Message]:
    yield from _name(path, name, 40)
    if not _is_value(value, _LENGTHS.get(name, longest)):
        yield message("VALUE_OUT_OF_BOUNDS", path, "is no number and no text that is short enough")
    if name in numbers and not _is_number(value):
        yield message("VALUE_INVALID", path, "is no number")
    if name == "currency" and not re.fullmatch(r"[A-Z]{3}", str(value)):
        yield message("VALUE_INVALID", path, "is no currency")
    if isinstance(value, str) and _EMAIL.search(value):
        yield message("VALUE_INVALID", path, "holds an e-mail address")


def _items(path: str, items: Any, longest: int) -> Iterator[Message]:
    if not isinstance(items, list) or not 0 < len(items) <= 200:
        yield message("EXCEEDED_MAX_ENTITIES", path, "is no list of 1 to 200 items")
        return
    for place, item in enumerate(items):
        if len(item.keys() - _ITEM_FIELDS) > 10:
            yield message("EXCEEDED_MAX_ENTITIES", f"{path}[{place}]", "has more than 10 parameters of its own")
        for name, value in item.items():
            yield from _param(f"{path}[{place}].{name}", name, value, longest, _ITEM_NUMBERS)


def _name(path: str, name: Any, longest: int) -> Iterator[Message]:
    if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > longest:
        yield message("NAME_INVALID", path, "is no name")
    elif name.startswith(("firebase_", "ga_", "google_")):
        yield message("NAME_RESERVED", path, "begins with a prefix that is Google's")


def _is_text(value: Any, longest: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= longest


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_value(value: Any, longest: int) -> bool:
    return _is_number(value) or _is_text(value, longest)
