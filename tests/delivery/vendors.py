"""Every way in which a vendor may behave, and what must come of it: the table of test_vendors.py."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.support.fake_meta import BAD_TOKEN, SERVER_ERROR, THROTTLED, FakeMeta, error
from tests.support.vendor import Answer, Behaviour, Manner, Received, status

BAD = frozenset(("e3", "e4", "e8"))
"""Event ids that a picky vendor refuses."""

Judge = Literal["status", "items", "meta"]
"""Who reads the answer: the host by its status, a script that finds items named in it, or Meta's template."""


@dataclass(frozen=True)
class Case:
    """One behaviour. `state` is the circuit's while it lasts; `reason` and `words` are found in the attempts."""

    name: str
    trouble: Behaviour | Callable[[Moody], None]
    state: Literal["open", "stopped", "closed"]
    reason: str = ""
    status: int = 0
    words: str = ""
    judge: Judge = "status"
    dead: frozenset[str] = frozenset()
    plan: dict[str, Any] = field(default_factory=dict)
    again: bool = False
    """The vendor takes events whose answer gets lost: they come again, with the same id."""


class Moody(FakeMeta):
    """Meta, with a rule that may come before its own."""

    def __init__(self) -> None:
        super().__init__()
        self.rule: Callable[[Received], Answer | None] = lambda request: None

    def answer(self, request: Received) -> Answer:
        return self.rule(request) or super().answer(request)


def event_ids(request: Received) -> list[str]:
    """Returns the event ids of a request in their order."""
    return [event["event_id"] for event in request.json()["data"]]


def picky(code: int) -> Callable[[Moody], None]:
    """Refuses each request with a bad event in it, and says so in its own words."""

    def rule(request: Received) -> Answer | None:
        bad = [id for id in event_ids(request) if id in BAD]
        return Answer(code, f"we do not like {bad[0]} at all".encode()) if bad else None

    return lambda vendor: setattr(vendor, "rule", rule)


def naming(code: int, **more: Any) -> Callable[[Moody], None]:
    """Names the bad events of a request; what it takes of the others, `more` tells."""

    def rule(request: Received) -> Answer | None:
        ids = event_ids(request)
        errors = [{"index": n, "message": f"bad: {id}"} for n, id in enumerate(ids, 1) if id in BAD]
        if not errors:
            return None
        if code == 200:
            vendors[0].counts.update(id for id in ids if id not in BAD)
        return Answer(code, json.dumps({"errors": errors, **more}).encode())

    vendors: list[Moody] = []

    def start(vendor: Moody) -> None:
        vendors.append(vendor)
        vendor.rule = rule

    return start


def small_only(vendor: Moody) -> None:
    """Takes three events at most."""
    vendor.rule = lambda request: Answer(413, b"too much") if len(event_ids(request)) > 3 else None


def ill(manner: Manner, reason: str, **more: Any) -> Case:
    """No whole answer: an outage of the destination."""
    return Case(manner, Behaviour(manner), "open", reason, plan=more)


def said(code: int, state: Literal["open", "stopped"], name: str = "", **headers: str) -> Case:
    """A status alone, read by the host."""
    behaviour = status(code, b"own words", **headers)
    return Case(name or f"status {code}", behaviour, state, f"http_{code}", code, "own words")


def fine(manner: Manner) -> Case:
    """Strange and yet an answer: every batch counts once."""
    behaviour = Behaviour(manner, pace_s=0.0)
    return Case(manner, behaviour, "closed", "", 200, plan={"max_items": 2, "concurrency": 1})


def meta(name: str, behaviour: Behaviour, state: Literal["open", "stopped"], words: str) -> Case:
    """An answer that Meta's template reads."""
    assert behaviour.answer is not None
    return Case(name, behaviour, state, words, behaviour.answer.status, judge="meta")


SHORT = {"timeout_s": 0.15}


def cases() -> Iterator[Case]:
    """Yields the table."""
    yield Case("down", lambda vendor: vendor.down(), "open", "connect")
    yield ill("refuse", "reset")
    yield ill("reset", "reset")
    yield ill("reset_in_body", "reset")
    yield ill("close_after_headers", "reset")
    yield ill("hang", "timeout", **SHORT)
    yield ill("drip", "timeout", **SHORT)
    yield ill("endless_interim", "timeout", **SHORT)
    yield Case("slower than the limit", Behaviour(after_s=0.4), "open", "timeout", plan=SHORT, again=True)
    yield ill("big", "too_large")
    yield ill("endless", "too_large")
    yield ill("bomb", "too_large")
    yield ill("gzip_tail", "too_large")
    yield ill("endless_head", "protocol")
    yield ill("garbage", "protocol")
    yield ill("bad_gzip", "protocol")
    yield ill("cut_gzip", "protocol")
    yield Case("an encoding not asked for", status(200, b"x", content_encoding="br"), "open", "protocol")

    for code in (408, 425, 429, 500, 503, 599, 799):
        yield said(code, "open")
    yield said(503, "open", "503, Retry-After in seconds", retry_after="0")
    yield said(503, "open", "503, Retry-After beyond all sense", retry_after="99999999")
    yield said(503, "open", "503, Retry-After that is none", retry_after="soon")
    yield said(429, "open", "429, Retry-After as a date gone by", retry_after="Thu, 01 Jan 2026 00:00:00 GMT")
    for code in (401, 403, 404, 405, 407, 410):
        yield said(code, "stopped")
    for code in (301, 302, 307, 308, 399):
        yield said(code, "stopped", location="https://elsewhere.example/hook")
    yield meta("Meta: 500", SERVER_ERROR, "open", "code 2")
    yield meta("Meta: 429", THROTTLED, "open", "code 4")
    yield meta("Meta: 401", BAD_TOKEN, "stopped", "code 190/463")
    in_200 = Behaviour(answer=error(200, 190, "expired"))
    yield meta("Meta: 200 with a bad token inside", in_200, "stopped", "code 190")
    yield meta("Meta: 200 with a failure inside", Behaviour(answer=error(200, 1, "unknown")), "open", "code 1")
    yield meta("Meta: a gateway's page", status(400, b"<html>no</html>"), "open", "HTTP 400 without")
    yield meta("Meta: redirect", status(302, b"", location="https://elsewhere.example/"), "stopped", "http_302")

    for code in (400, 409, 418, 422, 451):
        yield Case(f"{code} for bad events", picky(code), "closed", f"http_{code}", code, "we do not like", dead=BAD)
    yield Case("413 for many", small_only, "closed", "http_413", 413, "too much")
    yield Case("400 naming items", naming(400), "closed", "named", 400, "bad: e3", "items", BAD)
    yield Case("200 naming items", naming(200, taken=True), "closed", "", 200, "bad: e3", "items", BAD)
    for manner in ("interim", "twice", "extra", "close_after", "stale"):
        yield fine(manner)
    yield Case("204", status(204, b""), "closed", "", 204, plan={"max_items": 2})
