"""What the edge stores because a template may read it, and the cookies it sets because a manifest says so."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from runtime.edge.rehearsal import rehearse
from runtime.edge.wanted import Wanted
from runtime.model.hit import LoggedHit
from runtime.model.policy import Policy
from runtime.model.reach import Reach
from runtime.model.snapshot import Snapshot
from runtime.pipeline.program import Program
from runtime.pipeline.run import run
from tests.support import programs
from tests.support.edge import NOW_US, edge
from tests.support.snapshots import SHOP, snapshot

READER = """
permissions:
  headers: {names: [X-Shop-Id, x-country-*], why: Tests.}
  cookies: {read: [_ttp, _ga_*], why: Tests.}
methods: [GET]
paths: [/reader]
decode: form
"""
SENT = {
    "x-shop-id": "7",
    "x-country-code": "DE",
    "x-other": "no",
    "authorization": "Bearer secret",
    "proxy-authorization": "Basic secret",
    "cookie": "_ttp=t-1; _ga_AB=GS1; session=secret; _ga=GA1.1.1.1",
}


def reader(policy: Policy | None = None, spec: str = READER) -> Snapshot:
    return (policy or Policy()).over(snapshot(SHOP + "  reader: {template: reader}\n", reader=spec))


def test_what_one_template_may_read_is_stored_with_the_hits_of_all_clients() -> None:
    app = edge(reader())
    app.request("POST", "/e", headers=SENT, body=b"{}")
    assert app.hit.cookies == {"_ttp": "t-1", "_ga_AB": "GS1", "_ga": "GA1.1.1.1"}
    assert app.hit.headers == {"x-shop-id": "7", "x-country-code": "DE"}
    edge_without = edge()
    edge_without.request("POST", "/e", headers=SENT, body=b"{}")
    assert edge_without.hit.headers == {}
    assert edge_without.hit.cookies == {"_ga": "GA1.1.1.1"}


def test_what_the_policy_denies_to_all_is_not_stored() -> None:
    rule = {"templates": ["*"], "headers": ["x-country-*"], "cookies": {"read": ["_ttp", "_ga*"]}, "why": "No."}
    app = edge(reader(Policy.model_validate({"deny": [rule]})))
    app.request("POST", "/e", headers=SENT, body=b"{}")
    assert app.hit.headers == {"x-shop-id": "7"}
    assert app.hit.cookies == {"_ga": "GA1.1.1.1"}


def test_headers_with_credentials_are_never_stored() -> None:
    wildcards = READER.replace("[X-Shop-Id, x-country-*]", "['c*', 'a*', 'p*', 'x-*']")
    app = edge(reader(spec=wildcards))
    app.request("POST", "/e", headers=SENT, body=b"{}")
    assert set(app.hit.headers) == {"x-shop-id", "x-country-code", "x-other", "content-length"}
    assert "secret" not in str(app.hit.headers)


def test_what_holds_a_clients_own_credential_is_not_stored() -> None:
    checked = READER.replace("decode: form", "decode: form\nverify: {setting: tokens, sources: [{header: X-Shop-Id}]}")
    app = edge(snapshot(SHOP + "  reader: {template: reader, settings: {tokens: ['7']}}\n", reader=checked))
    assert app.request("GET", "/reader", headers=SENT).status == 200
    assert app.hit.headers == {"x-country-code": "DE"}
    app.request("POST", "/e", headers=SENT, body=b"{}")
    assert app.hit.headers["x-shop-id"] == "7"


def test_long_values_are_cut_or_left_out() -> None:
    app = edge(reader())
    app.request("GET", "/reader", headers={"x-shop-id": "a" * 5000, "cookie": f"_ttp={'b' * 5000}"})
    assert len(app.hit.headers["x-shop-id"]) == 4096
    assert app.hit.cookies == {}
    assert app.hit.repairs == {"header_cut": 1}


def test_the_union_of_what_scripts_may_read() -> None:
    wanted = Wanted([Reach(("a", "b*"), (("b1", "no"), ("a", "no"))), Reach(("c",)), Reach(("a",))], frozenset({"c"}))
    assert [name for name in ("a", "b", "b1", "b2", "c", "d") if name in wanted] == ["a", "b", "b2"]
    assert not Wanted()
    assert not Wanted([Reach((), (("a", "no"),))])


@pytest.mark.parametrize(
    ("granted", "issued"),
    [
        ([], []),
        (["_fbp"], ["_fbp"]),
        (["_fbc"], ["_fbc"]),
        (["_fhid"], ["_fhid"]),
        (["_fbc", "_fhid"], ["_fhid", "_fbc"]),
        (["_fbp", "_fbc", "_fhid"], ["_fhid", "_fbp", "_fbc"]),
    ],
)
def test_only_the_cookies_that_the_manifest_names_are_set(granted: list[str], issued: list[str]) -> None:
    app = edge(setting(granted))
    got = app.request("GET", "/x?dl=https%3A%2F%2Fshop.example%2F%3Ffbclid%3DIwAR_abc")
    assert [cookie.partition("=")[0] for cookie in got.cookies] == issued
    assert app.hit.issued == tuple(issued)
    assert bool(app.hit.fbp) is ("_fbp" in issued)
    assert bool(app.hit.visitor_id) is ("_fhid" in issued)
    assert app.hit.fbc.endswith(".IwAR_abc"), "what the page says is recognised all the same"


def test_the_policy_takes_cookies_from_an_answer() -> None:
    rule = {"templates": ["x"], "cookies": {"set": ["_fbp", "_fhid"]}, "why": "No."}
    app = edge(Policy.model_validate({"deny": [rule]}).over(setting(["_fbp", "_fbc", "_fhid"])))
    got = app.request("GET", "/x?dl=https%3A%2F%2Fshop.example%2F%3Ffbclid%3DIwAR_abc")
    assert [cookie.partition("=")[0] for cookie in got.cookies] == ["_fbc"]
    assert (app.hit.fbp, app.hit.visitor_id) == ("", "")


def test_a_known_visitor_is_recognised_and_renewed_only_where_that_cookie_may_be_set() -> None:
    fbp, fhid = "fb.1.1790000000000.1234567890", "1.abcdefghijklmnopqrstuv."
    yesterday = {"cookie": f"_fbp={fbp}; _fhid={fhid}{NOW_US // 86_400_000_000 - 1}"}
    app = edge(setting(["_fbp"]))
    assert app.request("GET", "/x", headers=yesterday).cookies == []
    assert (app.hit.fbp, app.hit.visitor_id) == (fbp, "abcdefghijklmnopqrstuv")
    app = edge(setting(["_fhid"]))
    got = app.request("GET", "/x", headers=yesterday)
    assert [cookie.partition("=")[0] for cookie in got.cookies] == ["_fhid"]


def setting(granted: list[str]) -> Snapshot:
    """Returns a version with the client `x`, which may set those cookies."""
    spec = f"""
