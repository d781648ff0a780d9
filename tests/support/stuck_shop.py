"""A container with templates of its own that hang in native code where an event asks for it, and a healthy tag beside.

Every event goes to both tags: `healthy` (a webhook) and `stuck`. `manner` is spin, sleep or crash.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

CONTAINER = """
container: stuck-shop
domains: [shop.localhost]
consent: {{default: granted}}
clients:
  json: {{template: json_event, settings: {{paths: [/e]}}}}
  odd: {{template: odd_client, settings: {{}}}}
tags:
  healthy:
    template: webhook
    settings: {{endpoint: {healthy}}}
    triggers: [everything]
  stuck:
    template: stuck_tag
    settings: {{endpoint: {stuck}}}
    triggers: [everything]
triggers:
  everything: {{all: []}}
"""

CLIENT = """
id: odd_client
kind: client
name: Odd client
summary: Hangs where the event asks for it.
permissions:
  hit: {fields: ["*"], why: a test}
client: {methods: [POST], paths: [/odd], decode: json}
"""
CLIENT_SCRIPT = """
local function parse(hit)
  local event = hit.params
  if event.manner and hang then hang[event.manner]() end
  return { event }
end


return { parse = parse }
"""

TAG = """
id: stuck_tag
kind: destination
name: Stuck tag
summary: Hangs where the event asks for it.
fields:
  - {id: endpoint, type: url, label: Endpoint, help: Where events go., required: true}
permissions:
  event: {fields: [event_name, event_id, manner, late], why: a test}
  hosts: {names: ["{setting: endpoint}"], why: a test}
destination: {consent: [], batch: {max_items: 1, max_bytes: 100000, linger_ms: 1}}
"""
TAG_SCRIPT = """
local function map(event)
  if event.manner and hang then hang[event.manner]() end
  return { id = event.event_id }, { key = event.late or "" }
end


local function request(batch, settings)
  if batch.key ~= "" and hang then hang[batch.key]() end
  return { method = "POST", url = settings.endpoint, body = batch.items }
end


return { map = map, request = request }
"""
ICON = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path d="M9 12h6"/></svg>'


def write_stuck_container(folder: Path, healthy: str, stuck: str, *, corrected: bool = False) -> Path:
    """Writes the container with its templates; `corrected` ones hang no more."""
    shutil.rmtree(folder / "templates", ignore_errors=True)
    _template(folder / "templates/clients/odd_client", CLIENT, "client.lua", _script(CLIENT_SCRIPT, corrected))
    _template(folder / "templates/destinations/stuck_tag", TAG, "destination.lua", _script(TAG_SCRIPT, corrected))
    path = folder / "container.yaml"
    path.write_text(CONTAINER.format(healthy=healthy, stuck=stuck))
    return path


def event(event_id: str, **more: str) -> bytes:
    """Returns the body of a hit of the client `json` or `odd`."""
    return json.dumps({"event_name": "page_view", "event_id": event_id, **more}).encode()


def _script(source: str, corrected: bool) -> str:
    return source.replace("and hang then", "and false then") if corrected else source


def _template(folder: Path, manifest: str, file: str, source: str) -> None:
    folder.mkdir(parents=True)
    (folder / "manifest.yaml").write_text(manifest)
    (folder / file).write_text(source)
    (folder / "icon.svg").write_text(ICON)
