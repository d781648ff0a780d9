"""Canaries: secrets and personal data in every field of a real run, and then a search wherever people look.

Allowed places: the event log (`log-*.db`), which is the one place that holds hits as they came, for their retention
time; and the payloads of items that wait for another try or were given up, without which they could not go out again.
A phone number in national form is known by its key; in free text it is masked in what is stored and logged, and stays
in a trace, where an order's number must not look like one.
Event ids and the keys of batches are plain data: what a shop puts there is looked up by, so it stays as it is.
"""

from __future__ import annotations

import base64
import json
import sqlite3
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from runtime.explain.explorer import list_attempts, list_dead
from runtime.explain.search import list_events
from runtime.store.control import Control
from runtime.store.files import control_path
from runtime.text.redaction import secret_forms
from tests.support.server import Server, command, get, until
from tests.support.shop import PIXEL
from tests.support.vendor import Answer, Vendor, status

TOKEN, INTAKE, SIGNING = "canary/Token+9zQ=7w", "canary-intake-7Hq2", 'canary"signing\\Key_81'
SECRETS = {
    "FIRSTHAND_SECRET_META_TOKEN": TOKEN,
    "FIRSTHAND_SECRET_INTAKE": INTAKE,
    "FIRSTHAND_SECRET_SIGNING": SIGNING,
}
EMAIL, PHONE, NATIONAL, NAME, IP = (
    "canary.person@mail.example", "+49 151 99887766", "0151 99887766", "Canarina", "203.0.113.77"
)  # fmt: skip
PERSONAL = (
    EMAIL, EMAIL.replace("@", "%40"), "canary.person", PHONE, PHONE.replace(" ", ""), quote(PHONE),
    PHONE[1:], NAME, IP,
)  # fmt: skip

CONTAINER = """
container: shop
domains: [shop.localhost]
consent: {{default: granted}}
clients:
  pixel: {{template: meta_pixel, settings: {{paths: [/tr]}}}}
  sdk: {{template: meta_capi_intake, settings: {{access_tokens: [secret:INTAKE]}}}}
  json: {{template: json_event, settings: {{paths: [/e]}}}}
tags:
  meta:
    template: meta_capi
    settings: {{pixel_id: "{pixel}", access_token: secret:META_TOKEN, endpoint: {meta}}}
    triggers: [everything]
  signed:
    template: webhook
    settings:
      endpoint: {hook}/?key=a
      secret: secret:SIGNING
    triggers: [everything]
  gossip:
    template: gossip
    settings: {{endpoint: {hook}}}
    triggers: [everything]
triggers:
  everything: {{all: []}}
"""
GOSSIP = """
id: gossip
kind: destination
name: Gossip
summary: Says everything it hears, everywhere that it can.
fields:
  - {id: endpoint, type: url, label: Endpoint, help: Where events go., required: true}
permissions:
  event: {fields: ["*"], why: a test}
  hosts: {names: ["{setting: endpoint}"], why: a test}
  log: {scope: always, why: a test}
destination: {consent: [], batch: {max_items: 5, max_bytes: 100000, linger_ms: 1}}
"""
GOSSIP_SCRIPT = """
local function map(event)
  local heard = json.encode(event)
  log.info("heard", event.user_data and event.user_data.email_address, heard)
  if event.event_name == "explode" then error("cannot map " .. heard) end
  if event.event_name == "drop" then return nil, "not for " .. heard end
  return event
end


local function request(batch, settings)
  return { method = "POST", url = settings.endpoint, body = batch.items }
end


local function verdict(response, batch)
  local reason = response.status .. " said " .. response.body
  if response.status >= 500 then return { disposition = "retry", reason = reason } end
  return { disposition = "reject", reason = reason, items = { { index = 1, disposition = "reject", reason = reason } } }
end


return { map = map, request = request, verdict = verdict }
"""


