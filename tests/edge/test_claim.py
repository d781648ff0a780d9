from __future__ import annotations

import pytest

from runtime.edge.claim import Claim, ClaimTable, Route
from tests.support.edge import edge
from tests.support.snapshots import SHOP, snapshot


def route(client: str, path: str, *methods: str, hosts: tuple[str, ...] = (), priority: int = 100) -> Route[str]:
    return Route(client, path, frozenset(methods or ("POST",)), frozenset(hosts), priority)


def table(*routes: Route[str]) -> ClaimTable[str]:
    return ClaimTable.build(routes)


@pytest.mark.parametrize(
    ("pattern", "path", "values"),
    [
        ("/tr", "/tr", {}),
        ("/tr", "/tr/", {}),
        ("/tr/", "/tr", {}),
        ("/tr", "/tr//", None),
        ("/tr", "/Tr", None),
        ("/tr", "/tr/a", None),
        ("/", "/", {}),
        ("/capi/{pixel}/events", "/capi/1a/events", {"pixel": "1a"}),
        ("/capi/{pixel}/events", "/capi/1a/events/", {"pixel": "1a"}),
        ("/capi/{pixel}/events", "/capi//events", None),
        ("/capi/{pixel}/events", "/capi/1/2/events", None),
        ("/capi/{pixel}/events", "/capi/1\n/events", None),
        ("/capi/{pixel:int}/events", "/capi/123/events", {"pixel": "123"}),
        ("/capi/{pixel:int}/events", "/capi/12a/events", None),
        ("/capi/{pixel:int}/events", "/capi/١٢/events", None),
        ("/v{version}/{pixel:int}/events", "/v25.0/7/events", {"version": "25.0", "pixel": "7"}),
        ("/v{version}/{pixel:int}/events", "/25.0/7/events", None),
        ("/{a}-{b}.gif", "/x-y.gif", {"a": "x", "b": "y"}),
        ("/a.b/{x}", "/acb/1", None),
        ("/a/{x}", "/a/" + "b" * 3000, None),
    ],
)
def test_paths_and_placeholders(pattern: str, path: str, values: dict[str, str] | None) -> None:
    claim = table(route("c", pattern)).find("POST", "t.shop.example", path)
    assert claim == (None if values is None else Claim("c", values))


def test_the_highest_priority_wins_and_then_the_first() -> None:
    routes = table(route("low", "/a", priority=1), route("first", "/a"), route("second", "/a"))
    assert routes.find("POST", "h", "/a") == Claim("first", {})


def test_an_exact_path_wins_over_a_pattern_of_the_same_priority_alone() -> None:
    assert table(route("p", "/{x}"), route("e", "/a")).find("POST", "h", "/a") == Claim("e", {})
    higher = table(route("p", "/{x}", priority=101), route("e", "/a"))
    assert higher.find("POST", "h", "/a") == Claim("p", {"x": "a"})


def test_method_and_host_decide_too() -> None:
    routes = table(
        route("a", "/a", "GET"), route("b", "/a", "POST", hosts=("b.example",), priority=200), route("c", "/a")
    )
    assert routes.find("GET", "b.example", "/a") == Claim("a", {})
    assert routes.find("POST", "b.example", "/a") == Claim("b", {})
    assert routes.find("POST", "x.example", "/a") == Claim("c", {})
    assert routes.find("PUT", "x.example", "/a") is None
    assert routes.methods("b.example", "/a/") == {"GET": "a", "POST": "b"}
    assert routes.methods("b.example", "/other") == {}


def test_paths_and_hosts_may_come_from_settings() -> None:
    spec = "{methods: [POST], paths: {setting: paths}, hosts: {setting: hosts}, decode: none}"
    client = "  x: {template: x, settings: {paths: [/one, '/two/{id}'], hosts: T.shop.example}}\n"
    app = edge(snapshot(SHOP + client, x=spec))
    assert app.request("POST", "/one").status == 200
    assert app.request("POST", "/two/5").status == 200
    assert app.hit.route == {"id": "5"}
    assert app.request("POST", "/one", headers={"host": "other.example"}).status == 404
