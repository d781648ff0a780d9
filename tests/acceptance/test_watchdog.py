"""A script that hangs or crashes its router in native code: everybody else goes on, and the script is put away.

A real server whose kit has functions that hang (tests/support/hanging_server.py), with templates that call them.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.server import Server, command, until
from tests.support.stuck_shop import event, write_stuck_container
from tests.support.vendor import Vendor

Show = Callable[[str], None]

JSON = {"Content-Type": "application/json"}
LOAD_GAP_S = 0.01
PROGRAM = "tests.support.hanging_server"


@pytest.fixture
def healthy() -> Iterator[Vendor]:
    with Vendor() as vendor:
        yield vendor


@pytest.fixture
def stuck() -> Iterator[Vendor]:
    with Vendor() as vendor:
        yield vendor


class Shop:
    """The server, its two vendors, and the events that it acknowledged."""

    def __init__(self, folder: Path, healthy: Vendor, stuck: Vendor) -> None:
        self.folder, self.healthy, self.stuck = folder, healthy, stuck
        self.acknowledged: list[str] = []
        self.slowest_s = 0.0
        self.server = self._server()

    def _server(self, *, corrected: bool = False) -> Server:
        container = write_stuck_container(self.folder, self.healthy.endpoint, self.stuck.endpoint, corrected=corrected)
        return Server(self.folder / "data", container, workers=2, env={"FIRSTHAND_DRAIN_S": "0"}, program=PROGRAM)

    def __enter__(self) -> Shop:
        self.server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.__exit__(None, None, None)

    def restart(self, *, corrected: bool = False) -> None:
        """Stops the server and starts it again, with templates that hang no more if asked."""
        assert self.server.stop() == 0
        self.server = self._server(corrected=corrected).start()

    def post(self, event_id: str, path: str = "/e", **more: str) -> None:
        """Sends one event on a connection of its own, so that either worker may get it; it must be acknowledged."""
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        connection.request("POST", path, body=event(event_id, **more), headers=JSON)
        assert 200 <= connection.getresponse().status < 300
        connection.close()
        self.slowest_s = max(self.slowest_s, time.monotonic() - began)
        self.acknowledged.append(event_id)

    def delivered(self, vendor: Vendor) -> set[str]:
        """Returns the ids of the events that a vendor received."""
        name = "event_id" if vendor is self.healthy else "id"
        return {_event_id(request.headers, request.json(), name) for request in vendor.requests}

    def logged(self, name: str) -> list[dict[str, Any]]:
        """Returns the server's log lines of one event."""
        lines = [line for line in self.server.log_file.read_text().splitlines() if line.startswith("{")]
        return [line for line in map(json.loads, lines) if line["event"] == name]

    def wait_for(self, name: str, times: int = 1) -> dict[str, Any]:
        """Waits for so many log lines of an event and returns the last."""
        with until(f"{times} × {name}", 40) as wait:
            while len(lines := self.logged(name)) < times:
                wait()
        return lines[-1]

    def dead(self) -> list[dict[str, Any]]:
        """Returns the dead letters, as `deliveries list` prints them."""
        return self.listed("deliveries", "list", "--state", "dead", "--limit", "10000", "--json")

    def listed(self, *words: str) -> list[dict[str, Any]]:
        """Returns what a command prints."""
        done = command(*words, data=self.server.data)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def routers(self) -> dict[str, int]:
        """Returns the routers' pids by name."""
        named = {Path(f"/proc/{pid}/comm").read_text().strip(): pid for pid in self.server.pids()}
        return {name: pid for name, pid in named.items() if name.startswith("router-")}


def _event_id(headers: dict[str, str], body: dict[str, Any], name: str) -> str:
    return headers.get("x-firsthand-event-id") or str(body[name])


class Load:
    """Sends healthy events without pause until the block ends."""

    def __init__(self, shop: Shop) -> None:
        self._shop, self._going = shop, True
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._send)

    def _send(self) -> None:
        number = 0
        try:
            while self._going:
                number += 1
                self._shop.post(f"load.{time.time_ns()}.{number}")
                time.sleep(LOAD_GAP_S)
        except (OSError, AssertionError, http.client.HTTPException) as error:
            self.failure = error

    def __enter__(self) -> Load:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._going = False
        self._thread.join()


