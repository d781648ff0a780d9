"""Previews and environments on a running server: one browser is on a draft, nobody else is, no figure moves."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Page, sync_playwright

from runtime.containers.draft import read_draft
from runtime.containers.snapshot import encode_snapshot
from runtime.log.reader import SqliteReader
from runtime.lua.script_check import ScriptCheck
from runtime.model.hit import Hit
from runtime.store.control import Control
from runtime.store.files import control_path, log_path
from runtime.store.workspaces import Saved
from tests.acceptance.test_browser import QUIET
from tests.support.fake_meta import FakeMeta, unavailable
from tests.support.load import Load
from tests.support.server import Server, command, get, until
from tests.support.shop import SECRETS, Browser, purchase

LIVE_PIXEL, DRAFT_PIXEL = "1234567890", "9999999999"
HOST = "t.shop.localhost"
CONTAINER = """
container: shop
note: "{note}"
domains: [shop.localhost, www.shop.localhost]
consent: {{default: granted}}
clients:
  pixel: {{template: meta_pixel}}
  json: {{template: json_event, settings: {{paths: [/e]}}}}
tags:
  meta:
    template: meta_capi
    settings: {{pixel_id: "{pixel}", access_token: "secret:META_TOKEN", endpoint: "{endpoint}"}}
    triggers: [everything]
triggers:
  everything: {{all: []}}
"""


@dataclass
class Shop:
    """A server on the live container, and what the draft of it would send to."""

    folder: Path
    live: FakeMeta
    draft: FakeMeta
    server: Server
    workers: int = 2
    drafts: list[int] = field(default_factory=list)

    def write(self, meta: FakeMeta, pixel: str, note: str = "") -> Path:
        path = self.folder / f"container-{pixel}-{note}.yaml"
        path.write_text(CONTAINER.format(endpoint=meta.endpoint, pixel=pixel, note=note))
        return path

    def save_draft(self, name: str = "checkout") -> int:
        """Saves a workspace whose pixel id and endpoint are others; returns the revision's number."""
        file = self.write(self.draft, DRAFT_PIXEL)
        snapshot = encode_snapshot(read_draft(file, ScriptCheck).snapshot())
        with Control(control_path(self.server.data)) as control:
            return control.workspaces.create(name, Saved(file.read_bytes(), snapshot), base=1).latest.number

    def run(self, *arguments: str) -> str:
        done = command(*arguments, data=self.server.data, env=SECRETS)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def rows(self, *arguments: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.run(*arguments, "--json").splitlines()]

    def preview(self, *arguments: str) -> tuple[str, str]:
        """Returns the path of a new link, and its token."""
        (row,) = self.rows("preview", *arguments)
        path = str(row["link"])
        assert path.startswith("/_preview/")
        return path, path.removeprefix("/_preview/")

    def hits(self) -> dict[str, Hit]:
        """Returns every logged hit by the event id that it carries."""
        found: dict[str, Hit] = {}
        for shard in range(self.workers):
            with closing(SqliteReader(log_path(self.server.data, shard), shard)) as reader:
                place = 0
                while more := reader.read(place):
                    place = more[-1].seq
                    found |= {event_id(logged.hit): logged.hit for logged in more}
        return found

    def until_read(self) -> None:
        """Waits until the routers have taken every hit."""
        with until("every hit is taken") as wait:
            while any(row["behind"] for row in self.rows("deliveries", "list", "--state", "backlog")):
                wait()

    def figure(self, name: str, label: str = "") -> float:
        """Returns a metric, summed up where it has further labels."""
        lines = get(f"http://127.0.0.1:{self.server.admin_port}/metrics")[1].decode().splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(f"firsthand_{name}") and label in line)


def event_id(hit: Hit) -> str:
    return parse_qs(hit.query.decode())["eid"][0] if hit.query else str(json.loads(hit.body)["event_id"])


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    token = SECRETS["FIRSTHAND_SECRET_META_TOKEN"]
    with FakeMeta(token=token, pixel=LIVE_PIXEL) as live, FakeMeta(token=token, pixel=DRAFT_PIXEL) as draft:
        server = Server(tmp_path / "data", None, workers=2, env=SECRETS)
        made = Shop(tmp_path, live, draft, server)
        server.container = made.write(live, LIVE_PIXEL)
        with server:
            yield made