permissions: {{cookies: {{set: {granted}, why: Tests.}}}}
methods: [GET]
paths: [/x]
decode: form
facts: {{page_url: [{{query: dl}}]}}
"""
    return snapshot(SHOP + "  x: {template: x}\n", x=spec)


def test_from_the_browsers_cookie_to_the_destinations_item() -> None:
    source = """
    local function map(event)
      return { ttp = incoming.cookie("_ttp"), country = incoming.header("X-Country"), at = incoming.path() }
    end
    return { map = map }
    """
    permissions: dict[str, Any] = {
        "cookies": {"read": ["_ttp"], "why": "A click of the vendor's."},
        "headers": {"names": ["X-Country"], "why": "Where the visitor is."},
    }
    made = programs.template("destination", "d", source, permissions=permissions)
    version = programs.snapshot({"tags": {"a": programs.tag(template="d")}}, made)
    received = rehearse(
        version,
        method="POST",
        url="https://t.shop.example/e",
        headers={"cookie": "_ttp=t-1; session=secret", "x-country": "DE", "content-type": "application/json"},
        body=b'{"event_name": "view"}',
        client_ip="203.0.113.9",
        at_us=NOW_US,
        secrets=lambda name: "",
    )
    assert received.hit is not None
    assert received.hit.cookies == {"_ttp": "t-1"}
    (event,) = run(LoggedHit(0, 1, received.hit), Program.build(version)).events
    assert orjson.loads(event.tags[0].item) == {"ttp": "t-1", "country": "DE", "at": "/e"}
