"""`firsthand health`: its exit code is what a container's health check acts on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from runtime.cli.main import app
from tests.support.server import Server, free_port
from tests.support.vendor import Answer, Behaviour, Vendor, status


def health(port: int) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["health", "--port", str(port)])
    return result.exit_code, result.output


def test_a_server_that_takes_hits_is_ready(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        assert health(server.port) == (0, "ready\n")


@pytest.fixture
def vendor() -> object:
    with Vendor() as running:
        yield running


def test_reasons_are_told(vendor: Vendor) -> None:
    body = {"status": "not ready", "reasons": ["stopping", "the log cannot be written"]}
    vendor.behave(status(503, json.dumps(body).encode()))
    assert health(vendor.port) == (1, "not ready: stopping, the log cannot be written\n")
    assert vendor.requests[0].path == "/readyz"


@pytest.mark.parametrize("body", [b"", b"<html>Bad Gateway</html>", b"[]", b'{"reasons": 5}'])
def test_something_else_that_answers_is_not_ready(vendor: Vendor, body: bytes) -> None:
    vendor.behave(Behaviour(answer=Answer(502, body)))
    assert health(vendor.port) == (1, "not ready: HTTP 502\n")


def test_a_port_that_speaks_no_http_is_told(vendor: Vendor) -> None:
    vendor.behave(Behaviour("garbage"))
    code, output = health(vendor.port)
    assert code == 1
    assert "does not answer" in output


def test_a_port_without_a_server_is_told() -> None:
    port = free_port()
    says = f"127.0.0.1:{port} does not answer: Connection refused. Does a server run, and on this port?\n"
    assert health(port) == (1, says)
