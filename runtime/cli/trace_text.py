"""A trace as text: the data path from top to bottom, one stage a heading. `--json` has all that this leaves out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote_plus

import orjson

from runtime.cli.output import printable
from runtime.cli.trigger_text import trigger_lines
from runtime.explain.explorer import iso

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
    "not_sent": "not sent",
    "refused": "not taken, and not tried again",
}
STATES = {
    "not_triggered": "no trigger matched",
    "blocked": "blocked by the exception {}",
    "denied": "consent is missing for {}",
    "dropped": "made no item: {}",
    "failed": "its script failed: {}",
    "paused": "paused in this version",
    "not_live": "for the live environment only, and this hit's is {}",
    "unscheduled": "outside its time: {}",
    "sampled_out": "not in its share of events: {}",
    "limited": "once a hit only, and it had {}",
    "held": "held back: {}",
    "unknown": "not in this version",
    "undecided": "not decided without the look-ups",
}


def trace_text(record: Record) -> str:
    """Returns the trace of `explain` for a terminal."""
    return "\n".join(printable(line) for line in _lines(record))


def _lines(record: Record) -> Lines:
    hit, claim = record["hit"], record["claim"]
    yield f"Hit {hit['id']}, {hit['arrived']}, {hit['run_by']}"
    if hit["environment"] != "live":
        place = f"preview {hit['preview']}" if hit["preview"] else f"environment {hit['environment']}"
        yield f"  {place}: it counts in no figure, and {'is sent once' if hit['sends'] else 'nothing of it is sent'}"
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
    yield from _indented(_reasons(hit["consent_from"]), 4)
    if hit["geo"]:
        yield f"  visitor's place: {', '.join(hit['geo'].values())}"


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
    if record["lookups"]["not_recorded"]:
        when = "not there yet" if record["lookups"]["waits"] else "not recorded, or not any more"
        yield f"  answers to look-ups are {when}: {', '.join(record['lookups']['not_recorded'])}"
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
    yield from _indented(_reasons(consent["why"]), 4)
    for name, found in event["variables"].items():
        yield f"  variable {name}: {found['fault'] if 'fault' in found else _flat(found['value'])}"
        if "lookup" in found:
            yield from _indented(_looked_up(found["lookup"]), 4)
    for name, trigger in event["triggers"].items():
        yield from _indented(trigger_lines(name, trigger), 2)
    for step in event["transformations"]:
        yield f"  transformation {step['transformation']}: {_came_of(step)}"
        yield from _indented(_data(step.get("event", {})), 4)
    for tag in event["tags"]:
        yield ""
        yield from _indented(_tag(tag), 2)


def _looked_up(lookup: Record) -> Lines:
    yield "looked up:"
    yield from _indented(_outgoing(lookup["request"]), 2)
    if not lookup["recorded"]:
        yield "its answer is not recorded"
    elif "failed" in lookup:
        yield f"no answer at {iso(lookup['asked_ms'] / 1000)}: {lookup['failed']}"
    else:
        yield f"answered at {iso(lookup['asked_ms'] / 1000)}: status {lookup['answer']['status']}"
        yield from _indented(_text_or_json(lookup["answer"]["body"]), 2)


def _came_of(step: Record) -> str:
    return f"left out, {step['left_out']}" if "left_out" in step else str(step.get("fault", "gives"))


def _data(data: Record) -> Lines:
    names = [name for name in FIRST if name in data] + sorted(data.keys() - set(FIRST))
    yield from (f"{name}: {_flat(data[name])}" for name in names)


def _tag(tag: Record) -> Lines:
    fate = f", {FATES[tag['fate']]}" if "fate" in tag else ""
    if tag["state"] != "fired":
        yield f"Tag {tag['tag']}: {STATES[tag['state']].format(tag['reason'])}"
    else:
        yield f"Tag {tag['tag']}: fired{'' if 'remade' in tag else fate}"
    if "companion_of" in tag:
        yield f"  a companion of {', '.join(tag['companion_of'])}"
    if "remade" in tag:
        yield f"  what went out is made by version {tag['remade']['version']}{fate}"
    if "fate" not in tag:
        return
    if tag.get("transformations"):
        yield f"  sees the event after: {', '.join(tag['transformations'])}"
    yield from _indented(_outgoing(tag["request"]), 2)
    for tried in tag.get("attempts", []):
        yield from _indented(_attempt(tried), 2)


def _outgoing(request: Record) -> Lines:
    if "absent" in request:
        yield f"no request: {request['absent']}"
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
    yield from _compared(tried)
    if tried["answer"]:
        yield f"  answer: {tried['answer']}"


def _compared(tried: Record) -> Lines:
    """Yields whether the body that left is the one computed now; nothing where none left."""
    because = "; ".join(cause["message"] for cause in tried["because"])
    if tried["same_body"]:
        yield "  same body: computed again it is what was sent"
    elif tried["same_body"] is False:
        yield f"  its body differs from what was sent because: {because}"
    elif because:
        yield f"  its body cannot be computed again because: {because}"


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


def _reasons(why: dict[str, str]) -> Lines:
    """Yields what decided each purpose that the container's default did not."""
    yield from (f"{purpose}: {reason}" for purpose, reason in why.items())


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
