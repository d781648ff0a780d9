"""Starts the real server, as an operator would, on free loopback ports, and stops it again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

READY_S = 30.0


def free_port() -> int:
    """Returns a loopback port that is free now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def get(url: str, timeout: float = 5.0, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    """Fetches a URL and returns status and body, whatever the status."""
    request = urllib.request.Request(url, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


@dataclass
class Server:
    """One `firsthand serve`. Start it with `with`, or by hand to kill and start it again on the same data."""

    data: Path
    container: Path | None = None
    workers: int = 1
    env: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    admin_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    program: str = "runtime.cli.main"
    """The module that is run."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log_file(self) -> Path:
        return self.data.with_name(self.data.name + ".log")

    def environment(self) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("FIRSTHAND_")}
        return clean | {"FIRSTHAND_ALLOW_ADDRESSES": "127.0.0.0/8"} | self.env

    def start(self) -> Server:
        """Starts the server in a process group of its own and waits until it is ready."""
        command = [sys.executable, "-m", self.program, "serve", "--data", str(self.data)]
        command += ["--port", str(self.port), "--admin-port", str(self.admin_port), "--workers", str(self.workers)]
        if self.container:
            command += ["--container", str(self.container)]
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                command, env=self.environment(), stdout=log, stderr=log, start_new_session=True
            )
        self.wait_ready()
        return self

    def wait_ready(self) -> None:
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            assert self.process is not None
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended:\n{self.log_file.read_text()}")
            try:
                if get(self.url + "/readyz", timeout=1)[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"the server is not ready:\n{self.log_file.read_text()}")

    def pids(self) -> list[int]:
        """Returns the pids of all its processes, the supervisor's first."""
        assert self.process is not None
        group = self.process.pid
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                except (FileNotFoundError, ProcessLookupError):
                    continue
                if int(fields[2]) == group and fields[0] != "Z":
                    found.append(int(entry.name))
        return sorted(found)

    def kill_all(self) -> None:
        """SIGKILL for every process at once."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
        while self.pids():
            time.sleep(0.01)

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(40)

    def __enter__(self) -> Server:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill_all()
        elif self.pids():
            self.kill_all()


def command(*arguments: str, data: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Runs one `firsthand` command on a data folder."""
    environment = Server(data, env=env or {}).environment() | {"FIRSTHAND_DATA_DIR": str(data)}
    return subprocess.run(
        [sys.executable, "-m", "runtime.cli.main", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


@contextmanager
def until(what: str, seconds: float = 30.0) -> Iterator[Waiting]:
    """Gives a waiter: `with until("all delivered") as wait: while not done(): wait()`."""
    yield Waiting(what, time.monotonic() + seconds)


@dataclass
class Waiting:
    """Sleeps a moment, and fails with a message when the time is over."""

    what: str
    deadline: float

    def __call__(self) -> None:
        if time.monotonic() > self.deadline:
            raise AssertionError(f"not in time: {self.what}")
        time.sleep(0.05)
