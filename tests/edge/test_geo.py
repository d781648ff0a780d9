"""Where visitors are: a trusted proxy's headers, the operator's database, and the regional defaults that follow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from runtime.edge.geo import Locator, read_place
from runtime.errors import OperatorError
from runtime.model.consent import PURPOSES
from runtime.settings import Settings
from tests.support.edge import Edge, edge
from tests.support.snapshots import SHOP, snapshot

ALL, NONE = dict.fromkeys(PURPOSES, True), dict.fromkeys(PURPOSES, False)
PROXY = "198.18.0.7"
REGIONS = """{default: granted, regions: [
  {regions: [US-CA, US-VA], default: {ad_storage: denied, ad_user_data: denied, analytics_storage: granted}},
  {regions: [DE, FR], default: denied}, {regions: [US], default: granted}]}"""
FRESNO = {"country": "US", "region": "CA", "city": "Fresno"}
GEO_CLIENT = """
permissions: {hit: {fields: [geo], why: Tests.}}
methods: [POST]
paths: [/g]
decode: none
"""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database in MaxMind's format of documentation addresses."""
    writer = MMDBWriter(6, "Test-City", ipv4_compatible=True)
    writer.insert_network(IPSet(["203.0.113.0/24"]), {
        "country": {"iso_code": "US"}, "subdivisions": [{"iso_code": "CA"}], "city": {"names": {"en": "Fresno"}},
    })  # fmt: skip
    writer.insert_network(IPSet(["2001:db8::/32"]), {"country": {"iso_code": "DE"}})
    writer.insert_network(IPSet(["192.0.2.0/24"]), {"country": {"iso_code": "XX"}, "subdivisions": "none"})
    writer.insert_network(IPSet(["198.51.100.0/24"]), {"location": 7})
    path = tmp_path_factory.mktemp("geo") / "city.mmdb"
    writer.to_db_file(str(path))
    return path


def settings(**given: Any) -> Settings:
    return Settings.model_validate({"trusted_proxies": f"{PROXY}/32", **given})


HEADERS = settings(geo_headers="country=cf-ipcountry, region=cf-region-code,city=cf-ipcity")


def regional(given: Settings) -> Edge:
    return edge(snapshot(SHOP.replace("{default: granted}", REGIONS)), settings=given)


def sent(app: Edge, *, peer: str = PROXY, forwarded: str = "203.0.113.9", **headers: str) -> Any:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    assert app.request("GET", "/tr?id=1&ev=x", peer=peer, headers={"x-forwarded-for": forwarded, **names}).status == 200
    return app.hit


@pytest.mark.parametrize(
    ("headers", "place"),
    [
        ({"cf_ipcountry": "US", "cf_region_code": "CA", "cf_ipcity": "Fresno"}, FRESNO),
        ({"cf_ipcountry": "us", "cf_region_code": "us-ca"}, {"country": "US", "region": "CA"}),
        ({"cf_region_code": "US-CA"}, {"country": "US", "region": "CA"}),
        ({"cf_ipcountry": "DE", "cf_region_code": "Bavaria"}, {"country": "DE"}),
        ({"cf_ipcountry": "XX", "cf_region_code": "CA"}, {}),
        ({"cf_ipcountry": "T1"}, {}),
        ({"cf_region_code": "CA", "cf_ipcity": "Fresno"}, {}),
        ({"cf_ipcountry": "DE", "cf_ipcity": "M\xc3\xbcnchen"}, {"country": "DE", "city": "München"}),
        ({"cf_ipcountry": "DE", "cf_ipcity": "x" * 500}, {"country": "DE", "city": "x" * 100}),
        ({}, {}),
    ],
)
def test_a_trusted_proxy_tells_where_the_visitor_is(headers: dict[str, str], place: dict[str, str]) -> None:
    assert sent(regional(HEADERS), **headers).geo == place


def test_nobody_else_is_believed() -> None:
    app = regional(HEADERS)
    assert sent(app, peer="203.0.113.9", cf_ipcountry="US").geo == {}
    assert sent(regional(settings()), cf_ipcountry="US").geo == {}


