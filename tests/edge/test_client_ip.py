from __future__ import annotations

import pytest

from runtime.edge.client_ip import parse_address
from runtime.settings import Settings
from tests.support.edge import edge

PROXIES = "10.0.0.0/8, 192.0.2.10, fd00::/8"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        (" 203.0.113.7:4711 ", "203.0.113.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ('"[2001:db8::7]:4711"', "2001:db8::7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("fe80::1%eth0", "fe80::1"),
        ("unknown", None),
        ("_hidden", None),
        ("", None),
        ("203.0.113.7.1", None),
        ("0xcb007107", None),
    ],
)
def test_addresses_are_read_as_proxies_write_them(text: str, address: str | None) -> None:
    found = parse_address(text)
    assert (str(found) if found else None) == address


@pytest.mark.parametrize(
    ("peer", "forwarded", "ip"),
    [
        ("203.0.113.9", None, "203.0.113.9"),
        ("203.0.113.9", "198.51.100.7", "203.0.113.9"),
        ("10.0.0.1", None, ""),
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.7, 10.0.0.2, 192.0.2.10", "198.51.100.7"),
        ("10.0.0.1", "198.51.100.7, 192.168.1.4, 10.0.0.2", ""),
        ("10.0.0.1", "198.51.100.7, 127.0.0.1", ""),
        ("10.0.0.1", "198.51.100.7, unknown", ""),
        ("10.0.0.1", "198.51.100.7,", ""),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", ""),
        ("10.0.0.1", "198.51.100.7:4711", "198.51.100.7"),
        ("10.0.0.1", "[2001:db8::7]:4711", "2001:db8::7"),
        ("10.0.0.1", "::ffff:198.51.100.7", "198.51.100.7"),
        ("::ffff:10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("fd00::1", "2001:db8::7", "2001:db8::7"),
        ("192.0.2.11", "198.51.100.7", "192.0.2.11"),
    ],
)
def test_the_visitor_is_the_rightmost_address_that_is_no_trusted_proxy(
    peer: str, forwarded: str | None, ip: str
) -> None:
    app = edge(settings=Settings(trusted_proxies=PROXIES))
    head = {} if forwarded is None else {"x-forwarded-for": forwarded}
    app.request("GET", "/tr", peer=peer, headers=head)
    assert app.hit.client_ip == ip


UNUSABLE = """
0.0.0.0 127.0.0.1 10.1.2.3 172.16.0.1 172.31.255.255 192.168.0.1 100.64.0.1 169.254.1.1 224.0.0.1 239.1.1.1
:: ::1 fe80::1 febf::1 fc00::1 fdff::1 ff02::1 ::ffff:10.0.0.1
"""


@pytest.mark.parametrize("address", UNUSABLE.split())
def test_addresses_that_no_destination_can_use_are_not_handed_on(address: str) -> None:
    app = edge()
    app.request("GET", "/tr", peer=address)
    assert app.hit.client_ip == ""


@pytest.mark.parametrize("address", ["203.0.113.1", "2001:db8::1", "172.32.0.1", "100.128.0.1", "8.8.8.8", "2a00::1"])
def test_documentation_ranges_and_public_addresses_are_handed_on(address: str) -> None:
    app = edge()
    app.request("GET", "/tr", peer=address)
    assert app.hit.client_ip == address


def test_several_forwarding_headers_are_read_as_one() -> None:
    app = edge(settings=Settings(trusted_proxies=PROXIES))
    headers = [("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "198.51.100.7")]
    app.request("GET", "/tr", peer="10.0.0.1", headers=headers)
    assert app.hit.client_ip == "198.51.100.7"


@pytest.mark.parametrize(
    ("peer", "stated", "scheme"),
    [
        ("203.0.113.9", "https", "http"),
        ("10.0.0.1", "https", "https"),
        ("10.0.0.1", "http, https", "https"),
        ("10.0.0.1", "https, http", "http"),
        ("10.0.0.1", "HTTPS", "https"),
        ("10.0.0.1", "gopher", "http"),
        ("10.0.0.1", "", "http"),
    ],
)
def test_the_scheme_is_believed_from_trusted_proxies_alone(peer: str, stated: str, scheme: str) -> None:
    app = edge(settings=Settings(trusted_proxies=PROXIES))
    app.request("GET", "/tr", peer=peer, scheme="http", headers={"x-forwarded-proto": stated})
    assert app.hit.scheme == scheme


def test_other_forwarding_headers_count_for_nothing() -> None:
    app = edge(settings=Settings(trusted_proxies=PROXIES))
    forged = dict.fromkeys(["forwarded", "x-real-ip", "cf-connecting-ip", "true-client-ip"], "198.51.100.7")
    app.request("GET", "/tr", peer="10.0.0.1", headers=forged)
    assert app.hit.client_ip == ""
