"""Consent is tightened by what an event says, and never loosened."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.model.consent import PURPOSES
from runtime.pipeline.consent import missing, tighten
from runtime.pipeline.run import run
from runtime.pipeline.trace import Trace
from tests.support.programs import hit, program, tag
from tests.text.consent_encoder import Tcf

ALL: dict[str, bool] = dict.fromkeys(PURPOSES, True)
NONE: dict[str, bool] = dict.fromkeys(PURPOSES, False)


@pytest.mark.parametrize("value", [True, "granted"])
def test_granted(value: Any) -> None:
    assert tighten(ALL, {"ad_storage": value}) == ALL


@pytest.mark.parametrize("value", [False, "denied", "GRANTED", "yes", 1, 0, "", None, [], {}])
def test_denied(value: Any) -> None:
    assert tighten(ALL, {"ad_storage": value}) == {**ALL, "ad_storage": False}


@pytest.mark.parametrize("said", [None, {}, [], {"other": False}])
def test_says_nothing(said: Any) -> None:
    assert tighten(ALL, said) == ALL


@pytest.mark.parametrize("said", [True, 1, ["ad_storage"], "yes", "", "C" * 40])
def test_what_cannot_be_read_denies_everything(said: Any) -> None:
    assert tighten(ALL, said) == NONE


@pytest.mark.parametrize(
    ("said", "denied"),
    [
        ("granted", set()),
        ("denied", set(PURPOSES)),
        ("G101", {"ad_storage"}),
        ('{"ad_user_data": "denied"}', {"ad_user_data"}),
        (Tcf(consents={1, 3, 4, 7}).text(), {"analytics_storage"}),
    ],
)
def test_a_text_is_read_as_the_edge_reads_it(said: str, denied: set[str]) -> None:
    assert tighten(ALL, said) == {purpose: purpose not in denied for purpose in PURPOSES}
    assert tighten(NONE, said) == NONE


purposes = st.fixed_dictionaries({purpose: st.booleans() for purpose in PURPOSES})
sayings = st.dictionaries(st.sampled_from([*PURPOSES, "other"]), st.sampled_from([True, False, "granted", "denied", 5]))


@given(purposes, sayings)
def test_never_loosens(edge: dict[str, bool], said: dict[str, Any]) -> None:
    consent = tighten(edge, said)
    assert set(consent) == set(PURPOSES)
    assert not any(consent[purpose] and not edge[purpose] for purpose in PURPOSES)


def test_missing_purposes_in_order() -> None:
    assert missing(("ad_storage", "ad_user_data"), {**ALL, "ad_user_data": False}) == ("ad_user_data",)


def test_denied_tag_names_what_is_missing() -> None:
    built = program({"tags": {"a": tag(consent=["ad_storage", "ad_user_data"]), "b": tag()}})
    said = {"event_name": "x", "consent_state": {"ad_storage": "denied", "ad_user_data": False}}
    (event,) = run(hit(said), built).events
    assert [(run.tag, run.state, run.reason) for run in event.tags] == [
        ("a", "denied", "ad_storage, ad_user_data"),
        ("b", "fired", ""),
    ]
    assert event.consent == {**ALL, "ad_storage": False, "ad_user_data": False}


def test_denial_counts_only_where_the_tag_would_have_fired() -> None:
    triggers = {"never": {"all": [{"field": "event_name", "is": "equals", "value": "other"}]}}
    tags = {
        "a": tag(triggers=["never"], consent=["ad_storage"]),
        "b": tag(exceptions=["everything"], consent=["ad_storage"]),
    }
    (event,) = run(hit({"event_name": "x"}, consent=NONE), program({"tags": tags, "triggers": triggers})).events
    assert [run.state for run in event.tags] == ["not_triggered", "blocked"]


def test_the_event_says_it_where_the_rule_looks() -> None:
    built = program({"tags": {"a": tag(consent=["ad_storage"])}, "consent": {"field": "privacy.choices"}})
    elsewhere = {"event_name": "x", "consent_state": {"ad_storage": False}}
    assert run(hit(elsewhere), built).events[0].tags[0].state == "fired"
    there = {"event_name": "x", "privacy": {"choices": {"ad_storage": False}}}
    assert run(hit(there), built).events[0].tags[0].state == "denied"


@pytest.mark.parametrize(("options", "denied"), [(["LDU"], True), ("LDU", True), ([], False), (["other"], False)])
@pytest.mark.parametrize("ldu", [[], ["ad_personalization"]])
def test_limited_data_use_denies_what_the_rule_names(options: Any, denied: bool, ldu: list[str]) -> None:
    built = program({"tags": {"a": tag()}, "consent": {"ldu": ldu}})
    said = {"event_name": "x", "x-fb-data_processing_options": options}
    (event,) = run(hit(said), built).events
    assert event.consent == ALL | {"ad_personalization": not (denied and bool(ldu))}


def test_the_trace_says_what_decided_each_purpose() -> None:
    built = program({"tags": {"a": tag()}, "consent": {"ldu": ["ad_personalization"]}})
    logged = hit(
        {"event_name": "x", "consent_state": {"ad_user_data": False}, "x-fb-data_processing_options": ["LDU"]},
        consent=ALL | {"analytics_storage": False},
        consent_from={"analytics_storage": "gcs", "ad_user_data": "gcd"},
    )
    trace = Trace()
    run(logged, built, trace=trace)
    found = trace.events[0].consent
    assert found["in_force"] == {**NONE, "ad_storage": True}
    assert found["why"] == {
        "ad_user_data": "event: consent_state",
        "ad_personalization": "event: limited data use",
        "analytics_storage": "gcs",
    }
