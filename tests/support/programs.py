"""Builds programs and hits for pipeline tests: small Lua templates written in the test, in the real sandbox."""

from __future__ import annotations

from typing import Any

import orjson

from runtime.model.consent import PURPOSES
from runtime.model.container import Container
from runtime.model.hit import Hit, LoggedHit
from runtime.model.manifest import KIND_FOLDERS, Manifest
from runtime.model.snapshot import Snapshot, Template
from runtime.pipeline.program import Program

ECHO_CLIENT = """
local function parse(hit)
  if hit.params.events then return hit.params.events end
  return { hit.params }
end
return { parse = parse }
"""
BATCH_CLIENT = """
local function parse(hit)
  local events = {}
  for place = 1, #hit.events do
    local event = hit.events[place]
    if event.boom then error("boom") end
    if event.skip then event = { dead = "skipped", message = "asked for" } end
    events[place] = event
  end
  return events, { slices = 1 }
end
return { parse = parse }
"""
ECHO_TAG = """
local function map(event, settings)
  return { name = event.event_name, id = event.event_id, event = event, settings = settings }
end
local function request(batch, settings)
  return { url = settings.endpoint, body = { data = batch.items } }
end
return { map = map, request = request }
"""
EVERYTHING: dict[str, Any] = {"all": []}

_SPECS: dict[str, dict[str, Any]] = {
    "client": {"client": {"methods": ["POST"], "paths": ["/e"], "decode": "json"}},
    "destination": {"destination": {"consent": []}},
    "variable": {},
    "transformation": {},
}
_ALL = {"fields": ["*"], "why": "a test"}


def template(kind: str, id: str, source: str, **manifest: Any) -> Template:
    """Returns a template with the least manifest, and whatever `manifest` adds; it may read the whole hit and event."""
    given = {"id": id, "kind": kind, "name": id, "summary": id, **_SPECS[kind], **manifest}
    given["permissions"] = {"hit": _ALL, "event": _ALL, **given.get("permissions", {})}
    return Template(Manifest.model_validate(given), source, hash=id)


def snapshot(container: dict[str, Any], *templates: Template, shared: dict[str, str] | None = None) -> Snapshot:
    """Returns version 1. Where the container names none: the client `in` (echo) and the trigger `everything`."""
    given = {"container": "test", "clients": {"in": {"template": "echo"}}, **container}
    given["triggers"] = {"everything": EVERYTHING, **given.get("triggers", {})}
    known = {"client/echo": template("client", "echo", ECHO_CLIENT), "destination/echo": echo_tag()}
    known |= {each.key: each for each in templates}
    assert all(kind in KIND_FOLDERS for kind in (key.partition("/")[0] for key in known))
    return Snapshot(1, "hash", Container.model_validate(given), known, shared or {})


def echo_tag(**manifest: Any) -> Template:
    """Returns the destination `echo`, whose item holds the event and the settings as the script saw them."""
    fields = [
        {"id": id, "type": type, "label": id, "help": id}
        for id, type in (("endpoint", "url"), ("token", "secret"), ("text", "text"), ("list", "list"), ("map", "map"))
    ]
    manifest = {"fields": fields, **manifest}
    manifest["permissions"] = {"secrets": {"fields": ["token"], "why": "a test"}, **manifest.get("permissions", {})}
    return template("destination", "echo", ECHO_TAG, **manifest)


def program(container: dict[str, Any], *templates: Template, shared: dict[str, str] | None = None) -> Program:
    """Returns the compiled version 1."""
    return Program.build(snapshot(container, *templates, shared=shared))


def tag(**more: Any) -> dict[str, Any]:
    """Returns an echo tag that everything triggers."""
    return {"template": "echo", "triggers": ["everything"], **more}


def hit(body: Any = b"", *, seq: int = 7, **more: Any) -> LoggedHit:
    """Returns a logged hit of the client `in`; a body that is no bytes is sent as JSON. All consent is granted."""
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    given: dict[str, Any] = {
        "client": "in",
        "version": 1,
        "received_us": 1_790_000_000_123_456,
        "method": "POST",
        "scheme": "https",
        "host": "t.shop.example",
        "path": "/e",
        "query": b"",
        "headers": {"user-agent": "Browser/1", "accept-language": "de-DE,en;q=0.5", "content-type": "application/json"},
        "cookies": {},
        "client_ip": "203.0.113.9",
        "route": {},
        "page_url": "https://shop.example/p?x=1",
        "referrer": "https://search.example/",
        "consent": dict.fromkeys(PURPOSES, True),
        "fbp": "fb.1.1790000000000.123",
        "fbc": "",
        "visitor_id": "v-1",
        "body": raw,
    }
    return LoggedHit(1, seq, Hit(**{**given, **more}))
