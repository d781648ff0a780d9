"""Names: asked where they are in charge, followed over aliases, and never waited for without end."""

from __future__ import annotations

import asyncio
import ipaddress
import socket

import pytest

from runtime.http.dns import Dns, Records, Walk
from tests.support.dns_server import DnsServer, Zone

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
ZONE: Zone = {
    "shop.example": {"NS": ["ns.shop.example."], "A": ["203.0.113.9"], "CAA": ['0 issue "letsencrypt.org"']},
    "ns.shop.example": {"A": ["127.0.0.1"]},
    "t.shop.example": {"A": ["203.0.113.9", "203.0.113.10"], "AAAA": ["2001:db8::9"]},
    "one.shop.example": {"CNAME": ["two.shop.example."]},
    "two.shop.example": {"CNAME": ["edge.cdn.example."]},
    "edge.cdn.example": {"A": ["198.51.100.4"]},
    "gone.shop.example": {"CNAME": ["nobody.cdn.example."]},
    "round.shop.example": {"CNAME": ["about.shop.example."]},
    "about.shop.example": {"CNAME": ["round.shop.example."]},
    "deep.down.shop.example": {"A": ["203.0.113.11"]},
}


def walk(server: DnsServer, name: str) -> Walk:
    return asyncio.run(Dns([("127.0.0.1", server.port)], LOOPBACK, server.port).walk(name))


def ask(server: DnsServer, name: str, kind: str) -> Records:
    return asyncio.run(Dns([("127.0.0.1", server.port)], LOOPBACK, server.port).ask(name, kind))  # type: ignore[arg-type]


def test_the_servers_in_charge_are_asked() -> None:
    with DnsServer(ZONE) as server:
        found = walk(server, "t.shop.example")
        assert found == Walk(
            "t.shop.example", (), ("203.0.113.10", "203.0.113.9"), ("2001:db8::9",), "found", 300, is_direct=True
        )
        assert ("t.shop.example", "A", False) in server.asked
        assert ("t.shop.example", "A", True) not in server.asked
        assert ("example", "NS", True) not in server.asked


def test_where_they_do_not_say_that_they_are_in_charge_the_resolver_counts() -> None:
    with DnsServer(ZONE, is_direct=False) as server:
        found = walk(server, "t.shop.example")
        assert found.v4
        assert not found.is_direct


def test_servers_in_private_networks_are_not_asked() -> None:
    with DnsServer(ZONE) as server:
        found = asyncio.run(Dns([("127.0.0.1", server.port)], (), server.port).walk("t.shop.example"))
        assert found.v4
        assert {recursive for name, _, recursive in server.asked if name == "t.shop.example"} == {True}


def test_aliases_are_followed() -> None:
    with DnsServer(ZONE) as server:
        found = walk(server, "one.shop.example")
        assert found.aliases == ("two.shop.example", "edge.cdn.example")
        assert found.end == "edge.cdn.example"
        assert found.addresses == ("198.51.100.4",)


@pytest.mark.parametrize(
    ("name", "state"),
    [("no.shop.example", "no_name"), ("down.shop.example", "empty"), ("gone.shop.example", "no_name")],
)
def test_what_is_not_there(name: str, state: str) -> None:
    with DnsServer(ZONE) as server:
        found = walk(server, name)
        assert (found.state, found.addresses) == (state, ())


def test_a_round_of_aliases_ends() -> None:
    with DnsServer(ZONE) as server:
        assert walk(server, "round.shop.example").addresses == ()


def test_an_answer_that_is_too_long_comes_by_tcp() -> None:
    with DnsServer(ZONE, truncates=True) as server:
        assert walk(server, "t.shop.example").v6 == ("2001:db8::9",)


def test_other_records_as_in_a_zone_file() -> None:
    with DnsServer(ZONE) as server:
        assert ask(server, "shop.example", "CAA").values == ('0 issue "letsencrypt.org"',)
        assert ask(server, "shop.example", "NS").values == ("ns.shop.example",)


def test_nobody_answers() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        silent_dns = Dns([silent.getsockname()], LOOPBACK, silent.getsockname()[1], query_s=0.05)
        assert asyncio.run(silent_dns.walk("t.shop.example")).state == "failed"
    assert asyncio.run(Dns([], LOOPBACK).ask("t.shop.example", "A")).state == "failed"


@pytest.mark.parametrize("name", ["", "a..b", "x" * 300, "ü.example", "localhost"])
def test_names_that_are_none(name: str) -> None:
    with DnsServer(ZONE) as server:
        assert ask(server, name, "A").state in ("failed", "no_name")
