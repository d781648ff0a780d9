"""A data folder in which every page of the admin port has something to show: a history, a draft with every kind of
part, previews, environments, people, tokens, secrets, a replay."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from runtime.containers.draft import read_files
from runtime.containers.edits import set_part
from runtime.containers.environments import set_environment
from runtime.containers.previews import open_previews
from runtime.containers.workspace import create_workspace, edit_workspace
from runtime.explain.explorer import list_attempts, list_dead
from runtime.explain.search import list_events
from runtime.lua.script_check import ScriptCheck
from runtime.model.command import Replay, Selection
from runtime.store.control import Control
from runtime.store.files import control_path
from runtime.store.secrets import key_file, new_vault
from tests.support.history import History
from tests.support.server import Server, command, until
from tests.support.shop import SECRETS, Browser, purchase

WORKSPACE, OWN_TEMPLATE = "summer", "stamp"
READ = partial(read_files, script_check=ScriptCheck)

PARTS: Mapping[str, Any] = {
    "folders.ads": {"note": "What goes to advertisers."},
    "tags.orders": {
        "template": "webhook", "settings": {"endpoint": "https://erp.shop.example/hook", "secret": "secret:SIGNING"},
        "triggers": ["purchases"], "folder": "ads", "note": "For the warehouse.",
    },
    "tags.stamped": {"template": OWN_TEMPLATE, "settings": {"text": "{{kind}}"}, "triggers": ["everything"]},
    "tags.meta.paused": True,
    "triggers.purchases": {
        "all": [{"field": "event_name", "is": "equals", "value": "purchase"},
                {"any": [{"field": "value", "is": "greater", "value": 1},
                         {"variable": "is_bot", "is": "equals", "value": True, "not": True}]}],
    },
    "variables.kind": {
        "template": "lookup_table", "settings": {"field": "event_name", "table": {"purchase": "sale"}, "default": "-"},
        "format": {"case": "upper"},
    },
    "transformations.no-email": {
        "template": "exclude", "settings": {"fields": ["user_data.email_address"]}, "tags": ["orders"],
    },
    "schemas.order": {
        "events": ["purchase"], "schema": {"type": "object", "required": ["transaction_id"]},
        "on_violation": "annotate", "note": "Every order has its number.",
    },
}  # fmt: skip
TEMPLATE: Mapping[str, str] = {
    "manifest.yaml": (
        f"id: {OWN_TEMPLATE}\nkind: destination\nname: Stamp\nsummary: Sends a text of one's own.\n"
        "fields:\n  - {id: text, type: text, label: Text, help: What is sent., required: true}\n"
        "destination: {consent: []}\npermissions:\n  hosts: {names: [stamp.example], why: It sends there.}\n"
    ),
    "destination.lua": (
        "local function map(event, settings)\n  return { text = settings.text, id = event.event_id }\nend\n\n\n"
        'local function request(batch)\n  return { method = "POST", url = "https://stamp.example/in",'
        " body = batch.items }\nend\n\n\nreturn { map = map, request = request }\n"
    ),
    "examples/text.yaml": (
        "title: A text\nevent: {event_name: purchase, event_id: e1}\nsettings: {text: hello}\n"
        "expect:\n  - {method: POST, url: https://stamp.example/in}\n"
    ),
}


@dataclass(frozen=True)
class Rich:
    """The folder, and what examples of addresses name in it."""

    data: Path
    invitation: str
    """Secret of a one-time link that is open."""
    attempt: str
    letter: str
    preview: str
    """Id of a preview that is given out."""
    preview_hit: str
    replay: int
    """Number of a command that a router has yet to take."""


def make_rich(history: History, folder: Path) -> Rich:
    """Returns a copy of the history with all the rest in it."""
    data = Path(shutil.copytree(history.data, folder / "data"))
    with Control(control_path(data), who="ann") as control:
        create_workspace(control, WORKSPACE, READ, note="For the summer sale.")
        edit_workspace(control, WORKSPACE, with_all_parts, READ, note="All kinds of parts.")
        create_workspace(control, "empty", READ)
        set_environment(control, "staging", ["staging.shop.example"], sends=False)
        control.secrets.put("SIGNING", "a-signing-key-of-the-tests", new_vault(key_file(data, None)))
    preview, hit = _preview(data)
    with Control(control_path(data), who="ann") as control:
        for role in ("viewer", "editor"):
            control.accounts.sign_in(control.accounts.add(f"the-{role}", role), "192.0.2.7", "Browser of another")
        control.accounts.add_token("ci", "publisher", "ann")
        replay = control.command(Replay(selection=Selection(which="dead", tag="meta"), version="current", rate=10.0))
        invitation = control.accounts.invite("editor")
    attempts, letters = list_attempts(data), list_dead(data, Selection(tag="meta"))
    return Rich(data, invitation, str(attempts[0]["attempt"]), str(letters[0]["dead_letter"]), preview, hit, replay)


def with_all_parts(files: Mapping[str, str]) -> dict[str, str]:
    """Returns a draft's files with every kind of part, and a template of its own."""
    folder = f"templates/destinations/{OWN_TEMPLATE}"
    files = {**files, **{f"{folder}/{name}": text for name, text in TEMPLATE.items()}}
    for path, value in PARTS.items():
        files = set_part(files, path, value)
    return dict(files)


def _preview(data: Path) -> tuple[str, str]:
    """Sends a hit that a preview link puts on the draft, and returns the preview's id and the hit's."""
    with Server(data, env=SECRETS | {"FIRSTHAND_DRAIN_S": "0"}) as server, Browser(server.port) as browser:
        made = command("preview", WORKSPACE, "--url", "https://t.shop.localhost", "--json", data=data, env=SECRETS)
        assert made.returncode == 0, made.stderr
        token = json.loads(made.stdout)["link"].partition("/_preview/")[2]
        headers = {"X-Firsthand-Preview": token}
        assert browser.send("GET", purchase("order.preview"), headers=headers)[0] == 200
        with until("the previewed hit is read") as wait:
            while not (found := list_events(data, previews=True)):
                wait()
        assert server.stop() == 0
    with Control.read(control_path(data)) as control:
        (link,) = open_previews(control)
    return link.preview.id, str(found[0]["id"])
