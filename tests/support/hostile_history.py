"""A data folder in which strangers, vendors and careless colleagues have written payloads wherever text is taken."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from runtime.containers.edits import container_data, set_part, with_data
from runtime.containers.workspace import create_workspace, edit_workspace, publish_workspace
from runtime.errors import FirsthandError
from runtime.explain.explorer import list_attempts, list_backlog, list_dead
from runtime.explain.search import list_events
from runtime.store.control import Control
from runtime.store.files import control_path
from tests.support.rich_history import READ, TEMPLATE
from tests.support.server import Server, until
from tests.support.shop import PIXEL, SECRETS, write_container
from tests.support.vendor import Answer, Vendor
from tests.support.vendor_wire import Received
from tests.support.xss_payloads import MARK, payloads

WORKSPACE, TEMPLATE_ID, VERSION_NOTE = "hostile", "stamp", "published"


class Echo(Vendor):
    """Refuses everything, in the words of the payloads, one after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.words = payloads()

    def answer(self, request: Received) -> Answer:
        said = self.words[len(self.requests) % len(self.words)]
        error = {"message": said, "error_user_msg": said, "code": 100, "type": said, "fbtrace_id": said}
        return Answer(400, json.dumps({"error": error}).encode())


@dataclass
class Hostile:
    """What is left."""

    data: Path
    hits: list[str] = field(default_factory=list)
    traced: list[str] = field(default_factory=list)
    """Those of them that carry payloads in all fields of JSON, and some of the others."""
    letters: list[str] = field(default_factory=list)
    attempts: list[str] = field(default_factory=list)
    parts: int = 0
    """Parts of the draft whose settings and notes are payloads."""


def make_hostile(folder: Path) -> Hostile:
    """Runs the server, sends it everything, and fills the control database."""
    texts = payloads()
    with Echo() as meta:
        container = write_container(folder, meta.endpoint)
        env = SECRETS | {"FIRSTHAND_DRAIN_S": "0"}
        with Server(folder / "data", container, env=env) as server:
            sent = sum(_send(server.port, text) for text in texts)
            with until("all is decided", 60) as wait:
                while len(list_events(server.data, limit=1000)) < sent or _behind(server.data):
                    wait()
            assert server.stop() == 0
    hostile = Hostile(folder / "data")
    rows = list_events(hostile.data, limit=1000)
    hostile.hits = list(dict.fromkeys(str(row["id"]) for row in rows))
    json_hits = {str(row["id"]) for row in rows if row["client"] == "json"}
    hostile.traced = [id for number, id in enumerate(hostile.hits) if id in json_hits or number % 12 == 0]
    hostile.letters = [str(row["dead_letter"]) for row in list_dead(hostile.data, limit=1000)]
    hostile.attempts = [str(row["attempt"]) for row in list_attempts(hostile.data, limit=1000)]
    _fill_control(hostile, texts)
    return hostile


def _behind(data: Path) -> int:
    """Returns how many hits the tag has yet to pass."""
    return sum(int(row["behind"]) for row in list_backlog(data))


def _send(port: int, text: str) -> int:
    """Sends a payload in every place of a hit; returns how many hits are taken."""
    event = {
        "event_name": text, "event_id": text, "currency": text, "transaction_id": text, "page_title": text, text: text,
        "page_location": f"https://shop.localhost/?q={quote(text)}#{text}", "page_referrer": text, "user_id": text,
        "items": [{"item_id": text, "item_name": text, text: {text: [text]}}], "user_data": {"email_address": text},
    }  # fmt: skip
    pairs = {"id": PIXEL, "ev": text, "eid": text, "dl": text, "rl": text, "cd[value]": text, f"cd[{text}]": text,
             "ud[em]": text, "fbp": text, text: text}  # fmt: skip
    taken = _ask(port, "POST", f"/e?{urlencode({text: text})}", text, json.dumps(event).encode())
    taken += _ask(port, "GET", f"/tr?{urlencode(pairs)}", text)
    _ask(port, "GET", f"/{quote(text)}?{urlencode({'q': text})}", text)
    return taken