def prepared(folder: Path, meta: str, hook: str) -> Path:
    template = folder / "templates" / "destinations" / "gossip"
    template.mkdir(parents=True)
    (template / "manifest.yaml").write_text(GOSSIP)
    (template / "destination.lua").write_text(GOSSIP_SCRIPT)
    path = folder / "container.yaml"
    path.write_text(CONTAINER.format(pixel=PIXEL, meta=meta, hook=hook))
    return path


def echo() -> bytes:
    """What a careless vendor answers: the whole request, in many forms."""
    forms = sorted(form for secret in (TOKEN, SIGNING, INTAKE) for form in secret_forms(secret))
    basic = [base64.b64encode(f"{user}:{TOKEN}".encode()).decode() for user in ("a", "ab", "abc")]
    people = [EMAIL, quote(EMAIL), PHONE, NATIONAL, f"({NATIONAL[:4]}) {NATIONAL[5:]}"]
    said = {
        "error": {"message": " ".join([*people, *forms, *basic]), "email": EMAIL, "first_name": NAME, "phone": PHONE}
    }
    return json.dumps(said).encode()


class Echo(Vendor):
    """Answers 400, with all that it was told."""

    def answer(self, request: object) -> Answer:
        return Answer(400, echo())


def people() -> dict[str, object]:
    address = {"first_name": NAME, "street": f"{NAME} street 5", "city": NAME}
    return {"email_address": EMAIL, "phone_number": PHONE, "address": address}


