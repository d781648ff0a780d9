"""`firsthand serve` as an operator meets it: starting, stopping, versions, workers, and what keeps it from starting."""

from __future__ import annotations

import json
import signal
import socket
import threading
import time
from pathlib import Path

from runtime.explain.search import list_events
from runtime.explain.trace import explain
from runtime.log.reader import SqliteReader
from runtime.store.control import Control
from runtime.store.files import control_path, log_path
from tests.support.fake_meta import SERVER_ERROR, FakeMeta
from tests.support.half_sent import HalfSent
from tests.support.server import Server, command, free_port, get, until
from tests.support.shop import SECRETS, Browser, write_container

QUICK = SECRETS | {"FIRSTHAND_DRAIN_S": "0"}
SETS = """
transformations:
  price:
    template: augment
    settings: {{fields: {{value: {value}}}}}
"""


def logged(server: Server, event: str) -> list[dict[str, object]]:
    """Returns the server's log lines of an event."""
    lines = [line for line in server.log_file.read_text().splitlines() if line.startswith("{")]
    return [line for line in map(json.loads, lines) if line["event"] == event]


def refused(tmp_path: Path, *options: str, env: dict[str, str] | None = None) -> str:
    """Starts a server that must not start, and returns what it says."""
    ports = ("--port", str(free_port()), "--admin-port", str(free_port()))
    result = command("serve", *ports, *options, data=tmp_path / "data", env=env)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert "listens" not in result.stdout
    return result.stderr


def test_a_stop_lets_everybody_finish(meta: FakeMeta, tmp_path: Path) -> None:
    container = write_container(tmp_path, meta.endpoint)
    with Server(tmp_path / "data", container, env=SECRETS | {"FIRSTHAND_DRAIN_S": "1.5"}) as server:
        assert get(server.url + "/readyz") == (200, b'{"status":"ready"}')
        half = HalfSent(server.port)
        with Browser(server.port) as browser:
            assert browser.buy("before")
            assert server.process is not None
            server.process.send_signal(signal.SIGTERM)
            with until("the server says that it stops") as wait:
                while (found := get(server.url + "/readyz"))[0] != 503:
                    wait()
            assert json.loads(found[1]) == {"status": "not ready", "reasons": ["stopping"]}
            assert browser.buy("while.draining")
        with Browser(server.port) as late:
            assert late.buy("new.while.draining")
        time.sleep(1.6)  # by now it accepts no more
        assert half.finish() == 200
        assert server.process.wait(30) == 0
        assert server.pids() == []
        server.start()
        meta.wait(lambda: {"before", "while.draining", "new.while.draining", "half"} <= set(meta.counts))
    assert logged(server, "process_died") == logged(server, "process_killed") == []


def test_an_interrupt_stops_at_once_with_exit_0(meta: FakeMeta, tmp_path: Path) -> None:
    container = write_container(tmp_path, meta.endpoint)
    with Server(tmp_path / "data", container, env=SECRETS | {"FIRSTHAND_DRAIN_S": "15"}) as server:
        assert server.process is not None
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(14) == 0


def test_a_hit_runs_by_the_version_it_arrived_on(meta: FakeMeta, tmp_path: Path) -> None:
    container = write_container(tmp_path, meta.endpoint)
    one = container.read_text()
    container.write_text(one + SETS.format(value=1))
    server = Server(tmp_path / "data", container, env=QUICK)
    meta.behave(SERVER_ERROR)
    with server, Browser(server.port) as browser:
        assert browser.buy("of.version.1")
        meta.wait(lambda: len(meta.requests) >= 1)
        assert server.stop() == 0
    with server:  # the same file: no new version
        assert server.stop() == 0
    container.write_text(one + SETS.format(value=2))
    with server, Browser(server.port) as browser:
        assert browser.buy("of.version.2")
        meta.behave()
        meta.wait_events(2)
        values = {event["event_id"]: event["custom_data"]["value"] for event in meta.events}
        assert values == {"of.version.1": 1, "of.version.2": 2}
        server.stop()
    assert [line["version"] for line in logged(server, "container_live")] == [1, 2]
    with Control.read(control_path(server.data)) as control:
        assert [version.number for version in control.versions()] == [2, 1]
    first = explain(server.data, "0.1")
    assert first["claim"]["version"] == 1
    (tag,) = first["events"][0]["tags"]
    assert tag["request"]["version"] == 2, "the request that left was the live version's"
    assert [attempt["version"] for attempt in tag["attempts"]][-1] == 2


