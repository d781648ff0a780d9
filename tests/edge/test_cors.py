from __future__ import annotations

import pytest

from runtime.edge.cors import Cors
from tests.support.edge import edge

DOMAINS = ("shop.example", "127.0.0.1", "shop.localhost", "::1")


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://shop.example", True),
        ("https://www.shop.example", True),
        ("https://a.b.shop.example", True),
        ("http://shop.example", False),
        ("https://shop.example:8443", False),
        ("https://shop.example:443", False),
        ("https://evilshop.example", False),
        ("https://shop.example.evil.example", False),
        ("https://shop.example@evil.example", False),
        ("https://evil.example/shop.example", False),
        ("https://shop.example/", False),
        ("https://shop.example.", False),
        ("https://SHOP.example", False),
        ("https://example", False),
        ("HTTPS://shop.example", False),
        ("null", False),
        ("*", False),
        ("", False),
        ("https://", False),
        ("https://shop.example, https://shop.example", False),
        ("https://shop.example\n", False),
        ("file://shop.example", False),
        ("http://127.0.0.1:8080", True),
        ("http://127.0.0.1", True),
        ("https://127.0.0.1:8443", True),
        ("http://127.0.0.2:8080", False),
        ("http://shop.localhost:8080", True),
        ("http://www.shop.localhost:8080", False),
        ("http://localhost:8080", False),
        ("http://[::1]:8080", True),
        ("http://192.168.0.1:8080", False),
    ],
)
def test_only_the_containers_own_pages_may_read_answers(origin: str, allowed: bool) -> None:
    assert Cors(DOMAINS).allows(origin) is allowed


def test_an_allowed_origin_is_echoed_with_credentials() -> None:
    got = edge().request("POST", "/tr", headers={"origin": "https://www.shop.example"})
    assert got.headers["access-control-allow-origin"] == "https://www.shop.example"
    assert got.headers["access-control-allow-credentials"] == "true"
    assert got.headers["vary"] == "Origin"


def test_another_origin_gets_its_hit_taken_and_nothing_to_read() -> None:
    app = edge()
    got = app.request("POST", "/tr", headers={"origin": "https://evil.example"})
    assert got.status == 200
    assert not [name for name in got.headers if name.startswith("access-control")]
    assert got.headers["vary"] == "Origin"
    assert app.hit.headers["origin"] == "https://evil.example"


def test_refusals_can_be_read_too() -> None:
    got = edge().request("POST", "/e", body=b"{", headers={"origin": "https://shop.example"})
    assert got.status == 400
    assert got.headers["access-control-allow-origin"] == "https://shop.example"


def test_a_client_for_servers_shows_nothing_to_pages() -> None:
    got = edge().request("POST", "/capi/1/events", headers={"origin": "https://shop.example"})
    assert got.status == 401
    assert not [name for name in got.headers if name.startswith("access-control") or name == "vary"]


def test_a_preflight_is_answered_and_not_logged() -> None:
    app = edge()
    head = {"origin": "https://shop.example", "access-control-request-method": "POST"}
    got = app.request("OPTIONS", "/tr/", headers=head)
    assert (got.status, got.body) == (204, b"")
    assert got.headers["access-control-allow-origin"] == "https://shop.example"
    assert got.headers["access-control-allow-credentials"] == "true"
    assert got.headers["access-control-allow-methods"] == "GET, POST, OPTIONS"
    assert got.headers["access-control-allow-headers"] == "content-type, content-encoding, authorization"
    assert got.headers["access-control-max-age"] == "7200"
    assert "content-length" not in got.headers
    assert not app.writer.hits
    assert not app.writer.counts


@pytest.mark.parametrize(
    ("path", "origin"),
    [("/tr", "https://evil.example"), ("/tr", "null"), ("/capi/1/events", "https://shop.example")],
)
def test_a_preflight_from_elsewhere_allows_nothing(path: str, origin: str) -> None:
    got = edge().request("OPTIONS", path, headers={"origin": origin})
    assert got.status == 204
    assert not [name for name in got.headers if name.startswith("access-control")]


def test_a_preflight_for_nobodys_path_is_404() -> None:
    assert edge().request("OPTIONS", "/nobody", headers={"origin": "https://shop.example"}).status == 404


def test_remembered_origins_are_bounded() -> None:
    cors = Cors(DOMAINS)
    for number in range(3000):
        assert not cors.headers(f"https://{number}.evil.example".encode())
    assert cors.headers(b"https://shop.example")
    assert len(cors._seen) <= 1024
