"""TikTok's Events API as far as a sender can see it: it checks each request by its own rules and answers like TikTok.

Written from the wire format and not from the template, so that both can disagree. Nearly all is answered with HTTP 200.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from typing import Any

from tests.support.vendor import Answer, Behaviour, Received, Vendor

PATH = "/open_api/v1.3/event/track/"
MOST_EVENTS = 1000
SOURCES = frozenset(("web", "app", "offline", "crm"))

_HASH = re.compile(r"[0-9a-f]{64}")
_CLICK_ID = re.compile(r"[A-Za-z0-9_.~%-]{1,512}")
_PARTS = frozenset(("event", "event_time", "event_id", "limited_data_use", "user", "page", "app", "ad", "properties",
                    "lead"))  # fmt: skip
_SEVERAL_HASHES = ("email", "phone", "external_id")
_ONE_HASH = ("first_name", "last_name", "zip_code")
_LOWER = ("city", "state", "country")
_PLAIN = ("ip", "user_agent", "locale", "idfa", "idfv", "gaid", "att_status")
_USER = frozenset((*_SEVERAL_HASHES, *_ONE_HASH, *_LOWER, *_PLAIN, "ttclid", "ttp"))
_TEXTS = ("query", "search_string", "description", "order_id", "shop_id", "status", "delivery_category")
_NUMBERS = ("value", "num_items", "predicted_ltv")
_CONTENT_TEXTS = frozenset(("content_id", "content_name", "content_category", "brand"))


def said(code: int, message: str, data: Any = None, *, status: int = 200) -> Answer:
    """Returns an answer in TikTok's form."""
    body = {"code": code, "message": message, "request_id": "20260921AbC", "data": data or {}}
    return Answer(status, json.dumps(body).encode())


THROTTLED = Behaviour(answer=said(40100, "Requests made too frequently"))
SERVER_FAULT = Behaviour(answer=said(50002, "Error processing request on TikTok side"))
PARTIAL = Behaviour(answer=said(20001, "Partial success"))


class FakeTikTok(Vendor):
    """`events` are those taken, in order; `counts` how often each event id was taken. Ids in `refused` are not."""

    def __init__(
        self, *, token: str | None = None, pixel: str = "C4ABCDEFGH", refused: frozenset[str] = frozenset()
    ) -> None:
        super().__init__()
        self.token, self.pixel, self.refused = token or "token", pixel, refused
        self.events: list[dict[str, Any]] = []
        self.counts: Counter[str] = Counter()

    def __enter__(self) -> FakeTikTok:
        super().__enter__()
        return self

    def answer(self, request: Received) -> Answer:
        if request.method != "POST" or request.path != PATH:
            return Answer(404, b"<html>404 page not found</html>")
        if request.headers.get("access-token") != self.token:
            return said(40105, "Access token is incorrect or has been revoked")
        try:
            body = request.json()
        except ValueError:
            return said(40002, "Invalid JSON")
        problem = self._problem_of(body)
        if problem:
            return said(40002, problem)
        self.events += body["data"]
        self.counts.update(event["event_id"] for event in body["data"])
        return said(0, "OK")

    def _problem_of(self, body: Any) -> str | None:
        problem = problem_of_body(body)
        if problem is None and body["event_source_id"] != self.pixel:
            return "event_source_id: no permission"
        if problem is None and any(event.get("event_id") in self.refused for event in body["data"]):
            return "one of the events is refused"
        return problem


def problem_of_body(body: Any) -> str | None:
    """Returns what is wrong with a request, None where nothing is."""
    if not isinstance(body, dict) or set(body) - {
        "event_source", "event_source_id", "data", "test_event_code", "partner_name"
    }:  # fmt: skip
        return "unknown parts of a request"
    if body.get("event_source") not in SOURCES:
        return "event_source: unknown"
    if not all(_is_text(body[name]) for name in body if name not in ("data", "event_source")):
        return "the parts beside data must be text"
    data = body.get("data")
    if "event_source_id" not in body or not isinstance(data, list) or not 1 <= len(data) <= MOST_EVENTS:
        return "event_source_id and 1 to 1000 events are required"
    for place, event in enumerate(data):
        problem = problem_of(event)
        if problem:
            return f"data.{place}.{problem}"
    return None