def buy_on_both_shards(server: Server) -> set[str]:
    """Sends hits from many connections at once until each worker has taken some; returns their event ids."""
    sent: set[str] = set()

    def buy(name: str) -> None:
        with Browser(server.port) as browser:
            if browser.buy(name):
                sent.add(name)

    with until("both workers have taken hits") as wait:
        while {row["id"].partition(".")[0] for row in list_events(server.data, limit=1000)} != {"0", "1"}:
            names = [f"both.{len(sent)}.{number}" for number in range(16)]
            threads = [threading.Thread(target=buy, args=(name,)) for name in names]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            wait()
    return sent


def test_two_workers_share_the_port_and_one_alone_drains_both_shards(meta: FakeMeta, tmp_path: Path) -> None:
    container = write_container(tmp_path, meta.endpoint)
    server = Server(tmp_path / "data", container, workers=2, env=QUICK)
    meta.behave(SERVER_ERROR)
    with server:
        names = {Path(f"/proc/{pid}/comm").read_text().strip() for pid in server.pids()[1:]}
        assert names == {"admin", "edge-0", "edge-1", "router-0", "router-1"}
        sent = buy_on_both_shards(server)
        assert server.stop() == 0
    meta.behave()
    server.workers = 1
    with server:
        names = {Path(f"/proc/{pid}/comm").read_text().strip() for pid in server.pids()[1:]}
        assert names == {"admin", "edge-0", "router-0", "router-1"}
        meta.wait(lambda: sent <= set(meta.counts))
    assert set(meta.counts) == sent


def test_what_is_past_retention_leaves_the_disk_with_and_without_an_edge(meta: FakeMeta, tmp_path: Path) -> None:
    container = write_container(tmp_path, meta.endpoint)
    server = Server(tmp_path / "data", container, workers=2, env=QUICK)
    with server:
        sent = buy_on_both_shards(server)
        meta.wait(lambda: sent <= set(meta.counts))
        assert server.stop() == 0
    server.workers = 1
    server.env = QUICK | {"FIRSTHAND_RETENTION_DAYS": "0.000001"}
    logs = [SqliteReader(log_path(server.data, shard), shard) for shard in (0, 1)]
    assert [log.first_seq() for log in logs] == [1, 1]
    with server, until("hits and summaries are gone") as wait:
        while list_events(server.data) or any(log.first_seq() for log in logs):
            wait()
    for log in logs:
        log.close()


def test_an_unset_secret_is_named_with_its_variable(tmp_path: Path) -> None:
    container = write_container(tmp_path, "http://127.0.0.1:9")
    says = refused(tmp_path, "--container", str(container))
    assert "The secret INTAKE is not set. Set it with `firsthand secret set INTAKE`, or as the environment" in says
    assert "The secret META_TOKEN is not set. Set it with `firsthand secret set META_TOKEN`, or as the" in says


def test_every_problem_of_a_container_is_told(tmp_path: Path) -> None:
    container = write_container(tmp_path, "http://127.0.0.1:9")
    text = container.read_text().replace("template: meta_pixel", "template: meta_pixle")
    container.write_text(text.replace("exceptions: [bots]", "exceptions: [bot]"))
    lines = refused(tmp_path, "--container", str(container), env=SECRETS).splitlines()
    assert (
        "error: clients.pixel.template: there is no client template `meta_pixle` (did you mean `meta_pixel`?)" in lines
    )
    assert any(line.startswith("error: tags.meta.exceptions.0: there is no trigger `bot`") for line in lines)
    assert lines[-1] == f"{container} is not valid: 2 errors, 2 warnings"


def test_the_admin_port_stays_on_this_machine(tmp_path: Path) -> None:
    says = refused(tmp_path, "--admin-host", "0.0.0.0")
    assert says.startswith("firsthand: The admin port would listen on 0.0.0.0, and no name is allowed there.")
    assert "FIRSTHAND_ADMIN_HOSTS" in says
    assert not (tmp_path / "data").exists()


def test_a_taken_port_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        says = refused(tmp_path, "--port", str(port))
    assert says.endswith(
        f"Cannot listen on 127.0.0.1:{port}: Address already in use. Stop what uses the port, or give another --port.\n"
    )


def test_wrong_and_misspelt_settings(tmp_path: Path) -> None:
    says = refused(tmp_path, env={"FIRSTHAND_DRAIN_S": "99", "FIRSTHAND_LOG_LEVEL": "loud"})
    assert "FIRSTHAND_DRAIN_S=99: Input should be less than or equal to 15." in says
    assert "FIRSTHAND_LOG_LEVEL=loud: " in says
    says = refused(tmp_path, "--admin-host", "0.0.0.0", env={"FIRSTHAND_RETENTION": "3"})
    assert json.loads(says.splitlines()[0])["name"] == "FIRSTHAND_RETENTION"


def test_where_it_listens_is_told(server: Server) -> None:
    words = f"Firsthand listens on {server.url}, for its operator on http://127.0.0.1:{server.admin_port}"
    assert words in server.log_file.read_text().splitlines()
