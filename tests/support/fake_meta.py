"""Meta's Conversions API for tests: it takes what the real one takes, refuses what that refuses, and keeps a ledger.

Rules from Meta's developer documentation, 2026-09: up to 1,000 events a request; one invalid event rejects the whole
request; events at most 7 days old (62 for `physical_store`); required fields; identifiers that are not too weak.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from tests.support.vendor import Answer, Behaviour, Received, Vendor, status

DAY_S = 86_400
ACTION_SOURCES = frozenset(
    (
        "email", "website", "app", "phone_call", "chat", "physical_store", "system_generated", "business_messaging",
        "other",
    )
)  # fmt: skip
TOO_WEAK = (
    frozenset(("ct", "country", "st", "zp", "ge", "client_user_agent")),
    frozenset(("db", "client_user_agent")),
    frozenset(("fn", "ge")),
    frozenset(("ln", "ge")),
)
_HASHED = frozenset(("em", "ph", "fn", "ln", "db", "ge", "ct", "st", "zp", "country"))
_HASH = re.compile(r"(?:[0-9a-f]{64}|[0-9a-f]{32})(?:\.[A-Za-z0-9_-]{2,8})?")
_PATH = re.compile(r"/v\d+\.\d+/(\d+)/events")


class Refused(Exception):
    """A request that Graph answers with an error object."""

    def __init__(self, http: int, code: int, message: str, subcode: int = 0) -> None:
        super().__init__(message)
        self.answer = error(http, code, message, subcode)


def error(http: int, code: int, message: str, subcode: int = 0, *, transient: bool = False) -> Answer:
    """Returns an answer in Graph's form."""
    kind = "OAuthException" if code == 190 else "GraphMethodException"
    body = {"message": message, "type": kind, "code": code, "error_subcode": subcode, "is_transient": transient}
    return Answer(http, json.dumps({"error": body | {"fbtrace_id": "AbCdEfGh"}}).encode())


SERVER_ERROR = Behaviour(answer=error(500, 2, "Service temporarily unavailable", transient=True))
BAD_TOKEN = Behaviour(answer=error(401, 190, "Invalid OAuth access token.", 463))
THROTTLED = Behaviour(answer=error(429, 4, "Application request limit reached", transient=True))
INVALID = Behaviour(answer=error(400, 100, "Invalid parameter"))


def unavailable(seconds: int) -> Behaviour:
    """503 with Retry-After."""
    return status(503, b"Service Unavailable", retry_after=str(seconds))


class FakeMeta(Vendor):
    """`events` are those taken, in order, each as Meta would store it; `counts` how often each event id came."""

    def __init__(
        self, *, token: str | None = None, pixel: str = "1234567890", now: Callable[[], float] = time.time
    ) -> None:
        super().__init__()
        self.token, self.pixel, self.now = token or "token", pixel, now
        self.events: list[dict[str, Any]] = []
        self.counts: Counter[str] = Counter()

    def __enter__(self) -> FakeMeta:
        super().__enter__()
        return self

    def wait_events(self, n: int, timeout_s: float = 20.0) -> None:
        """Waits until that many different event ids were taken."""
        self.wait(lambda: len(self.counts) >= n, timeout_s)

    def answer(self, request: Received) -> Answer:
        try:
            events = self._checked(request)
        except Refused as refused:
            return refused.answer
        self.events += events
        self.counts.update(str(event.get("event_id")) for event in events)
        body = {"events_received": len(events), "messages": [], "fbtrace_id": "AbCdEfGh"}
        return Answer(body=json.dumps(body).encode())

    def _checked(self, request: Received) -> list[dict[str, Any]]:
        path = _PATH.fullmatch(request.path)
        if request.method != "POST" or path is None:
            raise Refused(404, 2500, "Unknown path components")
        fields = _fields(request)
        if fields.get("access_token") != self.token:
            raise Refused(401, 190, "Invalid OAuth access token.")
        if path[1] != self.pixel:
            raise Refused(400, 100, f"Unsupported post request. Object with ID '{path[1]}' does not exist", 33)
        events = _events(fields.get("data"))
        for place, event in enumerate(events):
            self._check(place, event)
        return events

    def _check(self, place: int, event: Any) -> None:
        def refuse(what: str, subcode: int = 2804019) -> None:
            raise Refused(400, 100, f"Invalid parameter: data[{place}]: {what}", subcode)

        if not isinstance(event, dict):
            refuse("an event must be an object")
        if not (isinstance(event.get("event_name"), str) and event["event_name"]):
            refuse("event_name is required")
        if event.get("action_source") not in ACTION_SOURCES:
            refuse("action_source is missing or unknown")
        self._check_time(event, refuse)
        self._check_user(event, refuse)
        if event["event_name"] == "Purchase" and not {"value", "currency"} <= set(event.get("custom_data", {})):
            refuse("a Purchase needs value and currency")

    def _check_time(self, event: dict[str, Any], refuse: Callable[..., None]) -> None:
        at = event.get("event_time")
        if not isinstance(at, int):
            refuse("event_time must be Unix seconds")
            return
        days = 62 if event["action_source"] == "physical_store" else 7
        if at < self.now() - days * DAY_S:
            refuse("event_time is too old", 2804003)
        if at > self.now() + 60:
            refuse("event_time lies in the future", 2804004)

    def _check_user(self, event: dict[str, Any], refuse: Callable[..., None]) -> None:
        user = event.get("user_data")
        if not isinstance(user, dict):
            refuse("user_data is required")
            return
        keys = {key for key, value in user.items() if value}
        if not keys or any(keys <= group for group in TOO_WEAK):
            refuse("not enough customer information", 2804050)
        for key in sorted(keys & _HASHED):
            values = user[key] if isinstance(user[key], list) else [user[key]]
            if not all(isinstance(value, str) and _HASH.fullmatch(value) for value in values):
                refuse(f"{key} must be hashed")
        if event["action_source"] == "website" and not (
            event.get("event_source_url") and user.get("client_user_agent")
        ):
            refuse("a website event needs event_source_url and client_user_agent")


def _fields(request: Received) -> dict[str, Any]:
    kind = request.headers.get("content-type", "").partition(";")[0]
    try:
        if kind == "application/json":
            body = json.loads(request.body)
        else:
            body = {name: values[-1] for name, values in parse_qs(request.body.decode()).items()}
    except ValueError:
        raise Refused(400, 100, "The body cannot be read") from None
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
    return request.query | ({"access_token": bearer} if bearer else {}) | (body if isinstance(body, dict) else {})


def _events(data: Any) -> list[Any]:
    try:
        listed = json.loads(data) if isinstance(data, str) else data
        events = [json.loads(event) if isinstance(event, str) else event for event in listed or []]
    except (ValueError, TypeError):
        raise Refused(400, 100, "Param data must be an array") from None
    if not events or not isinstance(listed, list):
        raise Refused(400, 100, "Param data must be a non-empty array")
    if len(events) > 1000:
        raise Refused(400, 100, "Too many events: at most 1000")
    return events
