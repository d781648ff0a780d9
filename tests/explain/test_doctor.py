"""`firsthand doctor`: each thing that can be wrong with a store's subdomain is told, and one that is right passes."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import os
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from runtime.containers.snapshot import encode_snapshot
from runtime.edge.preview import HEADER
from runtime.edge.preview_page import CHECK
from runtime.errors import OperatorError
from runtime.explain.doctor import place as looked_from
from runtime.explain.doctor import visit
from runtime.explain.doctor.examine import CHECKS, examine
from runtime.explain.doctor.finding import Finding
from runtime.explain.doctor.place import Place
from runtime.explain.doctor.safari import judge_cookies
from runtime.explain.doctor.subject import read_subject
from runtime.explain.shard import open_shards
from runtime.http.dns import Dns, Walk
from runtime.model.delivery import Response
from runtime.settings import Settings
from runtime.store.control import Control
from runtime.store.files import control_path
from tests.support.doctored import DOMAIN, LOOPBACK, SHOP, Doctored, doctored
from tests.support.front import Front
from tests.support.server import free_port, get
from tests.support.snapshots import snapshot
from tests.support.vendor import Vendor

ELSEWHERE = {DOMAIN: {"CNAME": ["c.host.example."]}, "c.host.example": {"A": ["127.0.0.1"]}}
WWW = "www.shop.example"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doctored]:
    with Vendor() as vendor, doctored(tmp_path_factory.mktemp("store"), vendor.endpoint) as found:
        yield found


@pytest.fixture
def store(running: Doctored) -> Doctored:
    running.reset()
    return running


def test_the_edge_and_the_doctor_name_the_same_place() -> None:
    assert looked_from.CHECK_PATH == CHECK
    assert looked_from.HEADER.encode() == HEADER


def test_a_store_that_is_set_up_well(store: Doctored) -> None:
    before = _traces(store)
    report = store.look()
    assert {each.name: (each.state, each.found) for each in report.findings if each.state != "ok"} == {}
    assert report.worst == "ok"
    assert [each.name for each in report.findings][-1] == "vendor:hook"
    assert len(report.findings) == len(CHECKS) + 1
    assert _traces(store) == before
    told = {each.name: each.found for each in report.findings}
    assert "203.0.113.9" in told["proxies"]
    assert "shop.example and all beneath it" in told["cookie"]


def _traces(store: Doctored) -> list[tuple[int, dict[tuple[str, str], int]]]:
    """Returns what is left of anything that a collector took or refused."""
    return [(shard.log.last_seq(), shard.log.totals()) for shard in open_shards(store.server.data)]


def test_the_collector_tells_of_itself_to_nobody_else(store: Doctored) -> None:
    for headers in ({}, {"x-forwarded-for": "203.0.113.1"}, {looked_from.HEADER: "made-up"}):
        status, body = get(store.server.url + CHECK, headers=headers)
        assert status == 403
        assert b"peer" not in body


@pytest.mark.parametrize(
    ("zone", "name", "state", "words"),
    [
        ({}, "dns", "bad", "There is no name"),
        ({DOMAIN: {"TXT": ['"x"']}}, "dns", "bad", "has no address"),
        ({DOMAIN: {"A": ["10.0.0.7"]}}, "dns", "bad", "not a public address"),
        ({DOMAIN: {"CNAME": ["gone.host.example."]}}, "alias", "bad", "which does not exist"),
        (ELSEWHERE, "alias", "ok", "exists"),
        (ELSEWHERE, "safari", "warn", "seven days"),
        ({DOMAIN: {"A": ["127.9.0.1"]}}, "safari", "warn", "different networks"),
        ({DOMAIN: {"A": ["127.0.9.1"]}}, "safari", "ok", "first half"),
        ({DOMAIN: {"A": ["127.0.0.1"], "CAA": ['0 issue ";"']}}, "caa", "bad", "allow nobody"),
        ({DOMAIN: {"A": ["127.0.0.1"], "CAA": ['0 issue "own.example"']}}, "caa", "warn", "own.example only"),
    ],
)  # fmt: skip
def test_names(store: Doctored, zone: dict[str, Any], name: str, state: str, words: str) -> None:
    kept = {key: value for key, value in store.dns.zone.items() if key != DOMAIN}
    store.dns.zone = kept | zone
    found = store.finding(name)
    assert (found.state, words in found.found) == (state, True), found
    assert found.todo or state == "ok"


def test_a_record_that_others_remember_for_long(store: Doctored) -> None:
    store.dns.ttl = 86400
    found = store.finding("dns")
    assert found.state == "warn"
    assert "86400" in found.todo


def test_every_name_leads_somewhere(store: Doctored) -> None:
    store.dns.zone = _Wild(store.dns.zone)
    assert store.finding("wildcard").state == "warn"


class _Wild(dict[str, Any]):
    def get(self, key: str, default: Any = None) -> Any:
        return super().get(key, {"A": ["127.0.0.1"]} if key.startswith("firsthand-") else default)


def test_no_dns_at_all(store: Doctored) -> None:
    net = store.net()
    net.dns = Dns([("127.0.0.1", free_port())], LOOPBACK, query_s=0.1)
    report = examine(read_subject(DOMAIN, "", store.settings()), net)
    states = {each.name: each.state for each in report.findings}
    assert states["dns"] == states["safari"] == states["tls"] == "unknown"


@pytest.mark.parametrize(
    ("domain", "shop", "state", "words"),
    [
        (DOMAIN, "", "ok", "are both shop.example"),
        (DOMAIN, "www.other.example", "bad", "of the site shop.example"),
        ("t.stranger.example", "stranger.example", "bad", "none of the container's domains"),
        ("shop.co.uk", "co.uk", "bad", "(none)"),
    ],
)
def test_sites(store: Doctored, domain: str, shop: str, state: str, words: str) -> None:
    found = store.finding("site", domain, shop)
    assert (found.state, words in found.found) == (state, True), found


@pytest.mark.parametrize(
    ("manners", "name", "state", "words"),
    [
        ({"keeps_cookies": False}, "cookie", "bad", "did not arrive"),
        ({"host": "t.other.example"}, "cookie", "bad", "sits on the collector alone"),
        ({"scheme": "http"}, "cookie", "bad", "not marked Secure"),
        ({"scheme": "http"}, "proxies", "bad", "takes an https request for http"),
        ({"address": "pass"}, "proxies", "bad", "made-up visitor's address was believed"),
        ({"visitor": "127.0.0.9"}, "proxies", "unknown", "cannot test"),
        ({"address": "none"}, "proxies", "unknown", "private"),
        ({"status": 404}, "answer", "bad", "Something else answers: HTTP 404 from elsewhere"),
        ({"status": 404, "body": b"<h1>No such app</h1>"}, "answer", "bad", "nobody claimed"),
        ({"status": 200, "body": b"hello"}, "answer", "bad", "Something else answers: HTTP 200"),
        ({"status": 404}, "cookie", "unknown", "did not answer"),
        ({"status": 404}, "proxies", "unknown", "did not answer"),
    ],
)
def test_proxies(store: Doctored, manners: dict[str, Any], name: str, state: str, words: str) -> None:
    for key, value in manners.items():
        setattr(store.front.manners, key, value)
    found = store.finding(name)
    assert (found.state, words in found.found) == (state, True), found
    assert found.todo or state == "unknown"


def test_a_path_of_the_stores_own_host(store: Doctored) -> None:
    store.front.manners.prefix = "/metrics"
    report = store.look(f"https://{SHOP}/metrics/")
    assert report.domain == SHOP
    states = {each.name: each.state for each in report.findings}
    assert states["answer"] == states["cookie"] == states["safari"] == "ok"
    store.front.manners.prefix = ""
    wrong = store.finding("answer", f"{SHOP}/metrics")
    assert wrong.state == "bad"
    assert "without /metrics" in wrong.todo


def test_a_proxy_that_is_not_trusted(store: Doctored) -> None:
    """The collector here trusts nobody, so the address that a proxy tells is not believed, and the operator told."""
    told = looked_from.Told("1", "a", "shop", 1, DOMAIN, "https", "", False, "10.0.0.2", "192.0.2.77, 203.0.113.9", 0)
    found = _of(store, told, "proxies")
    assert found.state == "bad"
    assert "FIRSTHAND_TRUSTED_PROXIES=10.0.0.2" in found.todo


def test_everybody_is_trusted(store: Doctored) -> None:
    found = store.finding("proxies", trusted_proxies=(ipaddress.ip_network("0.0.0.0/0"),))
    assert found.state == "bad"
    assert "trusts everybody" in found.found


@pytest.mark.parametrize(("off", "state"), [(0, "ok"), (20, "warn"), (-3600, "bad")])
def test_clocks(store: Doctored, off: int, state: str) -> None:
    at_ms = int((time.time() + off) * 1000)
    told = looked_from.Told("1", "a", "shop", 1, DOMAIN, "https", "203.0.113.9", True, "10.0.0.2", "", at_ms)
    found = _of(store, told, "clock")
    assert found.state == state, found


def _of(store: Doctored, told: looked_from.Told, name: str) -> Finding:
    """Returns what a check makes of what a collector tells."""

    async def look() -> Finding:
        place = Place(read_subject(DOMAIN, "", store.settings()), store.net())
        answered = looked_from.Answered(told, Response(200, {}, b"", 1), "", time.time())
        place._known["answered"] = asyncio.get_running_loop().create_future()
        place._known["answered"].set_result(answered)
        try:
            found: Finding = await getattr(visit, name)(place)
            return found
        finally:
            await place.aclose()

    return asyncio.run(look())


def test_certificates(store: Doctored) -> None:
    yesterday = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=3)
    cases: list[tuple[trustme.LeafCert, str, str]] = [
        (store.authority.issue_cert("other.example"), "bad", "it is for other.example"),
        (store.authority.issue_cert(DOMAIN, not_after=yesterday), "bad", "expired"),
        (store.authority.issue_cert(DOMAIN, not_after=soon), "warn", f"{soon:%Y-%m-%d}"),
        (trustme.CA().issue_cert(DOMAIN), "bad", "certificate"),
    ]
    for certificate, state, words in cases:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        with Front(context, store.server.port) as front:
            net = store.net()
            net.port = front.port
            report = examine(read_subject(DOMAIN, "", store.settings()), net)
        found = next(each for each in report.findings if each.name == "tls")
        assert (found.state, words in found.found) == (state, True), found


def test_nobody_listens(store: Doctored) -> None:
    net = store.net()
    net.port = free_port()
    report = examine(read_subject(DOMAIN, "", store.settings()), net)
    states = {each.name: each.state for each in report.findings}
    assert (states["tls"], states["answer"]) == ("bad", "bad")
    assert report.worst == "bad"


def test_a_domain_in_a_private_network_is_not_contacted(store: Doctored) -> None:
    net = store.net()
    net.allow = ()
    report = examine(read_subject(DOMAIN, "", store.settings()), net)
    found = {each.name: each for each in report.findings}
    assert "not a public address" in found["tls"].found
    assert "not a public address" in found["answer"].found
    assert "not a public address" in found["vendor:hook"].found


def test_no_data_folder(store: Doctored, tmp_path: Path) -> None:
    net = store.net()
    report = examine(read_subject(DOMAIN, SHOP, Settings(data_dir=tmp_path / "none")), net)
    found = {each.name: each for each in report.findings}
    assert found["answer"].state == "unknown"
    assert "A Firsthand answers" in found["answer"].found
    assert found["disk"].state == found["data"].state == found["secrets"].state == "unknown"


def test_another_installation_answers(store: Doctored, tmp_path: Path) -> None:
    with Control.read(control_path(store.server.data)) as control:
        live = control.live()
    assert live is not None
    with Control(control_path(tmp_path)) as control:
        control.publish(live[1], "hash")
    report = examine(read_subject(DOMAIN, "", store.settings(data_dir=tmp_path)), store.net())
    found = next(each for each in report.findings if each.name == "answer")
    assert found.state == "bad"
    assert "Another Firsthand than this one" in found.found


def test_the_data_folder(store: Doctored) -> None:
    folder = store.server.data
    mode = folder.stat().st_mode
    try:
        folder.chmod(0o755)
        (folder / "control.db").chmod(0o644)
        assert "control.db" in store.finding("data").found
        folder.chmod(0o700)
        assert store.finding("data").state == "ok"
        if os.getuid() != 0:
            folder.chmod(0o500)
            assert store.finding("data").state == "bad"
    finally:
        folder.chmod(mode)


def test_the_disk(store: Doctored) -> None:
    assert store.finding("disk", disk_high_percent=0.002, disk_low_percent=0.001).state == "bad"
    assert store.finding("disk", disk_high_percent=100, disk_low_percent=0.001).state == "warn"


def test_a_check_that_takes_too_long_keeps_no_other_waiting(store: Doctored) -> None:
    report = examine(read_subject(DOMAIN, "", store.settings()), store.net(), check_s=0.0001)
    assert len(report.findings) == len(CHECKS) + 1
    assert {each.state for each in report.findings} <= {"unknown", "ok"}


def test_a_check_that_fails_is_told(store: Doctored, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(place: Place) -> Finding:
        raise ZeroDivisionError

    monkeypatch.setattr("runtime.explain.doctor.examine.CHECKS", (("DNS records", fails),))
    report = examine(read_subject(DOMAIN, "", store.settings()), store.net())
    assert report.findings[0] == Finding(
        "dns_records", "DNS records", "unknown", "The check itself failed (ZeroDivisionError)."
    )


@pytest.mark.parametrize(
    "given", ["", "x y", "t.shop.example:8080:1", "10.0.0.1", "localhost", "<script>", "a" * 400, "user@shop.example"]
)
def test_domains_that_are_none(given: str, tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="is no domain"):
        read_subject(given, "", Settings(data_dir=tmp_path))


def test_other_scripts(tmp_path: Path) -> None:
    subject = read_subject("T.Läden.Example", "", Settings(data_dir=tmp_path))
    assert (subject.domain, subject.shop) == ("t.xn--lden-loa.example", "xn--lden-loa.example")


def _walk(name: str, *aliases: str, v4: tuple[str, ...] = (), v6: tuple[str, ...] = ()) -> Walk:
    return Walk(name, aliases, v4, v6, "found")


@pytest.mark.parametrize(
    ("collector", "page", "life"),
    [
        (_walk(SHOP, v4=("203.0.113.9",)), _walk(SHOP, v4=("203.0.113.9",)), "full"),
        (_walk(DOMAIN, v4=("203.0.1.1",)), _walk(SHOP, v4=("203.0.99.1",)), "full"),
        (_walk(DOMAIN, v4=("203.1.1.1",)), _walk(SHOP, v4=("203.0.99.1",)), "capped"),
        (_walk(DOMAIN, v6=("2001:db8:1:2::1",)), _walk(SHOP, v6=("2001:db8:1:2:ffff::",)), "full"),
        (_walk(DOMAIN, v6=("2001:db8:1:3::1",)), _walk(SHOP, v6=("2001:db8:1:2::1",)), "capped"),
        (_walk(DOMAIN, v4=("203.0.1.1",)), _walk(SHOP, v6=("2001:db8::1",)), "capped"),
        (_walk(DOMAIN, v4=("203.0.1.1", "198.51.100.1")), _walk(SHOP, v4=("203.0.2.1",)), "mixed"),
        (_walk(DOMAIN, v4=("203.0.1.1",), v6=("2001:db8::1",)), _walk(SHOP, v4=("203.0.2.1",)), "mixed"),
        (_walk(DOMAIN, "shop.cdn.example", v4=("203.0.1.1",)), _walk(SHOP, v4=("203.0.1.1",)), "capped"),
        (_walk(DOMAIN, "lb.shop.example", v4=("1.2.3.4",)), _walk(SHOP, v4=("203.0.1.1",)), "full"),
        (_walk(DOMAIN, "a.cdn.example", v4=("1.2.3.4",)), _walk(WWW, "b.cdn.example", v4=("9.9.9.9",)), "full"),
        (_walk(DOMAIN, "lb.shop.example", "a.cdn.example", v4=("1.2.3.4",)), _walk(SHOP, v4=("1.2.3.4",)), "capped"),
        (_walk(DOMAIN), _walk(SHOP, v4=("203.0.1.1",)), "unknown"),
        (_walk(DOMAIN, v4=("203.0.1.1",)), _walk(SHOP), "unknown"),
    ],
)  # fmt: skip
def test_safaris_verdict(collector: Walk, page: Walk, life: str) -> None:
    assert judge_cookies(collector, page).life == life


def test_where_the_bare_domain_leads_nowhere_www_is_the_page(store: Doctored) -> None:
    zone = store.dns.zone
    zone[SHOP] = {"NS": ["ns.shop.example."]}
    zone["www.shop.example"] = {"A": ["127.0.3.4"]}
    assert "www.shop.example (127.0.3.4)" in store.finding("safari").found


def test_a_secret_is_missing(store: Doctored, tmp_path: Path) -> None:
    made = snapshot(
        "container: shop\ndomains: [shop.example]\ntags:\n  meta:\n    template: meta_capi\n"
        '    settings: {pixel_id: "1", access_token: "secret:NOBODY_SET"}\n'
    )
    with Control(control_path(tmp_path)) as control:
        control.publish(encode_snapshot(made), made.hash)
    found = store.finding("secrets", data_dir=tmp_path)
    assert found.state == "bad"
    assert found.found == "Not set here: NOBODY_SET."
