"""`firsthand doctor` on a store that is set up well, and on one that is not."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.doctored import DOMAIN, Doctored, doctored
from tests.support.server import command
from tests.support.vendor import Vendor


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doctored]:
    with Vendor() as vendor, doctored(tmp_path_factory.mktemp("store"), vendor.endpoint) as found:
        found.authority.cert_pem.write_to_path(found.folder / "ca.pem")
        yield found


def doctor(store: Doctored, *words: str, data: Path | None = None) -> subprocess.CompletedProcess[str]:
    where = ["--resolver", f"127.0.0.1:{store.dns.port}", "--port", str(store.front.port)]
    where += ["--ca", str(store.folder / "ca.pem"), "--data", str(data or store.server.data)]
    return command("doctor", *words, *where, data=store.server.data)


def test_all_is_well(store: Doctored) -> None:
    store.reset()
    done = doctor(store, DOMAIN)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("t.shop.example, for pages of shop.example\n")
    assert "ok       Safari: Cookies live as long as the server says." in done.stdout
    assert "BAD" not in done.stdout
    assert "WARN" not in done.stdout


def test_as_json(store: Doctored) -> None:
    store.reset()
    report = json.loads(doctor(store, DOMAIN, "--shop", "www.other.example", "--json").stdout)
    assert (report["worst"], report["shop"]) == ("bad", "www.other.example")
    assert {each["name"]: each["state"] for each in report["findings"]}["site"] == "bad"
    assert {"name", "title", "state", "found", "todo"} == set(report["findings"][0])


def test_what_is_bad_ends_with_1_and_says_what_to_do(store: Doctored) -> None:
    store.reset()
    store.front.manners.keeps_cookies = False
    done = doctor(store, DOMAIN)
    assert done.returncode == 1
    assert "BAD      Cookies: The cookie that the collector set did not arrive." in done.stdout
    assert "→ Let the proxy or CDN pass Set-Cookie on" in done.stdout


def test_a_warning_is_no_failure(store: Doctored) -> None:
    store.reset()
    store.dns.ttl = 90_000
    done = doctor(store, DOMAIN)
    assert done.returncode == 0
    assert "WARN     DNS records" in done.stdout


def test_from_a_machine_without_a_data_folder(store: Doctored, tmp_path: Path) -> None:
    store.reset()
    done = doctor(store, DOMAIN, "--shop", "shop.example", data=tmp_path / "none")
    assert done.returncode == 0, "what nobody can tell is not bad"
    assert "unknown  The collector answers: A Firsthand answers, and is ready." in done.stdout
    assert "unknown  Data folder" in done.stdout


def test_what_is_given_wrongly(store: Doctored, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("none")
    for words in (["<none>"], [DOMAIN, "--resolver", "a:b"], [DOMAIN, "--ca", str(tmp_path / "ca.pem")]):
        done = command("doctor", *words, data=store.server.data)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert done.stderr.startswith("firsthand: ")