class Person(Browser):
    """A browser that opens links, and keeps the preview's cookie as the server sets it."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.cookie = ""

    def __enter__(self) -> Self:
        return self

    def open(self, path: str) -> str:
        status, body = self.ask("GET", path)
        assert status == 200, body
        return body.decode()

    def ask(self, method: str, target: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        cookie = {"Cookie": f"_ga=GA1.1.1.1; {self.cookie}"} if self.cookie else {}
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"Host": f"{HOST}:{self.port}", "User-Agent": "Mozilla/5.0 Firefox/140.0"} | cookie | names
        self._connection.request(method, target, body=body, headers=sent)
        answer = self._connection.getresponse()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie" and value.startswith("firsthand_preview="):
                pair = value.partition(";")[0]
                self.cookie = "" if pair.endswith("=") else pair
        return answer.status, answer.read()

    def hit(self, id: str, **headers: str) -> int:
        return self.ask("GET", purchase(id), None, **headers)[0]


def test_one_browser_is_on_the_draft_and_everybody_else_is_not(shop: Shop, show: Callable[[str], None]) -> None:
    """Under load, two workers, and while other versions go live."""
    revision = shop.save_draft()
    path, _ = shop.preview("checkout")
    _, token = shop.preview("checkout", "--expires", "10m")
    port, rounds = shop.server.port, 30
    with (
        Load(port, senders=3, pause_s=0.004) as load,
        Person(port) as tester,
        Person(port) as other,
        Person(port) as caller,
    ):
        text = tester.open(path)
        assert f"revision {revision} of the workspace checkout" in text
        for n in range(rounds):
            assert tester.hit(f"draft{n}") == 200
            assert other.hit(f"other{n}") == 200
            assert caller.hit(f"order{n}", x_firsthand_preview=token) == 200
            if n in (10, 20):
                shop.run("container", "apply", str(shop.write(shop.live, LIVE_PIXEL, note=f"turn {n}")))
    assert load.refused == 0
    live = {*load.acknowledged, *(f"other{n}" for n in range(rounds))}
    aside = {f"{kind}{n}" for n in range(rounds) for kind in ("draft", "order")}
    shop.live.wait(lambda: shop.live.counts.keys() >= live, 60)
    shop.until_read()

    hits = shop.hits()
    assert {hit.version for id, hit in hits.items() if id in live} == {1, 2, 3}
    assert {(hit.environment, hit.preview, hit.sends) for id, hit in hits.items() if id in live} == {("live", "", True)}
    assert {(hit.version, hit.environment, hit.sends) for id, hit in hits.items() if id in aside} == {
        (-revision, "preview", False)
    }
    assert len({hit.preview for id, hit in hits.items() if id in aside}) == 2
    assert hits.keys() == live | aside
    assert "firsthand_preview" not in str([hit.cookies for hit in hits.values()])
    assert token not in str([(hit.headers, hit.cookies) for hit in hits.values()])

    assert shop.live.counts.keys() == live
    assert shop.draft.requests == []
    for name in ("hits_acknowledged_total", "hits_processed_total", "ack_duration_seconds_count"):
        with until(f"{name} is written, which an edge does with its next commit or a little later") as wait:
            while shop.figure(name) < len(live):
                wait()
        assert shop.figure(name) == len(live)
    assert shop.figure("events_total") == shop.figure("items_delivered_total") == len(live)
    assert shop.figure("hits_not_live_total", 'environment="preview"') == len(aside)

    listed = shop.rows("events", "list", "--limit", "10000")
    assert {row["event_id"] for row in listed} == live
    previewed = shop.rows("events", "list", "--preview", "--limit", "10000")
    assert {row["event_id"]: row["tags"] for row in previewed} == {id: {"meta": "not_sent"} for id in aside}
    assert {row["flags"][0] for row in previewed} == {"preview"}
    (counted,) = [json.loads(shop.run("deliveries", "replay", "--which", "all", "--json"))["tags"]]
    assert [row["matched"] for row in counted if row["tag"] == "meta"] == [len(live)]

    shown = shop.run("events", "show", str(previewed[0]["id"]))
    assert f"revision {revision} of the workspace checkout" in shown.splitlines()[0]
    assert "counts in no figure, and nothing of it is sent" in shown
    assert f"/{DRAFT_PIXEL}/events" in shown
    assert shop.draft.endpoint in shown
    show(f"preview under load: {len(live)} live hits by versions 1, 2, 3 alone, {len(aside)} by the draft alone")


def test_what_a_preview_sends_goes_once_to_where_the_draft_says(shop: Shop) -> None:
    revision = shop.save_draft()
    path, _ = shop.preview("checkout", "--sends")
    shop.draft.then(unavailable(1))
    with Person(shop.server.port) as tester, Person(shop.server.port) as other:
        assert "once each and without retries" in tester.open(path)
        assert tester.hit("refused") == 200
        shop.draft.wait(lambda: len(shop.draft.requests) == 1)
        for n in range(5):
            assert tester.hit(f"draft{n}") == 200
            assert other.hit(f"other{n}") == 200
        shop.draft.wait(lambda: len(shop.draft.counts) == 5)
        shop.live.wait(lambda: len(shop.live.counts) == 5)
        shop.until_read()
        time.sleep(1)  # A retry would come by now.
    assert shop.draft.counts == {f"draft{n}": 1 for n in range(5)}
    assert len(shop.draft.requests) == 6
    assert shop.live.counts.keys() == {f"other{n}" for n in range(5)}
    sent = shop.rows("deliveries", "list", "--preview", "--limit", "100")
    assert {(row["version"], row["events"]) for row in sent} == {(-revision, 1)}
    assert len(sent) == 6
    assert not [row for row in shop.rows("deliveries", "list", "--limit", "100") if row["version"] < 0]
    fates = {row["event_id"]: row["tags"]["meta"] for row in shop.rows("events", "list", "--preview")}
    assert fates == {f"draft{n}": "delivered" for n in range(5)} | {"refused": "refused"}
    assert shop.figure("items_delivered_total") == shop.figure("events_total") == 5
    assert shop.figure("items_retried_total") == 0
    number = next(row["id"] for row in shop.rows("events", "list", "--preview") if row["event_id"] == "draft0")
    shown = shop.run("events", "show", str(number))
    assert "same body" in shown
    assert "Tag meta: fired, delivered" in shown


def test_a_staging_host_is_another_environment(shop: Shop) -> None:
    with Control(control_path(shop.server.data)) as control:
        control.set_environment("staging", ["staging.shop.localhost"], sends=False)
        snapshot = read_draft(shop.write(shop.draft, DRAFT_PIXEL), ScriptCheck).snapshot()
        number = control.publish(encode_snapshot(snapshot), snapshot.hash, environment="staging")
    staging = {"Host": "staging.shop.localhost"}
    with Person(shop.server.port) as tester:

        def lands(id: str, environment: str, version: int) -> bool:
            assert tester.hit(id, **staging) == 200
            assert tester.hit(f"{id}-live") == 200
            hits = shop.hits()
            assert (hits[f"{id}-live"].environment, hits[f"{id}-live"].version) == ("live", 1)
            return (hits[id].environment, hits[id].version) == (environment, version)

        def wait_for(what: str, environment: str, version: int) -> None:
            with until(what, 10) as wait:
                turn = 0
                while not (
                    lands(f"{what}{turn}", environment, version) and lands(f"{what}{turn}b", environment, version)
                ):
                    turn += 1
                    wait()

        wait_for("taken up", "staging", number)
        with Control(control_path(shop.server.data)) as control:
            control.point(1, environment="staging")
        wait_for("moved", "staging", 1)
        with Control(control_path(shop.server.data)) as control:
            control.set_environment("staging", ["staging.shop.localhost"], sends=True)
            control.point(number, environment="staging")
        wait_for("moved on", "staging", number)
        with until("it sends now", 10) as wait:
            turn = 0
            while not shop.draft.counts:
                assert tester.hit(f"sent{turn}", **staging) == 200
                turn += 1
                wait()
        with Control(control_path(shop.server.data)) as control:
            control.remove_environment("staging")
        wait_for("dropped", "live", 1)
    assert set(shop.draft.counts.values()) == {1}
    assert not [id for id in shop.live.counts if id.startswith("sent")]


def test_an_environment_that_cannot_run_here_refuses_its_hits(shop: Shop) -> None:
    secret = "clients:\n  sdk: {template: meta_capi_intake, settings: {access_tokens: [secret:NOBODY_HAS_IT]}}\n"
    file = shop.write(shop.draft, DRAFT_PIXEL)
    file.write_text(file.read_text().replace("clients:\n", secret))
    snapshot = read_draft(file, ScriptCheck).snapshot()
    with Control(control_path(shop.server.data)) as control:
        control.publish(encode_snapshot(snapshot), snapshot.hash, environment="staging")
        control.set_environment("staging", ["staging.shop.localhost"], sends=False)
        control.workspaces.create("lacking", Saved(b"", encode_snapshot(snapshot)), base=1)
    path, token = shop.preview("lacking")
    with Person(shop.server.port) as tester:
        with until("both edges refuse", 10) as wait:
            while any(
                tester.hit(f"early{n}", Host="staging.shop.localhost", Connection="close") != 409 for n in range(6)
            ):
                wait()
        status, body = tester.ask("GET", path)
        assert status == 409
        assert b"FIRSTHAND_SECRET_NOBODY_HAS_IT" in body
        assert tester.cookie == ""
        assert tester.hit("x", x_firsthand_preview=token) == 409
        assert tester.hit("y") == 200
    assert {hit.environment for hit in shop.hits().values()} == {"live"}


def test_a_preview_ends_with_its_time_and_all_end_together(shop: Shop) -> None:
    shop.save_draft()
    path, token = shop.preview("checkout", "--expires", "4s")
    lasting, other_token = shop.preview("1", "--expires", "1h")
    with Person(shop.server.port) as tester, Person(shop.server.port) as other:
        tester.open(path)
        assert tester.hit("in time") == 200
        kept = tester.cookie
        with until("the link is over", 20) as wait:
            while tester.ask("GET", path)[0] != 410:
                wait()
        tester.cookie = kept  # No browser keeps it so long; one with a slow clock does.
        assert tester.hit("too late") == 200
        assert tester.cookie == ""
        assert tester.hit("order", x_firsthand_preview=token) == 410
        other.open(lasting)
        assert other.hit("second") == 200
        shop.run("preview", "end", "--all")
        assert other.hit("after the end") == 200
        assert other.cookie == ""
        assert other.hit("refused", x_firsthand_preview=other_token) == 403
        assert other.ask("GET", lasting)[0] == 403
        new, _ = shop.preview("1")
        other.open(new)
        assert other.hit("third") == 200
    hits = {id: (hit.environment, hit.version) for id, hit in shop.hits().items()}
    draft = hits.pop("in time")
    assert draft[0] == "preview"
    assert draft[1] < 0
    assert hits == {
        "too late": ("live", 1), "second": ("preview", 1), "after the end": ("live", 1), "third": ("preview", 1),
    }  # fmt: skip
    told = [row for row in shop.rows("audit", "list") if str(row["what"]).startswith("preview")]
    assert sorted(str(row["what"]) for row in told) == ["preview", "preview", "preview", "previews_ended"]
    assert token not in str(told)
    assert token not in shop.server.log_file.read_text()


PAGE = """<!doctype html><title>Shop</title><script>
const at = "{at}";
async function send(id) {{
  const url = at + "/tr?ev=Lead&dl=" + encodeURIComponent(location.href) + "&eid=" + id;
  const event = kind => JSON.stringify({{event_name: "lead", event_id: id + kind}});
  const image = new Image();
  image.src = url + "image";
  await new Promise(done => {{ image.onload = image.onerror = done; }});
  await fetch(at + "/e", {{method: "POST", body: event("fetch"), credentials: "include"}});
  await fetch(at + "/e", {{method: "POST", body: event("json"), credentials: "include",
                          headers: {{"Content-Type": "application/json"}}}});
  await fetch(at + "/e", {{method: "POST", body: event("bare")}});
  navigator.sendBeacon(at + "/e", event("beacon"));
}}
</script>"""


@contextmanager
def store_of(collector: str) -> Iterator[str]:
    """Serves the shop's page from a port of its own and gives its URL: loopback too, or the browser takes the collector
    for a machine of the visitor's network, which no page of another may ask."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = PAGE.format(at=collector).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Writes nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield f"http://www.shop.localhost:{serving.server_port}/cart"
        serving.shutdown()
        thread.join()


