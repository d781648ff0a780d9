"""Publishing and rolling back while the server runs: no request is lost, and one recorded version judges each event."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs

from runtime.containers.publish import publish_file
from runtime.log.sqlite import SqliteReader
from runtime.lua.script_check import ScriptCheck
from runtime.store.control import Control
from runtime.store.files import control_path, log_path
from tests.support.load import Load
from tests.support.server import Server, command, until
from tests.support.shop import Browser
from tests.support.vendor import Vendor

VERSIONS = 100
BY_COMMAND = 5
"""Published as an operator does; the others by the same functions in this process, because a command takes a second."""
CONTAINER = """
container: shop
domains: [shop.localhost]
consent: {{default: granted}}
clients:
  pixel: {{template: meta_pixel}}
  json: {{template: json_event}}
tags:
  hook:
    template: webhook
    settings: {{endpoint: "{endpoint}/hook"}}
    triggers: [everything]
triggers:
  everything: {{all: []}}
transformations:
  mark: {{template: augment, settings: {{fields: {{made_by: "{mark}"}}}}}}
"""


def write(folder: Path, vendor: Vendor, mark: str) -> Path:
    path = folder / f"container-{mark}.yaml"
    path.write_text(CONTAINER.format(endpoint=vendor.endpoint, mark=mark))
    return path


def versions_of(data: Path, shards: int) -> dict[str, int]:
    """Returns each logged event's id with the version that its hit arrived on."""
    found: dict[str, int] = {}
    for shard in range(shards):
        place = 0
        with closing(SqliteReader(log_path(data, shard), shard)) as reader:
            while hits := reader.read(place):
                place = hits[-1].seq
                found |= {parse_qs(logged.hit.query.decode())["eid"][0]: logged.hit.version for logged in hits}
    return found


def publish(data: Path, file: Path, turn: int) -> None:
    """Makes a file's container live."""
    if turn < BY_COMMAND:
        done = command("container", "apply", str(file), data=data)
        assert done.returncode == 0, done.stderr
        return
    with Control(control_path(data)) as control:
        publish_file(control, file, ScriptCheck)


def test_every_process_follows_and_nothing_is_lost(tmp_path: Path, show: Callable[[str], None]) -> None:
    data = tmp_path / "data"
    waits: list[float] = []
    with Vendor() as vendor:
        file = write(tmp_path, vendor, "v1")
        with Server(data, file, workers=2) as server:
            with Load(server.port, senders=3, pause_s=0.008) as load:
                for turn in range(VERSIONS - 1):
                    mark = f"v{turn + 2}"
                    at = len(vendor.requests)
                    publish(data, write(tmp_path, vendor, mark), turn)
                    published = time.monotonic()
                    with until(f"events made by {mark}", 30) as wait:
                        while not any(r.json().get("made_by") == mark for r in vendor.requests[at:][-50:]):
                            wait()
                    waits.append(time.monotonic() - published)
            with until("all that was acknowledged is delivered", 60) as wait:
                while len(vendor.requests) < len(load.acknowledged):
                    wait()
        made = [(request.json()["event_id"], request.json()["made_by"]) for request in vendor.requests]
        versions = versions_of(data, 2)
    with closing(Control.read(control_path(data))) as control:
        numbers = [row.number for row in control.versions()]
    used = {versions[event_id] for event_id, _ in made}
    show(f"{VERSIONS} versions made live under load: {len(load.acknowledged)} acknowledged, {load.refused} refused,")
    show(
        f"each event by the version that it arrived on, {len(used)} of them; taken up after {max(waits):.2f} s at most"
    )
    assert numbers == list(range(VERSIONS, 0, -1))
    assert used == set(numbers)
    assert load.refused == 0
    assert set(load.acknowledged) <= {event_id for event_id, _ in made}
    assert [mark for _, mark in made] == [f"v{versions[event_id]}" for event_id, _ in made]


def test_a_version_without_its_secrets_is_not_taken_up(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Vendor() as vendor:
        first = write(tmp_path, vendor, "first")
        other = tmp_path / "other.yaml"
        other.write_text(first.read_text().replace('/hook"}', '/hook", secret: "secret:NOBODY_HAS_IT"}'))
        with Server(data, first) as server:
            assert (
                command(
                    "container", "apply", str(other), data=data, env={"FIRSTHAND_SECRET_NOBODY_HAS_IT": "x"}
                ).returncode
                == 0
            )
            with until("the refusal is told by both processes") as wait:
                while server.log_file.read_text().count("version_refused") < 2:
                    wait()
            with Browser(server.port) as browser:
                body = b'{"event_name": "purchase", "event_id": "still"}'
                assert browser.send("POST", "/e", body, {"Content-Type": "application/json"})[0] == 200
            vendor.wait(lambda: any(request.json()["event_id"] == "still" for request in vendor.requests))
            assert "NOBODY_HAS_IT" in server.log_file.read_text()
