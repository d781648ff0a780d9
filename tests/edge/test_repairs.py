"""What the edge could not use of a request that it took stands in the hit, by code."""

from __future__ import annotations

import pytest

from runtime.settings import Settings
from tests.support.edge import edge

FBP = "fb.1.1790000000000.1234567890"
FBC = "fb.1.1790000000000.IwAR0abc"
VISITOR = "1.abcdefghijklmnopqrstuv.20717"
TRUSTING = Settings.model_validate({"trusted_proxies": "203.0.113.0/24"})


@pytest.mark.parametrize(
    ("target", "headers", "repairs"),
    [
        ("/tr", {}, {}),
        (f"/tr?fbp={FBP}", {"cookie": f"_fbp={FBP}; _fbc={FBC}; _fhid={VISITOR}; other"}, {}),
        (f"/tr?fbp={FBP}", {"cookie": "_fbp=fb.1.1790000000001.987"}, {}),
        ("/tr", {"cookie": "_fbp=fb%2E1%2E1790000000000%2E12"}, {}),
        ("/tr", {"cookie": "_fbp=x; _fbc=fb.1; _fhid=2"}, {"bad_fbp": 1, "bad_fbc": 1, "bad_visitor_id": 1}),
        ("/tr?fbp=x&fbc=y", {"cookie": f"_fbp={FBP}"}, {"bad_fbp": 1, "bad_fbc": 1}),
        ("/tr?fbp=x", {"cookie": "_fbp=y"}, {"bad_fbp": 2}),
        ("/tr?fbp=x", {"cookie": "_fbp=x"}, {"bad_fbp": 1}),
        ("/tr", {"cookie": "_fbp=fb.1.1790000000000." + "1" * 5000}, {"bad_fbp": 1}),
        ("/tr", {"origin": "null"}, {}),
        ("/tr", {"origin": "https://[::1]:8443"}, {}),
        ("/tr", {"origin": "chrome-extension://abc"}, {}),
        ("/tr", {"origin": "shop.example"}, {"bad_origin": 1}),
        ("/tr", {"origin": "https://shop.example/path"}, {"bad_origin": 1}),
        ("/tr", {"origin": ""}, {"bad_origin": 1}),
        ("/tr", {"x-forwarded-for": "198.51.100.7"}, {}),
        ("/tr", {"x-forwarded-for": "192.168.0.7"}, {}),
        ("/tr", {"x-forwarded-for": "forged, 198.51.100.7"}, {}),
        ("/tr", {"x-forwarded-for": "198.51.100.7, unknown"}, {"bad_forwarded": 1}),
        ("/tr", {"user-agent": "\xff", "referer": "\xc3\xa9", "x-other": "\xff"}, {"invalid_utf8": 1}),
        ("/tr", {"user-agent": "a" * 4096, "x-other": "a" * 5000}, {}),
        ("/tr", {"user-agent": "a" * 4097}, {"header_cut": 1}),
    ],
)
def test_what_counts_as_absent_is_counted(target: str, headers: dict[str, str], repairs: dict[str, int]) -> None:
    app = edge(settings=TRUSTING)
    app.request("GET", target, headers=headers)
    assert app.hit.repairs == repairs


def test_what_neither_consent_nor_trust_let_the_edge_read_is_not_judged() -> None:
    app = edge()
    cookies = {"cookie": "_fbp=x; _fhid=x"}
    app.request("POST", "/e", headers=cookies, body=b'{"event_name": "a", "consent": "denied"}')
    assert app.hit.repairs == {}
    data = b'{"data": [{"event_name": "Lead"}]}'
    app.request("POST", "/capi/1/events", headers=cookies | {"authorization": "Bearer the-old-token"}, body=data)
    assert app.hit.trust == "server"
    assert app.hit.repairs == {}
