"""The table that decides what outgoing requests may reach. `test_transport.py` runs it through the real client too."""

from __future__ import annotations

import ipaddress

import pytest

from runtime.errors import AddressRefused
from runtime.http.addresses import Target, check_url, judge

PRIVATE = [
    "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1",
    "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.31.196.1", "192.52.193.1", "192.88.99.1", "192.168.1.1",
    "192.175.48.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1",
    "255.255.255.255", "168.63.129.16", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "::ffff:169.254.169.254", "::ffff:a9fe:a9fe", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "2001::1",
    "2001:10::1", "2001:db8::1", "2002:a9fe:a9fe::1", "2620:4f:8000::1", "3fff::1", "5f00::1", "fc00::1", "fd12::1",
    "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "2606:4700::1%eth0",
]  # fmt: skip

PUBLIC = [
    "1.1.1.1", "8.8.8.8", "157.240.1.35", "172.15.255.255", "172.32.0.1", "2606:4700::1111", "2a03:2880::1",
    "::ffff:8.8.8.8",
]  # fmt: skip

# None of these may pass as a name: each is an address in disguise, or two parsers could read it differently.
TRICKS = [
    "https://2130706433/", "https://0x7f000001/", "https://0x7f.0.0.1/", "https://017700000001/", "https://0177.0.0.1/",
    "https://127.1/", "https://127.0.1/", "https://0/", "https://0x/", "https://1.2.3.256/", "https://127.0.0.01/",
    "https://good.example@127.0.0.1/", "https://user:pass@good.example/", "https://good.example\\@127.0.0.1/",
    "https://good.example\\.evil.example/", "https://good.example#@127.0.0.1/", "https:///good.example/",
    "https:good.example", "//good.example/", "ftp://good.example/", "file:///etc/passwd", "unix:///run/x.sock",
    "https://good.example:0/", "https://good.example:99999/", "https://good.example:/", "http://good.example:443/",
    "https://ｇood.example/", "https://１２７.０.０.１/", "https://127。0。0。1/", "https://good.example /",
    "https://good.example/\r\nx: y", "https://good.example/a b", "https://good.example/\0", "https://[::1/",
    "https://[fe80::1%25eth0]/", "https://good.example%2eevil.example/", "HTTPS://good.example/", "",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_no_private_address_passes(address: str) -> None:
    with pytest.raises(AddressRefused):
        judge(address, 443, ())


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_pass_on_443_only(address: str) -> None:
    judge(address, 443, ())
    for port in (22, 80, 8443):
        with pytest.raises(AddressRefused, match="Port"):
            judge(address, port, ())


@pytest.mark.parametrize("text", ["", "localhost", "127.1", "1.2.3.4/8"])
def test_what_is_not_an_address_is_refused(text: str) -> None:
    with pytest.raises(AddressRefused):
        judge(text, 443, ())


def test_the_operator_may_allow_networks_on_any_port() -> None:
    allow = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("fd12::/16"))
    for address in ("127.0.0.1", "::ffff:127.0.0.1", "fd12::1"):
        judge(address, 8080, allow)
    with pytest.raises(AddressRefused):
        judge("10.0.0.1", 443, allow)


@pytest.mark.parametrize("url", TRICKS)
def test_no_tricky_url_passes(url: str) -> None:
    with pytest.raises(AddressRefused):
        check_url(url, ("good.example", "127.0.0.1", "*.example"))


def test_plain_urls_pass() -> None:
    hosts = ("api.vendor.example", "*.shop.example", "127.0.0.1:9000", "[::1]", "10.0.0.1")
    assert check_url("https://api.vendor.example/v1?a=b&c=%20", hosts) == Target("https", "api.vendor.example", 443)
    assert check_url("https://API.vendor.example.", hosts).host == "api.vendor.example"
    assert check_url("https://a.b.shop.example:8443/x", hosts).port == 8443
    assert check_url("http://127.0.0.1:9000/x", hosts) == Target("http", "127.0.0.1", 9000)
    assert check_url("https://[::1]:9/", hosts) == Target("https", "::1", 9)
    assert check_url("http://10.0.0.1?x", hosts).port == 80


@pytest.mark.parametrize(
    "url",
    [
        "https://vendor.example/", "https://api.vendor.example.evil.example/", "https://evilshop.example/",
        "https://shop.example/", "http://127.0.0.1:9001/",
    ],
)  # fmt: skip
def test_a_host_must_be_one_that_the_tag_may_contact(url: str) -> None:
    with pytest.raises(AddressRefused, match="not a host that this tag may contact"):
        check_url(url, ("api.vendor.example", "*.shop.example", "127.0.0.1:9000"))


def test_without_declared_hosts_nothing_may_be_contacted() -> None:
    with pytest.raises(AddressRefused, match="none declared"):
        check_url("https://api.vendor.example/", ())