def unix(line: dict[str, Any]) -> float:
    """Returns a log line's time in Unix seconds."""
    return datetime.fromisoformat(line["timestamp"]).timestamp()


def test_a_hang_in_map_costs_the_tag_its_events_and_nobody_else_anything(
    healthy: Vendor, stuck: Vendor, tmp_path: Path, show: Show
) -> None:
    with Shop(tmp_path, healthy, stuck) as shop:
        for number in range(20):
            shop.post(f"before.{number}")
        healthy.wait(lambda: len(shop.delivered(healthy)) == 20)
        stuck.wait(lambda: len(shop.delivered(stuck)) == 20)
        before = shop.routers()
        with Load(shop) as load:
            time.sleep(0.3)
            shop.post("hangs", manner="spin")
            sent = time.time()
            hung = shop.wait_for("script_hung")
            restarted = shop.wait_for("process_restarted")
            time.sleep(1.0)
        assert load.failure is None
        healthy.wait(lambda: set(shop.acknowledged) <= shop.delivered(healthy), 30)
        _check_who_was_restarted(before, shop.routers(), hung)
        dead = shop.dead()
        _check_fates(shop, hung, dead)
        _check_lists(shop, hung)
        shop.restart()
        shop.post("after-restart")
        healthy.wait(lambda: "after-restart" in shop.delivered(healthy))
        with until("the quarantine outlived the restart") as wait:
            while not any(letter["event_id"] == "after-restart" for letter in shop.dead()):
                wait()
        assert len(shop.logged("script_hung")) == 1
        shop.restart(corrected=True)
        shop.post("corrected", manner="spin")
        stuck.wait(lambda: "corrected" in shop.delivered(stuck))
        assert len(shop.logged("script_hung")) == 1
    _show_figures(show, shop, sent, hung, restarted, len(dead))


def _check_who_was_restarted(before: dict[str, int], after: dict[str, int], hung: dict[str, Any]) -> None:
    assert before.keys() == after.keys() == {"router-0", "router-1"}
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {hung["process"]}
    assert before[hung["process"]] == hung["pid"]


def _check_fates(shop: Shop, hung: dict[str, Any], dead: list[dict[str, Any]]) -> None:
    """Whatever the stuck tag did not deliver is a dead letter, and the hit that hung is one of them."""
    assert {(letter["tag"], letter["reason"]) for letter in dead} == {("stuck", "script_quarantined")}
    (letter,) = [letter for letter in dead if letter["event_id"] == "hangs"]
    assert letter["hit"] == hung["hit"]
    assert f"hung its router on hit {hung['hit']}" in letter["message"]
    assert "publish a corrected version, or lift the quarantine of destination/stuck_tag#" in letter["message"]
    assert shop.delivered(shop.stuck) | {letter["event_id"] for letter in dead} == set(shop.acknowledged)
    assert hung["level"] == "error"
    assert hung["cpu_s"] >= 0.6


def _check_lists(shop: Shop, hung: dict[str, Any]) -> None:
    (row,) = shop.listed("quarantine", "list", "--json")
    assert (row["script"], row["hit"], row["cause"]) == (hung["script"], hung["hit"], "hung")
    # Whoever explains the hit must not hang on it either.
    done = command("events", "show", hung["hit"], "--json", data=shop.server.data)
    traced = json.loads(done.stdout)
    (run,) = [tag for tag in traced["events"][0]["tags"] if tag["tag"] == "stuck"]
    assert run["state"] == "failed"
    assert run["reason"].startswith("quarantined: not called since")


def _show_figures(
    show: Show, shop: Shop, sent: float, hung: dict[str, Any], restarted: dict[str, Any], dead: int
) -> None:
    own = next(
        each for each in shop.healthy.requests if _event_id(each.headers, {"event_id": ""}, "event_id") == "hangs"
    )
    repeated = len(shop.healthy.requests) - len(shop.delivered(shop.healthy))
    show(
        f"hit sent to kill {unix(hung) - sent:.3f} s (the call used {hung['cpu_s']} CPU s)"
        f" · kill to router forked {1000 * (unix(restarted) - unix(hung)):.0f} ms"
        f" · kill to the next delivery of its shard {own.at_s - unix(hung):.3f} s\n"
        f"{len(shop.acknowledged)} events acknowledged, the slowest in {1000 * shop.slowest_s:.0f} ms;"
        f" healthy tag: all delivered, {repeated} repeated; stuck tag: {dead} dead letters, none lost"
    )