def test_nothing_is_looked_up_where_nothing_asks() -> None:
    assert sent(edge(settings=HEADERS), cf_ipcountry="US").geo == {}
    app = edge(snapshot(SHOP + "  g: {template: g}\n", g=GEO_CLIENT), settings=HEADERS)
    assert sent(app, cf_ipcountry="US").geo == {"country": "US"}


@pytest.mark.parametrize(
    ("ip", "place"),
    [
        ("203.0.113.9", FRESNO),
        ("2001:db8::7", {"country": "DE"}),
        ("192.0.2.1", {}),
        ("198.51.100.1", {}),
        ("8.8.8.8", {}),
        ("10.0.0.1", {}),
        ("nonsense", {}),
    ],
)
def test_the_database_tells_where_an_address_is(database: Path, ip: str, place: dict[str, str]) -> None:
    app = regional(settings(geo_db=str(database)))
    assert sent(app, forwarded=ip).geo == place
    assert sent(app, forwarded=ip).geo == place  # remembered
    assert app.hit.client_ip in (ip, "")


def test_headers_come_before_the_database(database: Path) -> None:
    app = regional(HEADERS.model_copy(update={"geo_db": database}))
    assert sent(app, cf_ipcountry="FR").geo == {"country": "FR"}
    assert sent(app).geo == FRESNO


@pytest.mark.parametrize("content", [None, b"", b"not a database"])
def test_a_database_that_cannot_be_read_stops_the_start(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "city.mmdb"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(OperatorError, match=r"city\.mmdb cannot be read"):
        Locator(database=path)


@pytest.mark.parametrize(
    ("country", "region", "expected", "why"),
    [
        ("US", "CA", {"analytics_storage"}, "region US-CA: {}"),
        ("US", "VA", {"analytics_storage"}, "region US-VA: {}"),
        ("US", "TX", set(PURPOSES), "region US: {}"),
        ("US", "", set(PURPOSES), "region US: {}"),
        ("DE", "BY", set(), "region DE: {}"),
        ("FR", "", set(), "region FR: {}"),
        ("CA", "ON", set(PURPOSES), None),
        ("XX", "", set(PURPOSES), None),
    ],
)
def test_the_first_entry_that_names_the_region_counts(
    country: str, region: str, expected: set[str], why: str | None
) -> None:
    hit = sent(regional(HEADERS), cf_ipcountry=country, cf_region_code=region)
    assert hit.consent == {purpose: purpose in expected for purpose in PURPOSES}
    words = {purpose: "granted" if purpose in expected else "denied" for purpose in PURPOSES}
    assert hit.consent_from == ({purpose: why.format(word) for purpose, word in words.items()} if why else {})


def test_cookies_obey_the_region() -> None:
    app = regional(HEADERS)
    assert set(sent(app, cf_ipcountry="GB").issued) == {"_fbp", "_fhid"}
    assert set(sent(app, cf_ipcountry="US", cf_region_code="CA").issued) == {"_fhid"}
    hit = sent(app, cf_ipcountry="DE")
    assert (hit.issued, hit.fbp, hit.visitor_id) == ((), "", "")


def test_what_the_hit_says_comes_before_its_region() -> None:
    app = regional(HEADERS)
    body = b'{"consent": {"ad_storage": true}}'
    headers = {"x-forwarded-for": "203.0.113.9", "cf-ipcountry": "DE"}
    assert app.request("POST", "/e", peer=PROXY, headers=headers, body=body).status == 200
    assert app.hit.consent == NONE | {"ad_storage": True}
    assert app.hit.consent_from["ad_storage"] == "consent"
    assert app.hit.consent_from["analytics_storage"] == "region DE: denied"


def test_a_server_is_not_where_its_visitors_are(database: Path) -> None:
    app = regional(settings(geo_db=str(database)))
    target = "/v25.0/1/events?access_token=the-old-token"
    assert app.request("POST", target, body=b'{"data": [{}]}', peer="203.0.113.9").status == 200
    assert (app.hit.trust, app.hit.geo, app.hit.consent) == ("server", {}, ALL)


def test_a_place_without_a_country_is_none() -> None:
    assert read_place({"region": "CA", "city": "x"}) == {}
    assert read_place({"country": "DE", "region": "DE-BY", "city": "a\0b"}) == {
        "country": "DE", "region": "BY", "city": "ab"}  # fmt: skip
