from __future__ import annotations

import pytest

from runtime.text.domains import registrable, within


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("shop.example", "shop.example"),
        ("WWW.Shop.Example:8443", "shop.example"),
        ("a.b.shop.co.uk.", "shop.co.uk"),
        ("co.uk", None),
        ("me.github.io", "me.github.io"),
        ("a.me.github.io", "me.github.io"),
        ("github.io", None),
        ("x.localhost", "x.localhost"),
        ("a.x.localhost:8080", "x.localhost"),
        ("localhost", None),
        ("127.0.0.1:8080", None),
        ("[::1]:8080", None),
        ("2001:db8::1", None),
        ("www.xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("", None),
        (".", None),
    ],
)
def test_registrable(host: str, domain: str | None) -> None:
    assert registrable(host) == domain


@pytest.mark.parametrize(
    ("host", "domains", "domain"),
    [
        ("shop.example", ["shop.example"], "shop.example"),
        ("T.Shop.Example:8443", ["shop.example"], "shop.example"),
        ("evilshop.example", ["shop.example"], None),
        ("shop.example.evil.test", ["shop.example"], None),
        ("a.t.shop.example", ["shop.example", "t.shop.example"], "t.shop.example"),
        ("127.0.0.1:80", ["127.0.0.1"], "127.0.0.1"),
        ("[::1]:80", ["::1"], "::1"),
        ("shop.example", [], None),
        ("shop.example", [""], None),
        ("", ["shop.example"], None),
    ],
)
def test_within_compares_whole_labels(host: str, domains: list[str], domain: str | None) -> None:
    assert within(host, domains) == domain