def test_a_deadlock_in_parse_costs_its_hit_and_the_client(
    healthy: Vendor, stuck: Vendor, tmp_path: Path, show: Show
) -> None:
    with Shop(tmp_path, healthy, stuck) as shop:
        shop.post("before", "/odd")
        # Until its fate is written: what is not written when a router is killed is run again.
        with until("the first event is settled") as wait:
            while not shop.listed("events", "list", "--json"):
                wait()
        shop.post("hangs", "/odd", manner="sleep")
        for number in range(20):
            shop.post(f"others.{number}")
        hung = shop.wait_for("script_hung")
        wanted = {"before", *(f"others.{number}" for number in range(20))}
        healthy.wait(lambda: shop.delivered(healthy) == wanted, 30)
        stuck.wait(lambda: shop.delivered(stuck) == wanted, 30)
        with until("the dead letter") as wait:
            while not (dead := shop.dead()):
                wait()
        assert [(letter["tag"], letter["reason"], letter["hit"]) for letter in dead] == [
            ("(pipeline)", "script_quarantined", hung["hit"])
        ]
        assert hung["script"].startswith("client/odd_client#")
        assert hung["cpu_s"] < 0.6
        assert hung["wall_s"] >= 10
    show(f"deadlock: killed after {hung['wall_s']} s in one call, {hung['cpu_s']} CPU s")


def test_a_crash_in_a_script_does_not_come_back_with_every_restart(
    healthy: Vendor, stuck: Vendor, tmp_path: Path
) -> None:
    with Shop(tmp_path, healthy, stuck) as shop:
        shop.post("crashes", manner="crash")
        crashed = shop.wait_for("script_crashed")
        time.sleep(1)  # All other routers know by then.
        shop.post("later")
        healthy.wait(lambda: {"crashes", "later"} <= shop.delivered(healthy))
        with until("both dead letters") as wait:
            while len(dead := shop.dead()) < 2:
                wait()
        assert {letter["event_id"] for letter in dead} == {"crashes", "later"}
        assert {(letter["tag"], letter["reason"]) for letter in dead} == {("stuck", "script_quarantined")}
        assert shop.delivered(stuck) == set()
        assert crashed["status"] == "SIGSEGV"
        assert len(shop.logged("process_died")) == 1


def test_a_hang_in_request_stops_the_tag_and_keeps_what_it_had(healthy: Vendor, stuck: Vendor, tmp_path: Path) -> None:
    with Shop(tmp_path, healthy, stuck) as shop:
        shop.post("held", late="spin")
        hung = shop.wait_for("script_hung")
        assert hung["hit"] is None
        shop.wait_for("tag_stopped")
        shop.post("later")
        healthy.wait(lambda: {"held", "later"} <= shop.delivered(healthy))
        assert shop.delivered(stuck) == set()
        shop.restart(corrected=True)
        stuck.wait(lambda: shop.delivered(stuck) == {"held", "later"})
        assert shop.dead() == []


def test_a_quarantine_can_be_lifted_while_the_server_runs(healthy: Vendor, stuck: Vendor, tmp_path: Path) -> None:
    with Shop(tmp_path, healthy, stuck) as shop:
        shop.post("hangs", manner="spin")
        script = shop.wait_for("script_hung")["script"]
        healthy.wait(lambda: "hangs" in shop.delivered(healthy))
        with until("the quarantine is listed") as wait:
            while script not in command("quarantine", "list", data=shop.server.data).stdout:
                wait()
        done = command("quarantine", "lift", script, data=shop.server.data)
        assert done.returncode == 0, done.stderr
        with until("every worker has lifted it") as wait:
            while script in command("quarantine", "list", data=shop.server.data).stdout:
                wait()
        time.sleep(1)  # All routers know by then.
        for number in range(6):
            shop.post(f"lifted{number}")
        stuck.wait(lambda: {f"lifted{number}" for number in range(6)} <= shop.delivered(stuck))