def _ask(port: int, method: str, target: str, text: str, body: bytes | None = None) -> int:
    """Sends one request with the payload in its headers, as far as headers can hold it."""
    value = "".join(each for each in text if each.isprintable()).encode()
    headers: dict[str, Any] = {"User-Agent": value, "Referer": value, "X-Country": value, "Cookie": b"_fbp=" + value}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, target, body, headers | {"Content-Type": "application/json"})
    status = connection.getresponse().status
    connection.close()
    assert status < 500
    return int(status < 300)


def _fill_control(hostile: Hostile, texts: list[str]) -> None:
    with Control(control_path(hostile.data), who=texts[0]) as control:
        create_workspace(control, VERSION_NOTE, READ, note=texts[1])
        edit_workspace(control, VERSION_NOTE, lambda files: set_part(files, "folders.ads", {"note": texts[2]}), READ)
        revision = control.workspaces.get(VERSION_NOTE).latest.number
        publish_workspace(control, VERSION_NOTE, READ, revision=revision, note=texts[3], reason=texts[4])
        create_workspace(control, WORKSPACE, READ, note=texts[5])
        for edit in (lambda files: {**files, **_template(texts)}, lambda files: _with_parts(hostile, files, texts)):
            edit_workspace(control, WORKSPACE, edit, READ, note=texts[hostile.parts])
        user = control.accounts.add("an-admin", "admin")
        for text in texts:
            control.accounts.sign_in(user, text, text)
            if text.isprintable() and len(text) <= 64:
                control.accounts.add_token(text, "viewer", text)


def _with_parts(hostile: Hostile, files: Mapping[str, str], texts: list[str]) -> dict[str, str]:
    """Returns a draft's files with each payload as a setting, as a value and as a note."""
    data = container_data(files)
    for section in ("variables", "folders", "triggers", "schemas"):
        data.setdefault(section, {})
    for number, text in enumerate(filter(_is_storable, texts)):
        condition = {"field": text, "is": "equals", "value": text}
        data["variables"][f"v{number}"] = {"template": "constant", "settings": {"value": text}, "note": text}
        data["folders"][f"f{number}"] = {"note": text}
        data["triggers"][f"t{number}"] = {"all": [condition], "note": text, "folder": f"f{number}"}
        data["schemas"][f"s{number}"] = {"events": [text], "schema": {"title": text}, "note": text}
        hostile.parts = number + 1
    settings = {"text": texts[0]}
    data["tags"]["stamped"] = {"template": TEMPLATE_ID, "settings": settings, "note": texts[1]}
    return with_data(files, data)


def _is_storable(text: str) -> bool:
    try:
        return container_data(with_data({}, {"container": "x", "note": text}))["note"] == text
    except FirsthandError:
        return False


def _template(texts: list[str]) -> dict[str, str]:
    """Returns a template whose words are payloads."""
    folder, quoted = f"templates/destinations/{TEMPLATE_ID}", [json.dumps(text) for text in texts]
    manifest = TEMPLATE["manifest.yaml"].replace("name: Stamp", f"name: {quoted[0]}")
    manifest = manifest.replace("summary: Sends a text of one's own.", f"summary: {quoted[6]}")
    manifest = manifest.replace("label: Text, help: What is sent.", f"label: {quoted[9]}, help: {quoted[30]}")
    manifest = manifest.replace("why: It sends there.", f"why: {quoted[10]}")
    manifest += (
        f'vendor: {{name: {quoted[0]}, api: {quoted[10]}, docs: "javascript:{MARK}()", checked: "2026-11-24"}}\n'
    )
    script = "".join(f"-- {text.encode('unicode_escape').decode()}\n" for text in texts) + TEMPLATE["destination.lua"]
    example = TEMPLATE["examples/text.yaml"].replace("title: A text", f"title: {quoted[4]}")
    example = example.replace("event_name: purchase", f"event_name: {quoted[4]}")
    return {f"{folder}/manifest.yaml": manifest, f"{folder}/destination.lua": script,
            f"{folder}/examples/text.yaml": example}  # fmt: skip