KINDS = ("image", "fetch", "json", "bare", "beacon")


def test_in_a_real_browser_the_shops_page_is_in_the_preview_too(shop: Shop) -> None:
    """The page is on a sibling host of the collector's, as in a store. A `fetch` without credentials has no cookie."""
    found = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
    assert found, "Chromium is missing: `make system` installs it"
    shop.save_draft()
    collector = f"http://{HOST}:{shop.server.port}"

    def send(page: Page, store: str, id: str) -> None:
        page.goto(store)
        page.evaluate(f"send('{id}')")
        with until(f"the beacon of {id}") as wait:
            while f"{id}beacon" not in shop.hits():
                wait()

    with store_of(collector) as store, sync_playwright() as playwright:
        (row,) = shop.rows("preview", "checkout", "--url", collector, "--to", store)
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", *QUIET])
        tester, other = browser.new_context(), browser.new_context()
        page = tester.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.goto(str(row["link"]))
        assert page.inner_text("h1") == "This browser is in a preview."
        (cookie,) = [each for each in tester.cookies() if each["name"] == "firsthand_preview"]
        assert (cookie["domain"], cookie["httpOnly"], cookie["secure"]) == (HOST, True, True)
        page.click("text=Go on to")
        page.wait_for_url(store)
        assert page.evaluate("document.referrer") == ""
        send(page, store, "draft")
        send(other.new_page(), store, "other")
        page.goto(str(row["link"]))
        page.click("text=End this preview")
        page.wait_for_url("**/_preview/end")
        assert "no preview any more" in page.inner_text("h1")
        send(page, store, "after")
        assert [text for text in complaints if "favicon" not in text] == []
        browser.close()
    places = {id: hit.environment for id, hit in shop.hits().items()}
    assert places == {f"{who}{kind}": "live" for who in ("other", "after") for kind in KINDS} | {
        f"draft{kind}": "live" if kind == "bare" else "preview" for kind in KINDS
    }