def send(server: Server, target: str, data: object = None) -> int:
    """Sends a hit with canaries in its headers and cookies."""
    headers = {
        "X-Forwarded-For": IP, "User-Agent": f"Mozilla/5.0 ({EMAIL}; {TOKEN})", "Cookie": f"_fbp={TOKEN}; mail={EMAIL}",
        "Referer": f"https://shop.localhost/?email={quote(EMAIL)}&access_token={quote(TOKEN)}",
    }  # fmt: skip
    body = None if data is None else json.dumps(data).encode()
    request = urllib.request.Request(server.url + target, body, headers | {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def run(server: Server) -> None:
    """Sends hits of every fate and waits until all are decided or wait."""
    page = f"https://shop.localhost/?email={EMAIL}&access_token={TOKEN}&tel={PHONE}"
    query = {"id": PIXEL, "ev": "Purchase", "dl": page, "eid": "e1", "ud[em]": EMAIL, "cd[note]": f"{EMAIL} {PHONE}"}
    assert send(server, "/tr?" + urlencode(query)) == 200
    for number, name in enumerate(("purchase", "explode", "drop", f"lead of {EMAIL}"), 2):
        event = {"event_name": name, "event_id": f"e{number}", "user_data": people(), "note": f"{EMAIL} {NATIONAL}"}
        assert send(server, f"/e?email={quote(EMAIL)}", event | {"page_location": page}) == 200
    assert send(server, "/e", {"user_data": people(), "note": EMAIL}) == 200
    lead = {
        "event_name": "Lead",
        "event_time": 1,
        "action_source": "website",
        "event_id": "e9",
        "user_data": {"em": EMAIL},
    }
    assert send(server, f"/capi/{PIXEL}/events", {"data": [lead], "access_token": INTAKE}) == 200
    assert send(server, f"/capi/{PIXEL}/events?access_token={TOKEN}", {"data": [lead], "access_token": EMAIL}) >= 400
    assert send(server, f"/nowhere/{quote(EMAIL)}?access_token={quote(TOKEN)}", people()) == 404
    with until("all is decided") as wait:
        while len(list_dead(server.data, limit=100)) < 12 or len(list_events(server.data, limit=100)) < 7:
            wait()


def seen_by_people(server: Server) -> Iterator[tuple[str, str]]:
    """Yields every place where people look, and what stands there."""
    admin = f"http://127.0.0.1:{server.admin_port}"
    hits = sorted({event["id"] for event in list_events(server.data, limit=100)})
    dead = [letter["dead_letter"] for letter in list_dead(server.data, limit=100)]
    attempts = [row["attempt"] for row in list_attempts(server.data, limit=100)]
    assert len(hits) > 5
    assert len(attempts) > 5
    lists = ("status", "events", "deliveries", "deliveries?state=dead", "deliveries?state=waiting", "audit")
    pages = (*lists, *(f"events/{hit}" for hit in hits))
    with Control(control_path(server.data)) as control:
        headers = {"authorization": f"Bearer {control.accounts.add_token('canaries', 'viewer', 'a test')}"}
    for page in ("/", "/events", "/metrics", "/alerts.yaml", *(f"/api/v1/{page}" for page in pages)):
        code, body = get(admin + page, timeout=20, headers=headers)
        assert code == 200
        yield page, body.decode()
    yield "the log lines", server.log_file.read_text()
    commands: list[tuple[str, ...]] = [("events", "list"), *(("events", "show", hit) for hit in hits[:3])]
    commands += [("deliveries", "list", "--state", state) for state in ("attempts", "dead", "retry", "backlog")]
    commands += [("deliveries", "show", attempts[0]), ("deliveries", "show", "--dead", dead[0])]
    for words in commands:
        ran = command(*words, data=server.data, env=SECRETS)
        assert ran.returncode == 0, ran.stderr
        yield " ".join(words), ran.stdout + ran.stderr


def stored(data: Path) -> Iterator[tuple[str, str]]:
    """Yields every column of the delivery file and the control database, but for the payloads of undelivered items."""
    for path in (data / "delivery-0.db", data / "control.db"):
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
            for (table,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
                found = db.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - a table's own name
                columns = [column[0] for column in found.description]
                for row in found:
                    for column, value in zip(columns, row, strict=True):
                        if (table, column) not in (("retry", "payload"), ("dead", "payload")):
                            text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
                            yield f"{path.name}: {table}.{column}", text


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """Runs the server once: refused by one vendor, put off by the other, then stopped by a bad token."""
    folder = tmp_path_factory.mktemp("canaries")
    with Echo() as meta, Echo() as hook:
        container = prepared(folder, meta.endpoint, hook.endpoint)
        env = SECRETS | {"FIRSTHAND_TRUSTED_PROXIES": "127.0.0.0/8", "FIRSTHAND_DRAIN_S": "0"}
        with Server(folder / "data", container, env=env) as server:
            run(server)
            for code in (503, 401):
                meta.behave(status(code, echo()))
                hook.behave(status(code, echo()))
                before = len(meta.requests)
                assert send(server, "/e", {"event_name": "late", "event_id": f"l{code}", "user_data": people()}) == 200
                meta.wait(lambda before=before: len(meta.requests) > before)  # type: ignore[misc]
            with until("the tag is stopped") as wait:
                while "tag_stopped" not in server.log_file.read_text():
                    wait()
            shown = [*seen_by_people(server)]
            assert server.stop() == 0
            return [*shown, *stored(server.data), ("the last log lines", server.log_file.read_text())]


def test_no_secret_is_anywhere(found: list[tuple[str, str]]) -> None:
    forms = {form for secret in (TOKEN, INTAKE, SIGNING) for form in secret_forms(secret)}
    assert sorted({(place, form) for place, text in found for form in forms if form in text}) == []


def test_no_personal_data_is_anywhere(found: list[tuple[str, str]]) -> None:
    assert sorted({(place, form) for place, text in found for form in PERSONAL if form.lower() in text.lower()}) == []


def test_no_number_in_national_form_is_stored_or_logged(found: list[tuple[str, str]]) -> None:
    shown = ("/api/v1/events/", "events show", "deliveries show --dead")
    assert sorted(place for place, text in found if NATIONAL in text and not place.startswith(shown)) == []


def test_the_canaries_were_there(found: list[tuple[str, str]]) -> None:
    """Else the search would find nothing for want of anything to find."""
    everything = "\n".join(text for _, text in found)
    for trace in (
        "secret:META_TOKEN",
        "c***@***.example",
        "script_log",
        "cannot map",
        "tag_stopped",
        "not for",
        "said",
    ):
        assert trace in everything
