"""A trace as text: the data path from top to bottom, one stage a heading. `--json` has all that this leaves out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote_plus

import orjson

from runtime.cli.output import printable
from runtime.cli.trigger_text import trigger_lines

Record = dict[str, Any]
Lines = Iterator[str]

FIRST = ("event_name", "event_id", "event_time", "value", "currency")
"""Fields that a person looks for first; the others follow by name."""
FATES = {
    "delivered": "delivered",
    "dry_run": "built and not sent (dry run)",
    "retry": "waits for another try",
    "dead": "given up",
    "pending": "pending",
}
STATES = {
    "not_triggered": "no trigger matched",
    "blocked": "blocked by the exception {}",
    "denied": "consent is missing for {}",
    "dropped": "made no item: {}",
    "failed": "its script failed: {}",
    "paused": "paused in this version",
}


def trace_text(record: Record) -> str:
    """Returns the trace of `explain` for a terminal."""
    return "\n".join(printable(line) for line in _lines(record))


def _lines(record: Record) -> Lines:
    hit, claim = record["hit"], record["claim"]
    yield f"Hit {hit['id']}, {hit['arrived']}, version {claim['version']}"
    yield from _request(hit, claim)
    yield from _claim(record, claim)
    for event in record["events"]:
        yield from _event(event)
    if record["dead_letters"]:
        yield ""
        yield "Dead letters"
        for letter in record["dead_letters"]:
            yield from _letter(letter)


def _request(hit: Record, claim: Record) -> Lines:
    yield ""
    yield f"{hit['request']} at {claim['host']}"
    for name in ("query", "body"):
        yield from _indented(_content(name, hit[name]), 2)
    for name in ("headers", "cookies"):
        yield from _indented(_fields(name, hit[name]), 2)
    for name in ("client_ip", "page_url", "fbp", "fbc", "visitor_id", "verified"):
        if hit[name]:
            yield f"  {name}: {hit[name]}"
    if hit["cookies_set"]:
        yield f"  cookies set: {', '.join(hit['cookies_set'])}"
    yield f"  consent: {_consent(hit['consent'])}"


def _content(name: str, text: str) -> Lines:
    """Yields a query or a body: JSON as such, pairs one a line."""
    if not text:
        return
    yield f"{name}:"
    try:
        yield from _indented(_json(orjson.loads(text)), 2)
    except orjson.JSONDecodeError:
        yield from (f"  {unquote_plus(pair)}" for pair in text.split("&"))


def _claim(record: Record, claim: Record) -> Lines:
    yield ""
    yield f"Client {claim['client']} ({claim['template']}, priority {claim['priority']})"
    for code, times in record["parse"]["repairs"].items():
        yield f"  repaired: {code}, {times} times"
    for dead in record["parse"]["dead"]:
        what = "the hit" if dead["position"] < 0 else f"event {dead['position']}"
        yield f"  gave up {what}: {dead['reason']}: {dead['message']}"
    for line in record["logs"]:
        yield f"  log: {line}"


def _event(event: Record) -> Lines:
    data, consent = event["event"], event["consent"]
    yield ""
    yield f"Event {event['position']}: {data.get('event_name')}"
    yield from _indented(_data(data), 2)
    yield f"  consent: {_consent(consent['in_force'])}"
    if consent["event"]:
        yield f"    the event itself says: {_flat(consent['event'])}"
    for name, found in event["variables"].items():
        yield f"  variable {name}: {found['fault'] if 'fault' in found else _flat(found['value'])}"
    for name, trigger in event["triggers"].items():
        yield from _indented(trigger_lines(name, trigger), 2)
    for step in event["transformations"]:
        yield f"  transformation {step['transformation']}: {_came_of(step)}"
        yield from _indented(_data(step.get("event", {})), 4)
    for tag in event["tags"]:
        yield ""
        yield from _indented(_tag(tag), 2)


def _came_of(step: Record) -> str:
    return f"left out, {step['left_out']}" if "left_out" in step else str(step.get("fault", "gives"))


def _data(data: Record) -> Lines:
    names = [name for name in FIRST if name in data] + sorted(data.keys() - set(FIRST))
    yield from (f"{name}: {_flat(data[name])}" for name in names)


def _tag(tag: Record) -> Lines:
    if tag["state"] != "fired":
        yield f"Tag {tag['tag']}: {STATES[tag['state']].format(tag['reason'])}"
        return
    yield f"Tag {tag['tag']}: fired, {FATES[tag['fate']]}"
    if tag.get("transformations"):
        yield f"  sees the event after: {', '.join(tag['transformations'])}"
    yield from _indented(_outgoing(tag["request"]), 2)
    for tried in tag.get("attempts", []):
        yield from _indented(_attempt(tried), 2)


def _outgoing(request: Record) -> Lines:
    if "fault" in request:
        yield f"no request: the script failed: {request['fault']}: {request['message']}"
        return
    yield f"{request['method']} {request['url']}"
    yield from _fields("headers", request["headers"])
    if request["body"]:
        yield "body:"
        yield from _indented(_text_or_json(request["body"]), 2)


def _attempt(tried: Record) -> Lines:
    reason = f": {tried['reason']}" if tried["reason"] else ""
    status = f" {tried['status']}" if tried["status"] else ""
    yield f"attempt {tried['attempt']} at {tried['time']}: {tried['disposition']}{status}{reason}"
    if tried["events"] > 1:
        yield f"  one request carried this and {tried['events'] - 1} more"
    elif tried["same_body"] is not None:
        yield f"  its body was {'the one above' if tried['same_body'] else 'not the one above'}"
    if tried["answer"]:
        yield f"  answer: {tried['answer']}"


def _letter(letter: Record) -> Lines:
    place = f", event {letter['position']}" if letter["position"] >= 0 else ""
    yield f"  {letter['dead_letter']} of tag {letter['tag']}{place} at {letter['time']}: {letter['reason']}"
    if letter["message"]:
        yield f"    {letter['message']}"


def _consent(consent: dict[str, bool]) -> str:
    granted = [purpose for purpose, given in consent.items() if given]
    denied = [purpose for purpose, given in consent.items() if not given]
    parts = [f"{word} {', '.join(names)}" for word, names in (("granted", granted), ("denied", denied)) if names]
    return "; ".join(parts)


def _fields(name: str, fields: Record) -> Lines:
    if fields:
        yield f"{name}:"
        yield from (f"  {field}: {_flat(value)}" for field, value in sorted(fields.items()))


def _text_or_json(body: Any) -> list[str]:
    return body.splitlines() if isinstance(body, str) else _json(body)


def _json(value: Any) -> list[str]:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode().splitlines()


def _indented(lines: Iterable[str], by: int) -> Lines:
    yield from (" " * by + line for line in lines)


def _flat(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