def problem_of(event: Any) -> str | None:
    """Returns what is wrong with an event, None where nothing is."""
    if not isinstance(event, dict) or set(event) - _PARTS:
        return "unknown parts of an event"
    if not _is_text(event.get("event")):
        return "event: required"
    at = event.get("event_time")
    if not isinstance(at, int) or isinstance(at, bool) or not 10**9 <= at < 10**10:
        return "event_time: Unix seconds are required"
    if "event_id" in event and not _is_text(event["event_id"]):
        return "event_id: text"
    if not isinstance(event.get("limited_data_use", True), bool):
        return "limited_data_use: boolean"
    return _parts_problem(event)


def _parts_problem(event: dict[str, Any]) -> str | None:
    for name in ("user", "page", "app", "ad", "lead", "properties"):
        if name in event and not (isinstance(event[name], dict) and event[name]):
            return f"{name}: an object that is not empty"
    page = event.get("page", {})
    if set(page) - {"url", "referrer"} or not all(map(_is_text, page.values())):
        return "page: url and referrer"
    if "url" in page and not page["url"].lower().startswith(("http://", "https://")):
        return "page.url: no address"
    return _user_problem(event.get("user", {})) or _properties_problem(event.get("properties", {}))


def _user_problem(user: dict[str, Any]) -> str | None:
    if set(user) - _USER:
        return f"user: unknown {sorted(set(user) - _USER)}"
    for name in _SEVERAL_HASHES:
        given = user.get(name, [])
        hashes = given if isinstance(given, list) else [given]
        if not all(map(_is_hash, hashes)) or len(set(hashes)) < len(hashes) or (name in user and not hashes):
            return f"user.{name}: one SHA-256, or several different ones"
    for name in _ONE_HASH:
        if name in user and not _is_hash(user[name]):
            return f"user.{name}: SHA-256"
    for name in _LOWER:
        if name in user and not (_is_text(user[name]) and user[name] == user[name].lower()):
            return f"user.{name}: lower case"
    for name in ("ttclid", "ttp"):
        if name in user and not (_is_text(user[name]) and _CLICK_ID.fullmatch(user[name])):
            return f"user.{name}: no id"
    return next((f"user.{name}: text" for name in _PLAIN if name in user and not _is_text(user[name])), None)


def _properties_problem(properties: dict[str, Any]) -> str | None:
    for name in _TEXTS:
        if name in properties and not _is_text(properties[name]):
            return f"properties.{name}: text"
    for name in _NUMBERS:
        if name in properties and not _is_number(properties[name]):
            return f"properties.{name}: number"
    if properties.get("value", 0) < 0:
        return "properties.value: below zero"
    if "currency" in properties and not re.fullmatch("[A-Z]{3}", str(properties["currency"])):
        return "properties.currency: ISO 4217"
    if properties.get("content_type", "product") not in ("product", "product_group"):
        return "properties.content_type: product or product_group"
    return _contents_problem(properties)


def _contents_problem(properties: dict[str, Any]) -> str | None:
    ids, contents = properties.get("content_ids", ["a"]), properties.get("contents", [{"content_id": "a"}])
    if not (isinstance(ids, list) and ids and all(map(_is_text, ids))):
        return "properties.content_ids: a list of texts"
    if not (isinstance(contents, list) and contents and all(isinstance(each, dict) for each in contents)):
        return "properties.contents: a list of objects"
    for each in contents:
        texts = [value for name, value in each.items() if name in _CONTENT_TEXTS]
        numbers = [value for name, value in each.items() if name in ("price", "quantity")]
        if not all(map(_is_text, texts)) or not all(map(_is_number, numbers)):
            return "properties.contents: values of the wrong type"
    return None


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_hash(value: Any) -> bool:
    return isinstance(value, str) and _HASH.fullmatch(value) is not None
