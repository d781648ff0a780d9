"""What is wrong with a container's rule for consent is told with its place, and what to write instead."""

from __future__ import annotations

from typing import Any

import pytest
from ruamel.yaml import YAML

from runtime.containers.shape import validated
from runtime.model.consent_rule import ConsentRule
from runtime.model.container import Container


def problems(rule: str) -> list[tuple[str, str]]:
    data: Any = YAML(typ="safe").load(f"{{container: shop, consent: {rule}}}")
    found = validated(Container, data)[1]
    return [(problem.path, f"{problem.message} · {problem.hint}") for problem in found]


@pytest.mark.parametrize(
    ("rule", "path", "says"),
    [
        ("{default: yes}", "consent.default", "granted"),
        ("{default: {ad_storrage: granted}}", "consent.default", "ad_storage"),
        ("{default: {ad_storage: maybe}}", "consent.default.ad_storage", "not one of granted, denied"),
        ("{regions: [{regions: [UK], default: denied}]}", "consent.regions.0.regions.0", "write `GB`"),
        ("{regions: [{regions: [EU], default: denied}]}", "consent.regions.0.regions.0", "list the countries"),
        ("{regions: [{regions: [de], default: denied}]}", "consent.regions.0.regions.0", "write `DE`"),
        ("{regions: [{regions: [US-California], default: denied}]}", "consent.regions.0.regions.0", "such as `US-CA`"),
        ("{regions: [{regions: [Germany], default: denied}]}", "consent.regions.0.regions.0", "ISO 3166"),
        ("{regions: [{regions: [], default: denied}]}", "consent.regions.0", "`regions` is empty"),
        ("{regions: [{regions: [DE]}]}", "consent.regions.0.default", "missing"),
        ("{regions: [{regions: [DE], default: denied}, {regions: [FR, DE], default: granted}]}", "consent",
         "too late for DE"),
        ("{regions: [{regions: [US], default: denied}, {regions: [US-CA], default: granted}]}", "consent",
         "too late for US-CA"),
        ("{sources: [{cookie: a, header: b}]}", "consent.sources.0", "`cookie` and `header` are given"),
        ("{sources: [{platform: cookiebot, cookie: b}]}", "consent.sources.0", "`cookie` and `platform` are given"),
        ("{sources: [{format: tcf}]}", "consent.sources.0", "none is given"),
        ("{sources: [{platform: cookybot}]}", "consent.sources.0.platform", "cookiebot"),
        ("{sources: [{platform: cookiebot, format: list}]}", "consent.sources.0", "leave `format` and `path` out"),
        ("{sources: [{cookie: a, map: {}}]}", "consent.sources.0", "`map` is empty"),
        ("{sources: [{cookie: a, map: {marketing: []}}]}", "consent.sources.0", "`map.marketing` names no purpose"),
        ("{sources: [{cookie: a, map: {marketing: [ads]}}]}", "consent.sources.0.map.marketing.0", "ad_storage"),
        ("{sources: [{cookie: a, format: tcf, map: {m: [ad_storage]}}]}", "consent.sources.0", "tcf has none"),
        ("{sources: [{cookie: a, format: json}]}", "consent.sources.0.format", "object"),
        ("{sources: [{cookie: 'a b'}]}", "consent.sources.0.cookie", "not the name of a cookie"),
        ("{sources: [{json: consent}]}", "consent.sources.0.json", "begins with `/`"),
        ("{sources: [{query: ''}]}", "consent.sources.0.query", "the name is empty"),
        ("{sources: {cookie: a}}", "consent.sources", "list"),
        ("{tcf: {purposes: {ad_storage: [0]}}}", "consent.tcf.purposes.ad_storage.0", "1"),
        ("{tcf: {purposes: {ad_storage: [99]}}}", "consent.tcf.purposes.ad_storage.0", "24"),
        ("{tcf: {purposes: {ads: [1]}}}", "consent.tcf.purposes", "ad_storage"),
        ("{tcf: {vendors: [0]}}", "consent.tcf.vendors.0", "1"),
        ("{tcf: {legitimate_interest: [3]}}", "consent.tcf", "purpose 3 needs consent"),
        ("{ldu: [ads]}", "consent.ldu.0", "ad_storage"),
        ("{field: a..b}", "consent.field", "`a..b` is no path"),
        ("{feild: a}", "consent.feild", "field"),
        ("{source: []}", "consent.source", "sources"),
    ],
)  # fmt: skip
def test_each_mistake_has_its_place_and_its_words(rule: str, path: str, says: str) -> None:
    found = problems(rule)
    assert [each for each, _ in found] == [path], found
    assert says in found[0][1]


FULL = """{default: {ad_storage: granted}, field: privacy, ldu: [ad_personalization],
  regions: [{regions: [US-CA], default: granted}, {regions: [US, DE], default: {ad_storage: denied}}],
  tcf: {purposes: {ad_storage: [1, 2], analytics_storage: []}, vendors: [755], legitimate_interest: [7], policy: 4},
  sources: [{platform: onetrust, map: {C0003: [ad_storage]}}, {json: /consent, path: /a, format: object},
            {cookie: c, format: list, map: {m: [ad_storage, ad_user_data]}}, {header: Sec-GPC, format: gpc}]}"""


def test_a_full_rule_is_sound_and_comes_back_as_it_was() -> None:
    assert problems(FULL) == []
    data = YAML(typ="safe").load(f"{{container: shop, consent: {FULL}}}")
    container = Container.model_validate(data, by_alias=True, by_name=False)
    dumped = container.model_dump(mode="json", by_alias=True)
    assert Container.model_validate(dumped, by_alias=True, by_name=False) == container
    assert container.consent.sources[1].json_ == "/consent"


def test_a_rule_without_anything_denies() -> None:
    assert ConsentRule().default == "denied"
