"""A data folder with a live container and drafts of it, and what tests of the container's pages ask of them."""

from __future__ import annotations

import re
import shutil
import tempfile
from functools import cache, partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from runtime.containers.draft import read_files
from runtime.containers.edits import container_data
from runtime.containers.workspace import create_workspace, publish_workspace, workspace_files
from runtime.lua.script_check import ScriptCheck
from runtime.store.control import Control
from runtime.store.files import control_path
from tests.support.admin import AdminBrowser

READ = partial(read_files, script_check=ScriptCheck)
WS = "spring"
CONTAINER = """\
container: shop
domains: [shop.example]
consent: {default: granted}   # for now
folders:
  ads: {note: what we pay for}
clients:
  json: {template: json_event}
tags:
  # The warehouse wants it.
  hook:
    template: webhook
    settings: {endpoint: "https://erp.shop.example/hook", secret: secret:SIGNING, headers: {X-Shop: one}}
    triggers: [purchases]
    folder: ads
    note: For the warehouse
triggers:
  purchases: {all: [{field: event_name, is: equals, value: purchase}]}
  bots: {all: [{variable: is_bot, is: equals, value: true}]}
variables:
  is_bot: {template: bot}
  word: {template: constant, settings: {value: hello}}
transformations:
  no-email: {template: exclude, settings: {fields: [user_data.email_address]}, tags: [hook]}
"""


def make_drafts(data: Path, text: str = CONTAINER) -> Path:
    """Makes a folder in which the text is live as version 1, and the workspace `spring` is a draft of it."""
    return Path(shutil.copytree(_made(text).name, data))


@cache
def _made(text: str) -> tempfile.TemporaryDirectory[str]:
    folder = tempfile.TemporaryDirectory()
    with Control(control_path(Path(folder.name)), who="ann") as control:
        create_workspace(control, "first", READ, files={"container.yaml": text})
        publish_workspace(control, "first", READ)
        create_workspace(control, WS, READ)
    return folder


def data_of(data: Path, name: str = WS) -> dict[str, Any]:
    """Returns what a workspace's container.yaml says now."""
    with Control.read(control_path(data)) as control:
        return container_data(workspace_files(control, control.workspaces.get(name)))


def text_of(data: Path, name: str = WS) -> str:
    """Returns a workspace's container.yaml as it is written."""
    with Control.read(control_path(data)) as control:
        files: dict[str, str] = workspace_files(control, control.workspaces.get(name))
    return files["container.yaml"]


def form_of(browser: AdminBrowser, path: str) -> dict[str, Any]:
    """Returns what the page's form of the draft would send as it stands."""
    page = browser.get(path)
    assert page.status_code == 200, page.text[:500]
    return fields_of(largest_form(page.text))


def largest_form(page: str) -> str:
    """Returns the form with the most in it of those that name a revision."""
    forms: list[str] = re.findall(r"<form[^>]*>.*?</form>", page, re.S)
    return max((form for form in forms if 'name="revision"' in form), key=lambda form: form.count("name="))


def fields_of(form: str) -> dict[str, list[str]]:
    """Returns what a browser would send of a form: by name."""
    reader = _Fields()
    reader.feed(form)
    return reader.found


class _Fields(HTMLParser):
    """Reads inputs, text areas and selects."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, list[str]] = {}
        self._name, self._text, self._options = "", "", list[tuple[str, bool]]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "input" and (given.get("type") not in ("checkbox", "radio") or "checked" in given):
            self._add(given.get("name", ""), given.get("value", ""))
        elif tag in ("textarea", "select"):
            self._name, self._text, self._options = given.get("name", ""), "", []
        elif tag == "option" and "value" in given:
            self._options.append((given["value"], "selected" in given))

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._add(self._name, self._text.removeprefix("\n"))
        elif tag == "select" and self._options:
            self._add(self._name, next((value for value, chosen in self._options if chosen), self._options[0][0]))

    def _add(self, name: str, value: str) -> None:
        if name:
            self.found.setdefault(name, []).append(value)
