"""No 2xx leaves before the sync that covers it: read off the system calls of a real edge process.

kill -9 says nothing of power loss, so what has to be shown is the order of write, fdatasync and send.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.support.fake_meta import FakeMeta
from tests.support.server import Server
from tests.support.shop import Browser

HITS, SENDERS = 40, 4
LINE = re.compile(r"(?P<thread>\d+) +\d+\.\d+ (?P<text>.*)")
STARTED = re.compile(r"(?P<name>\w+)\((?P<fd>\d+<[^>]*>)")
RESUMED = re.compile(r"<\.\.\. \w+ resumed>")
HIT = re.compile(r"eid=(durable\.\d+\.\d+)&")


class Call(NamedTuple):
    """A system call at its start or at its end; one that nothing came between is both."""

    name: str
    file: str
    text: str
    starts: bool
    ends: bool


def edge_pid(server: Server) -> int:
    """Returns the pid of the edge process, by its name."""
    return next(pid for pid in server.pids() if Path(f"/proc/{pid}/comm").read_text().strip() == "edge-0")


def send_hits(server: Server) -> None:
    """Sends hits from several connections at once, so that commits overlap with requests."""

    def buy(sender: int) -> None:
        with Browser(server.port) as browser:
            for number in range(HITS // SENDERS):
                assert browser.buy(f"durable.{sender}.{number}")

    threads = [threading.Thread(target=buy, args=(sender,)) for sender in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def trace(server: Server, output: Path) -> str:
    """Returns what strace saw of the edge while hits came in. Long strings, so that a WAL page shows whole."""
    strace = shutil.which("strace")
    assert strace, "strace is missing: `make system` installs it"
    which = "trace=read,recvfrom,recvmsg,write,writev,pwrite64,sendto,sendmsg,fdatasync,fsync"
    command = [strace, "-f", "-ttt", "-y", "-s", "9000", "-e", which, "-o", str(output), "-p", str(edge_pid(server))]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        while b"attached" not in process.stderr.readline():
            assert process.poll() is None, "strace could not attach"
        send_hits(server)
        process.terminate()
    return output.read_text(errors="replace")


def calls(text: str) -> Iterator[Call]:
    """Yields the calls in the order in which the kernel saw them begin and end."""
    open_calls: dict[str, tuple[str, str]] = {}
    for line in text.splitlines():
        matched = LINE.match(line)
        if not matched:
            continue
        thread, rest = matched["thread"], matched["text"]
        started = STARTED.match(rest)
        if started:
            unfinished = "<unfinished ...>" in rest
            if unfinished:
                open_calls[thread] = (started["name"], started["fd"])
            yield Call(started["name"], started["fd"], rest, True, not unfinished)
        elif RESUMED.match(rest) and thread in open_calls:
            name, file = open_calls.pop(thread)
            yield Call(name, file, rest, False, True)


def check(seen: Iterator[Call]) -> int:
    """Returns how many acknowledgements were seen; fails at one whose hit no finished sync covers."""
    asked: dict[str, str] = {}
    written: set[str] = set()
    covered_by_sync: set[str] = set()
    durable: set[str] = set()
    acknowledged = 0
    for call in seen:
        if "log-0.db-wal" in call.file:
            if call.name in ("pwrite64", "write"):
                written |= set(HIT.findall(call.text))
            elif call.name in ("fdatasync", "fsync"):
                if call.starts:
                    covered_by_sync = set(written)
                if call.ends:
                    durable |= covered_by_sync
        elif "socket:" in call.file and (hits := HIT.findall(call.text)):
            asked[call.file] = hits[-1]
        elif "socket:" in call.file and call.starts and "HTTP/1.1 2" in call.text and call.file in asked:
            hit = asked.pop(call.file)
            assert hit in durable, f"{hit} was acknowledged before a sync covered it"
            acknowledged += 1
    return acknowledged


def test_no_2xx_before_its_sync(server: Server, meta: FakeMeta, tmp_path: Path) -> None:
    assert check(calls(trace(server, tmp_path / "calls"))) == HITS


def test_the_check_can_fail() -> None:
    request = '7 1.0 read(5<socket:[1]>, "GET /tr?eid=durable.0.0&fbp=x HTTP/1.1", 99) = 99'
    write = '8 1.1 pwrite64(6</data/log-0.db-wal>, "eid=durable.0.0&fbp=x", 4096, 0) = 4096'
    sync = "8 1.2 fdatasync(6</data/log-0.db-wal>) = 0"
    answer = '7 1.3 write(5<socket:[1]>, "HTTP/1.1 200 OK", 15) = 15'
    assert check(calls("\n".join([request, write, sync, answer]))) == 1
    for wrong in ([request, write, answer, sync], [request, sync, write, answer]):
        try:
            check(calls("\n".join(wrong)))
        except AssertionError:
            continue
        raise AssertionError(f"not noticed: {wrong}")
