"""Each kind of entity by itself: what it becomes, and what the report says of it."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.containers.gtm.importer import Imported
from runtime.containers.gtm.names import Ids, slug
from runtime.errors import OperatorError
from runtime.model.container import Condition
from tests.containers.gtm.big import condition, flag, table, text
from tests.containers.gtm.support import imported, raw

ED = {"variableId": "1", "name": "ED", "type": "ed", "parameter": [text("keyPath", "a.b")]}
HOOK = {"templateId": "2", "galleryReference": {"owner": "stape-io", "repository": "json-http-request-tag"}}
URL = text("url", "https://erp.shop.example/in")


def version(**lists: Any) -> Imported:
    """The import of a container version with these lists."""
    return imported({"exportFormatVersion": 2, "containerVersion": lists})


def trigger(**more: Any) -> tuple[Any, Imported]:
    """The conditions of one trigger, and the import."""
    found = version(trigger=[{"triggerId": "1", "name": "T", "type": "ALWAYS", **more}], variable=[ED])
    return found.container.triggers["t"].all, found


def asked(operator: str, value: str, *, subject: str = "{{ED}}", **flags: bool) -> Condition:
    """The one condition that a filter becomes."""
    given = condition(operator, subject, value)
    given["parameter"] += [flag(name, each) for name, each in flags.items()]
    (found,), _ = trigger(filter=[given])
    assert isinstance(found, Condition)
    return found


@pytest.mark.parametrize(
    ("operator", "ours"),
    [("EQUALS", "equals"), ("CONTAINS", "contains"), ("STARTS_WITH", "starts_with"), ("ENDS_WITH", "ends_with"),
     ("MATCH_REGEX", "matches"), ("equals", "equals"), ("startsWith", "starts_with"), ("matchRegex", "matches")],
)  # fmt: skip
def test_operators_of_text(operator: str, ours: str) -> None:
    assert asked(operator, "x") == Condition(field="a.b", is_=ours, value="x")
    assert asked(operator, "x", negate=True, ignore_case=True) == Condition(
        field="a.b", is_=ours, value="x", not_=True, ignore_case=True
    )


@pytest.mark.parametrize(
    ("operator", "ours"),
    [
        ("GREATER", "greater"),
        ("GREATER_OR_EQUALS", "greater_or_equal"),
        ("LESS", "less"),
        ("lessOrEquals", "less_or_equal"),
    ],
)
def test_operators_of_numbers(operator: str, ours: str) -> None:
    assert asked(operator, "12") == Condition(field="a.b", is_=ours, value=12)
    assert asked(operator, "1.5", ignore_case=True) == Condition(field="a.b", is_=ours, value=1.5)


def test_undefined_is_no_value() -> None:
    assert asked("EQUALS", "undefined") == Condition(field="a.b", is_="exists", not_=True)
    assert asked("EQUALS", "undefined", negate=True) == Condition(field="a.b", is_="exists")


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (condition("CSS_SELECTOR", "{{ED}}", "a"), "operator CSS_SELECTOR"),
        (condition("MATCH_REGEX", "{{ED}}", "(?<=a)b"), "none that RE2 takes"),
        (condition("GREATER", "{{ED}}", "ten"), "no number"),
        (condition("LESS", "{{ED}}", "nan"), "no number"),
        (condition("EQUALS", "{{ED}}", "{{Event Name}}"), "a fixed value"),
        (condition("EQUALS", "", "x"), "does not say what it tests"),
        ("nonsense", "no object"),
        ({"type": 5}, "does not exist here"),
    ],
)
def test_a_trigger_that_cannot_be_carried_over_never_matches(given: Any, why: str) -> None:
    (found,), whole = trigger(filter=[given])
    assert found == Condition(field="event_name", is_="exists", not_=True)
    (fate,) = [fate for fate in whole.report.fates if fate.entity.kind == "trigger"]
    assert fate.status == "unmapped"
    assert why in fate.reasons[0]


def test_constants_are_written_out_in_conditions() -> None:
    host = {"name": "Host", "type": "c", "parameter": [text("value", "shop.example")]}
    given = {"name": "T", "type": "ALWAYS", "filter": [condition("EQUALS", "{{ED}}", "www.{{Host}}")]}
    found = version(trigger=[given], variable=[ED, host])
    assert found.container.triggers["t"].all == (Condition(field="a.b", is_="equals", value="www.shop.example"),)


def test_event_names_are_a_field() -> None:
    assert asked("EQUALS", "purchase", subject="{{_event}}").field == "event_name"
    assert asked("EQUALS", "purchase", subject="{{Event Name}}").field == "event_name"


def test_a_default_or_a_format_needs_the_variable() -> None:
    default = [text("keyPath", "a"), flag("setDefaultValue", True), text("defaultValue", "x")]
    lower = {"caseConversionType": "LOWERCASE"}
    variables = [{**ED, "name": "D", "parameter": default}, {**ED, "name": "F", "formatValue": lower}]
    filters = [condition("EQUALS", "{{D}}", "x"), condition("EQUALS", "{{F}}", "x")]
    found = version(trigger=[{"name": "T", "type": "ALWAYS", "filter": filters}], variable=variables)
    assert [each.variable for each in found.container.triggers["t"].all or () if isinstance(each, Condition)] == [
        "d",
        "f",
    ]


def hook(**more: Any) -> tuple[Any, Any]:
    """One tag that posts JSON, and its fate."""
    given = {
        "tagId": "9",
        "name": "Hook",
        "type": "cvt_1_2",
        "parameter": [URL],
        "firingTriggerId": ["2147479553"],
        **more,
    }
    found = version(tag=[given], customTemplate=[HOOK])
    (fate,) = [fate for fate in found.report.fates if fate.entity.kind == "tag"]
    return found.container.tags["hook"], fate


def test_the_own_trigger_for_all_events() -> None:
    tag, _ = hook()
    assert tag.triggers == ("all-events",)


@pytest.mark.parametrize("ms", [("1790000000000", "1780000000000"), ("x", "-5"), (None, 10**17)])
def test_odd_schedules_are_left_out(ms: tuple[Any, Any]) -> None:
    tag, _ = hook(scheduleStartMs=ms[0], scheduleEndMs=ms[1])
    assert tag.schedule.from_ is None
    assert tag.schedule.to is None


def test_consent_is_never_loosened() -> None:
    needed = {"consentStatus": "NEEDED", "consentType": {"type": "LIST", "list": [text("", "ad_storage")]}}
    assert hook(consentSettings=needed)[0].consent == ("ad_storage", "analytics_storage")
    assert hook(consentSettings={"consentStatus": "NOT_NEEDED"})[0].consent is None
    assert any("no consent" in reason for reason in hook()[1].reasons)


def test_what_lacks_pauses_the_tag_and_is_to_do() -> None:
    meta = {"templateId": "3", "galleryReference": {"owner": "stape-io", "repository": "facebook-tag"}}
    given = {"name": "Meta", "type": "cvt_1_3", "parameter": [text("pixelId", "not digits")]}
    found = version(tag=[given], customTemplate=[meta])
    tag = found.container.tags["meta"]
    assert tag.paused
    assert tag.settings == {"pixel_id": "0", "access_token": "secret:META_ACCESS_TOKEN"}
    assert sum(line.startswith("tags.meta: ") for line in found.report.todo) == 2
    assert "# FIRSTHAND_SECRET_META_ACCESS_TOKEN=" in found.files["secrets.env"]


def test_an_old_export_names_no_gallery() -> None:
    data = '___INFO___\n{"type": "TAG", "displayName": "FB"}\n___TEMPLATE_PARAMETERS___\n[{"type": "TEXT", "name": '
    data += '"pixelId"}, {"type": "TEXT", "name": "accessToken"}]\n___SERVER_PERMISSIONS___\n["https://graph.facebook.com/"]\n'
    given = {"name": "FB", "type": "cvt_7_3", "parameter": [text("pixelId", "12"), text("accessToken", "abcdefgh")]}
    found = version(tag=[given], customTemplate=[{"templateId": "3", "templateData": data}])
    assert found.container.tags["fb"].template == "meta_capi"
    assert [fate.status for fate in found.report.fates] == ["approximated", "approximated"]


def test_tables_keep_the_first_of_equal_keys() -> None:
    rows = table("map", {"key": "a", "value": "1"}, {"key": "a", "value": "2"}, {"key": "{{ED}}", "value": "3"})
    found = version(variable=[ED, {"name": "L", "type": "smm", "parameter": [text("input", "{{ED}}"), rows]}])
    assert found.container.variables["l"].settings == {"field": "a.b", "table": {"a": "1"}}
    (fate,) = [fate for fate in found.report.fates if fate.entity.name == "L"]
    assert fate.status == "approximated"


def test_what_no_container_may_hold_is_taken_out_and_told() -> None:
    cookie = {"name": "C", "type": "k", "parameter": [text("name", "not a cookie's name")]}
    data = {"templateId": "4", "galleryReference": {"owner": "stape-io", "repository": "data-client"}}
    paths = table("path", {"path": "/healthz"})
    client = {"name": "Data", "type": "cvt_1_4", "parameter": [paths]}
    found = version(variable=[cookie], client=[client], customTemplate=[data])
    assert found.container.variables["c"].template == "gtm_no_value"
    assert "paths" not in found.container.clients["data"].settings
    told = {fate.entity.name: fate for fate in found.report.fates}
    assert told["C"].status == "unmapped"
    assert "right form" in " ".join(told["C"].reasons)
    assert told["Data"].status == "approximated"
    assert "answered by the server itself" in " ".join(told["Data"].reasons)


def test_a_web_container_is_told() -> None:
    assert any("not for a server" in note for note in imported(raw("web_container")).report.notes)


def test_an_empty_export_is_a_container() -> None:
    found = version()
    assert found.report.fates == []
    assert found.container.container == "imported"


@pytest.mark.parametrize(
    "given", [b"", b"{", b"[]", b"5", b'"x"', b"null", b'{"a": {"b": 1}}', b'{"tag": 5}', b"\xff\xfe", b"[" * 5000]
)
def test_what_is_no_export(given: bytes) -> None:
    with pytest.raises(OperatorError, match=r"not JSON|no export"):
        imported(given)


@pytest.mark.parametrize("wrapped", [{"a": {"b": {"tag": []}}}, {"tag": []}, {"response": {"containerVersion": {}}}])
def test_levels_may_lack_or_be_added(wrapped: dict[str, Any]) -> None:
    assert imported(wrapped).report.notes


def test_slugs() -> None:
    assert slug("FB | Lead (überall)", "tag") == "fb-lead-uberall"
    assert slug("Größe & Maß", "tag") == "grosse-mass"
    assert slug("日本", "variable-7") == "variable-7"
    assert slug("404 page", "trigger-7") == "trigger-404-page"
    assert len(slug("x" * 500, "tag")) < 60
    ids = Ids()
    assert [ids.new(name, "tag") for name in ("A b", "a-B", "a b 2", "A?b")] == ["a-b", "a-b-2", "a-b-2-2", "a-b-3"]
