"""The newcomer's path: every command of the section in tags/README.md, executed as it stands in an empty folder.

Only what must differ on a test's machine is put in its place: ports, the vendor's address, the address guard.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.containers.templates import BUILT_IN
from tests.support.server import free_port, get, until
from tests.support.vendor import Vendor

VENDOR = "https://api.vendor.example/events"
TEMPLATE = Path("templates/destinations/my_vendor")


def commands() -> list[str]:
    """Returns the shell blocks of the section, in their order."""
    text = (BUILT_IN / "README.md").read_text()
    section = text.split("\n## Adding one\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^```sh\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)


class Terminal:
    """A shell in a new folder, which is its home too, with `firsthand` on its path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "work"
        self.folder.mkdir()
        programs = folder / "bin"
        programs.mkdir()
        (programs / "firsthand").write_text(f'#!/bin/sh\nexec {sys.executable} -m runtime.cli.main "$@"\n')
        (programs / "firsthand").chmod(0o755)
        clean = {name: value for name, value in os.environ.items() if not name.startswith("FIRSTHAND_")}
        self.environment = clean | {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "PYTHONPATH": str(BUILT_IN.parent),
            "PYTHONDONTWRITEBYTECODE": "1",
            "FIRSTHAND_ALLOW_ADDRESSES": "127.0.0.0/8",
        }

    def run(self, block: str) -> str:
        """Runs one block and returns what it prints; it must go well."""
        done = subprocess.run(
            ["sh", "-eu", "-c", block],
            cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"
        return done.stdout

    def start(self, block: str) -> subprocess.Popen[bytes]:
        """Starts one block in a process group of its own."""
        with (self.folder.parent / "server.log").open("wb") as log:
            return subprocess.Popen(
                ["sh", "-eu", "-c", block], cwd=self.folder, env=self.environment, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    def files(self) -> set[Path]:
        """Returns all files of the folder."""
        return {path.relative_to(self.folder) for path in self.folder.rglob("*") if path.is_file()}


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with Vendor() as vendor:
        yield vendor


def state_of(folder: Path) -> dict[Path, str]:
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


def test_the_documented_path_leads_to_a_delivered_event(terminal: Terminal, vendor: Vendor) -> None:
    *making, serving, sending = commands()
    assert len(making) == 6
    ours = state_of(BUILT_IN)
    printed = ""
    for block in making:
        printed = terminal.run(
            block.replace(VENDOR, f"{vendor.endpoint}/events") if "container.yaml" in block else block
        )
    assert "ok    destination/my_vendor" in printed
    outside = {path for path in terminal.files() if TEMPLATE not in path.parents}
    assert outside == {Path("event.yaml"), Path("container.yaml")}
    assert state_of(BUILT_IN) == ours

    port = free_port()
    serving = serving.strip() + f" --port {port} --admin-port {free_port()}"
    server = terminal.start(serving)
    try:
        wait_ready(port, server, terminal)
        shown = terminal.run(as_sent(sending, port))
        vendor.wait(lambda: bool(vendor.requests))
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(60)
    assert "purchase" in shown
    (request,) = vendor.requests
    assert (request.method, request.path) == ("POST", "/events")
    assert request.headers["authorization"] == "Bearer k-1"
    (item,) = request.json()["events"]
    assert {name: item[name] for name in ("name", "account", "value", "currency")} == {
        "name": "purchase",
        "account": "my-account",
        "value": 12.5,
        "currency": "EUR",
    }
    assert item["id"]


def as_sent(block: str, port: int) -> str:
    """Returns the block with the test's port; curl is told to fail where the server refuses."""
    assert shutil.which("curl"), "this test needs curl"
    return block.replace("127.0.0.1:8080", f"127.0.0.1:{port}").replace("curl ", "curl -sS --fail ")


def wait_ready(port: int, server: subprocess.Popen[bytes], terminal: Terminal) -> None:
    with until("the server is ready") as wait:
        while True:
            assert server.poll() is None, (terminal.folder.parent / "server.log").read_text()
            try:
                if get(f"http://127.0.0.1:{port}/readyz", timeout=1)[0] == 200:
                    return
            except OSError:
                pass
            wait()


def test_a_mistake_on_the_way_is_told_with_its_place(terminal: Terminal) -> None:
    blocks = commands()
    for block in blocks[:3]:
        terminal.run(block)
    wrong = blocks[2].replace("items.quantity", "items.quantiti")
    terminal.run(wrong)
    with pytest.raises(AssertionError) as caught:
        terminal.run("firsthand container test templates/destinations/my_vendor")
    assert "destination.lua:10:36: there is no `items.quantiti` (did you mean `items.quantity`?)" in str(caught.value)
    terminal.run(blocks[2])
    with pytest.raises(AssertionError) as caught:
        terminal.run("firsthand container test templates/destinations/my_vendor")
    assert "expect.item.pieces" in str(caught.value)
