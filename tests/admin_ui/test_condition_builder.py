"""<condition-builder> in a real browser: built by keyboard alone, text and rows, suggestions, the live count."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Iterator
from functools import partial
from html import escape
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from admin_ui.assets import STATIC, asset
from runtime.containers.draft import read_files
from runtime.containers.workspace import create_workspace
from runtime.lua.script_check import ScriptCheck
from runtime.store.control import Control
from runtime.store.files import control_path
from tests.support.history import History
from tests.support.site import Site, serve

AXE = Path("admin_ui/frontend/node_modules/axe-core/axe.min.js")
WORKSPACE = "builder"
PATIENCE_MS = 90_000
"""Variables are asked by a process that has to start first."""
OPTION = ".cb-choices li:visible"
CSRF = "JSON.parse(document.body.getAttribute('hx-headers:inherited'))['X-CSRF-Token']"
WATCH = """window.violated = [];
document.addEventListener("securitypolicyviolation", (event) => window.violated.push(event.violatedDirective));"""
NESTED: dict[str, Any] = {
    "note": "Orders of people.",
    "all": [
        {"field": "event_name", "is": "equals", "value": "purchase"},
        {"any": [
            {"field": "value", "is": "greater", "value": 5},
            {"field": "curency", "is": "in", "value": ["EUR", "U,SD", 7, "7", True], "ignore_case": True},
        ]},
    ],
    "not": [{"variable": "is_bot", "is": "equals", "value": True}],
}  # fmt: skip
VALUES: tuple[Any, ...] = ("12", 12, 1.5, "true", True, "", " a ", '"', [1, {"a": None}])
ODD: list[dict[str, Any]] = [
    {},
    {"all": []},
    {"all": None, "not": [{"not": False, "is": "exists", "field": "x", "ignore_case": False}]},
    {"any": [{"field": "x", "is": "equals", "value": value} for value in VALUES]},
    {"all": [{"all": [{"any": [{"not": []}]}]}, {"all": [], "any": []}]},
    NESTED,
]  # fmt: skip


@pytest.fixture(scope="module")
def site(history: History, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    data = shutil.copytree(history.data, tmp_path_factory.mktemp("builder") / "data")
    with Control(control_path(data), who="ann") as control:
        create_workspace(control, WORKSPACE, partial(read_files, script_check=ScriptCheck))
    with serve(data) as served:
        yield served


class Builder:
    """A page with the element alone, served under the policy that all pages have."""

    def __init__(self, context: BrowserContext, text: str, more: str = "") -> None:
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda told: self._complain(told.text) if told.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self._complain(str(error)))
        self.page.add_init_script(WATCH)
        answer = self.page.goto("/")
        assert answer is not None
        self._policy = answer.headers["content-security-policy"]
        self._html = _html(str(self.page.evaluate(CSRF)) if context.browser else "", text, more)
        self.sent: list[dict[str, list[str]]] = []
        self.page.route(f"**/w/{WORKSPACE}/triggers/t", self._serve)
        self.page.goto(f"/w/{WORKSPACE}/triggers/t")

    def _complain(self, text: str) -> None:
        self.complaints.append(text)

    def _serve(self, route: Route) -> None:
        if route.request.method == "POST":
            self.sent.append(parse_qs(route.request.post_data or "", keep_blank_values=True))
        headers = {"Content-Security-Policy": self._policy}
        route.fulfill(body=self._html, content_type="text/html; charset=utf-8", headers=headers)

    @property
    def text(self) -> str:
        return self.page.locator("textarea").input_value()

    @property
    def data(self) -> Any:
        return json.loads(self.text)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    @property
    def focused(self) -> str:
        """Returns label or name of what has the focus."""
        name = "at.getAttribute('aria-label') ?? at.labels?.[0]?.innerText.trim() ?? at.innerText"
        return str(self.page.evaluate(f"(at => {name})(document.activeElement)"))

    def wait_for_count(self, text: str) -> None:
        expect(self.page.locator(".cb-count")).to_have_text(text, timeout=PATIENCE_MS)

    def wait_for(self, by: Literal["field", "variable"]) -> None:
        """Waits until it is known what was seen. Not by `wait_for_function`, which the policy keeps from evaluating."""
        for _ in range(PATIENCE_MS // 100):
            if self.page.evaluate(f"document.querySelector('condition-builder').seen.of.{by}.events"):
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"no {by} was told of")

    def is_quiet(self) -> None:
        assert self.complaints == []
        assert self.page.evaluate("window.violated") == []


def _html(csrf: str, text: str, more: str) -> str:
    builder = f'data-workspace="{WORKSPACE}" data-match-url="/w/{WORKSPACE}/match"'
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A trigger</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<meta name="htmx-config" content='{{"includeIndicatorCSS": false}}'>
<link rel="stylesheet" href="{asset("vendor/pico.min.css")}"><link rel="stylesheet" href="{asset("app.css")}">
<link rel="icon" href="{asset("icon.svg")}"><script src="{asset("vendor/htmx.min.js")}" defer></script>
<script type="module" src="{asset("elements/condition-builder.js")}"></script></head>
<body hx-headers:inherited='{{"X-CSRF-Token": "{csrf}"}}'><main><h1>A trigger</h1>
<form method="post" action="/w/{WORKSPACE}/triggers/t"><input type="hidden" name="csrf" value="{csrf}">
<condition-builder {builder}><label>Conditions <textarea name="conditions"{more}>{escape(text)}</textarea></label>
</condition-builder><button>Save</button></form></main></body></html>"""


@pytest.fixture
def context(site: Site, browser: Browser) -> Iterator[BrowserContext]:
    opened = site.enter(browser, "editor")
    yield opened
    opened.close()


def test_a_trigger_is_built_by_keyboard_alone(context: BrowserContext) -> None:
    builder = Builder(context, "{}")
    builder.wait_for_count("Matches 7 of the last 7 events (100.0 %).")
    builder.wait_for("field")
    builder.press("Tab", "Tab", "Tab")
    assert builder.focused == "Add “every one of”"
    builder.press("Enter")
    assert builder.focused.startswith("Asks for a")
    builder.press("Tab")
    builder.type("event_n")
    expect(builder.page.locator(OPTION)).to_be_visible()
    builder.press("ArrowDown", "Enter")
    assert builder.data == {"all": [{"field": "event_name", "is": "equals", "value": ""}]}
    builder.press("Tab", "Tab", "Tab", "ArrowDown", "ArrowDown")
    assert builder.focused == "Value"
    assert builder.page.locator("input[aria-activedescendant]").count() == 1
    builder.press("ArrowUp", "Enter")
    assert builder.data["all"][0]["value"] == "purchase"
    builder.wait_for_count("Matches 4 of the last 7 events (57.1 %). One condition short: 3.")
    builder.press("Tab", "Space")
    assert builder.data["all"][0]["ignore_case"] is True
    builder.press("Tab", "Tab")
    assert builder.focused == "Add condition"
    builder.press("Enter", "Tab")
    builder.type("value")
    builder.press("Escape", "Tab", "Tab")
    builder.type("is greater t")
    builder.press("Tab")
    builder.type("5")
    builder.press("Enter")
    assert builder.data["all"][1] == {"field": "value", "is": "greater", "value": 5}
    builder.wait_for_count("Matches 3 of the last 7 events (42.9 %). One condition short: 1.")
    assert "it was 3" in builder.page.locator(".match-lists").inner_text()
    assert builder.sent == []
    builder.is_quiet()
    builder.page.get_by_role("button", name="Save").press("Enter")
    builder.page.wait_for_load_state()
    assert json.loads(builder.sent[0]["conditions"][0])["all"][1]["value"] == 5
    assert set(builder.sent[0]) == {"csrf", "conditions"}


@pytest.mark.parametrize("data", ODD, ids=range(len(ODD)))
def test_rows_change_nothing_that_nobody_touches(context: BrowserContext, data: dict[str, Any]) -> None:
    given = json.dumps(data)
    builder = Builder(context, given)
    assert builder.text == given
    builder.page.get_by_role("button", name="Text", exact=True).click()
    builder.page.get_by_role("button", name="Rows").click()
    assert builder.text == given
    adds = builder.page.get_by_role("button", name="Add condition")
    if adds.count():
        adds.last.click()
        builder.page.get_by_role("button", name="Remove condition").last.click()
        assert list(builder.data) == list(data)
        assert builder.data == data
    builder.is_quiet()


def test_groups_are_nested_moved_and_removed(context: BrowserContext) -> None:
    one, two, three = ({"field": name, "is": "exists"} for name in ("one", "two", "three"))
    builder = Builder(context, json.dumps({"all": [one, two]}))
    add = builder.page.get_by_role("button", name="Add group")
    add.click()
    builder.press("Tab")
    builder.type("three")
    builder.press("Escape", "Tab", "Tab")
    builder.type("exists")
    assert builder.data == {"all": [one, two, {"any": [three]}]}
    builder.page.get_by_role("button", name="Move down condition 2 of 2").or_(
        builder.page.get_by_role("button", name="Move down condition 2 of 3")
    ).press("Enter")
    assert builder.data == {"all": [one, {"any": [two, three]}]}
    assert builder.focused == "Move down condition 1 of 2"
    builder.press("Enter", "Enter")
    assert builder.data == {"all": [one, {"any": [three]}, two]}
    assert builder.focused == "Move up condition 3 of 3"
    builder.page.get_by_role("button", name="Move up group 2 of 3").press("Enter")
    assert builder.data == {"all": [{"any": [three]}, one, two]}
    expect(builder.page.get_by_text("Moved to place 1 of 3.")).to_have_count(1)
    builder.page.locator(".cb-part .cb-part select").first.select_option("not")
    assert builder.data["all"][0] == {"not": [three]}
    builder.page.get_by_role("button", name="Remove group 1 of 3").press("Enter")
    assert builder.data == {"all": [one, two]}
    assert builder.focused == "Remove condition 1 of 2"
    builder.page.get_by_role("button", name="Add “none of”").press("Enter")
    assert builder.data == {"all": [one, two], "not": [{"field": "", "is": "equals", "value": ""}]}
    builder.is_quiet()


def test_what_was_seen_is_suggested(context: BrowserContext) -> None:
    builder = Builder(context, json.dumps({"all": [{"field": "", "is": "in", "value": []}]}))
    builder.wait_for("field")
    name, value = builder.page.get_by_label("Field", exact=True), builder.page.get_by_label("Value", exact=True)
    name.fill("user_data.em")
    option = builder.page.locator(OPTION)
    expect(option).to_have_text("user_data.email_addresstext, in 71.4 %: j***@***.example")
    option.click()
    assert name.input_value() == "user_data.email_address"
    value.click()
    expect(builder.page.locator(OPTION)).to_have_count(0)
    name.fill("items.3.nothing")
    expect(builder.page.locator(".cb-hint.warn")).to_have_text("not seen: 0 of 7 events")
    name.fill("event_name")
    expect(builder.page.locator(".cb-hint")).to_have_text("text, in 100.0 %: purchase, generate_lead")
    value.fill("refund, purch")
    builder.press("ArrowDown", "Enter")
    assert value.input_value() == "refund, purchase"
    assert builder.data["all"][0]["value"] == ["refund", "purchase"]
    builder.page.get_by_label("Asks for a").select_option("variable")
    builder.wait_for("variable")
    builder.page.get_by_label("Variable", exact=True).fill("bot")
    expect(builder.page.locator(OPTION)).to_have_text("is_botboolean, in 100.0 %: false")
    assert builder.data["all"][0] == {"variable": "bot", "is": "in", "value": ["refund", "purchase"]}
    builder.is_quiet()


def test_text_that_rows_cannot_show_is_told_and_not_lost(context: BrowserContext) -> None:
    broken = '{"all": [\n  {"field": "x"'
    builder = Builder(context, broken)
    problem, rows = builder.page.get_by_role("alert"), builder.page.get_by_role("button", name="Rows")
    expect(problem).to_contain_text("Rows cannot show this text")
    expect(builder.page.locator("textarea")).to_be_visible()
    rows.click()
    assert builder.text == broken
    for text, told in (
        ("[]", "it is no table of conditions"),
        ("null", "it is no table of conditions"),
        ('{"every": []}', "the key every is not known"),
        ('{"all": [{"field": "a", "is": "like", "value": 1}]}', "all.0.is is no operator"),
        ('{"all": [{"field": "a", "variable": "b", "is": "exists"}]}', "all.0 needs either a field or a variable"),
        (
            '{"all": [{"field": "a", "is": "equals", "value": 12345678901234567890}]}',
            "all.0.value is too large for rows",
        ),
        ('{"all": [{"field": "a", "is": "exists", "then": 1}]}', "the key all.0.then is not known"),
    ):
        builder.page.locator("textarea").fill(text)
        expect(problem).to_contain_text(told)
        rows.click()
        assert builder.text == text
    builder.page.locator("textarea").fill('{"any": []}')
    expect(problem).to_have_text("")
    rows.click()
    expect(builder.page.locator("textarea")).to_be_hidden()
    builder.is_quiet()


@pytest.mark.parametrize(
    ("operator", "text", "value"),
    [
        ("equals", "12", 12),
        ("equals", "-1.5", -1.5),
        ("equals", "1.50", "1.50"),
        ("equals", "007", "007"),
        ("equals", "12345678901234567890", "12345678901234567890"),
        ("equals", "true", True),
        ("equals", '"true"', "true"),
        ("equals", "True", "True"),
        ("equals", "", ""),
        ("equals", "[1, 2]", [1, 2]),
        ("equals", "[1, ", "[1, "),
        ("contains", "12", "12"),
        ("matches", "^[a-z]+$", "^[a-z]+$"),
        ("greater", "5e3", "5e3"),
        ("greater", "0.5", 0.5),
        ("in", "a, 2, true, \"x, y\",, \"7\"", ["a", 2, True, "x, y", "7"]),
        ("in", '["a", 1]', ["a", 1]),
        ("in", "", []),
    ],
)  # fmt: skip
def test_values_mean_what_they_look_like(tree: Page, operator: str, text: str, value: Any) -> None:
    found = tree.evaluate("([is, text]) => tree.valueOf(is, text)", [operator, text])
    assert (type(found), found) == (type(value), value)
    shown = tree.evaluate("([is, value]) => tree.valueText(is, value)", [operator, found])
    assert tree.evaluate("([is, text]) => tree.valueOf(is, text)", [operator, shown]) == value


@pytest.fixture(scope="module")
def tree(site: Site, browser: Browser) -> Iterator[Page]:
    context = site.enter(browser, "editor")
    page = context.new_page()
    page.goto("/")
    page.evaluate(f"import('{asset('elements/condition-tree.js')}').then(loaded => {{ window.tree = loaded }})")
    yield page
    context.close()


@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_accessible_and_fits(site: Site, browser: Browser, width: int, scheme: Literal["light", "dark"]) -> None:
    context = site.enter(browser, "editor", viewport={"width": width, "height": 900}, color_scheme=scheme)
    builder = Builder(context, json.dumps(NESTED))
    builder.wait_for("field")
    builder.wait_for_count("Matches 3 of the last 7 events (42.9 %). One condition short: 1.")
    name = builder.page.get_by_label("Field", exact=True).first
    name.fill("e")
    builder.press("ArrowDown")
    builder.page.evaluate(AXE.read_text())
    options = "{rules: {'target-size': {enabled: true}}}"
    found = f"axe.run(document, {options}).then(found => found.violations.map(each => [each.id, each.nodes[0].html]))"
    assert builder.page.evaluate(found) == []
    builder.page.get_by_role("button", name="Text", exact=True).click()
    assert builder.page.evaluate(found) == []
    builder.page.get_by_role("button", name="Rows").click()
    assert not builder.page.evaluate("document.documentElement.scrollWidth > innerWidth")
    builder.is_quiet()
    context.close()


def test_conditions_that_are_not_complete_complain_of_nothing(context: BrowserContext) -> None:
    builder = Builder(context, json.dumps({"all": [{"field": "", "is": "greater", "value": ""}]}))
    builder.wait_for_count("Not counted: the conditions are not complete.")
    expect(builder.page.locator(".cb-result li").first).to_contain_text("all.0.field")
    builder.is_quiet()


def test_without_javascript_the_text_is_all_there_is(site: Site, browser: Browser) -> None:
    context = site.enter(browser, "editor", java_script_enabled=False)
    page = context.new_page()
    page.set_content(_html("", '{"all": []}', ""))
    expect(page.get_by_label("Conditions")).to_have_value('{"all": []}')
    context.close()


@pytest.mark.parametrize("more", [" readonly", " disabled"])
def test_who_may_not_change_it_sees_the_text(context: BrowserContext, more: str) -> None:
    builder = Builder(context, json.dumps(NESTED), more)
    expect(builder.page.locator("textarea")).to_be_visible()
    expect(builder.page.get_by_role("button", name="Rows")).to_have_count(0)
    builder.is_quiet()


def test_what_senders_wrote_is_text(context: BrowserContext) -> None:
    payload = '<img src=x onerror="window.violated.push(1)">'
    told = {
        "path": payload,
        "types": ["text"],
        "events": 1,
        "share": 1,
        "values": [{"value": payload, "count": 1, "masked": False}],
    }
    answer = {"events": 1, "since": "", "partial": "", "found": 1, "fields": [told]}
    context.route("**/api/v1/fields?*", lambda route: route.fulfill(json=answer))
    builder = Builder(context, json.dumps({"all": [{"field": payload, "is": "equals", "value": payload}]}))
    builder.wait_for("field")
    for label in ("Field", "Value"):
        builder.page.get_by_label(label, exact=True).click()
        expect(builder.page.locator(OPTION)).to_contain_text(payload)
    expect(builder.page.locator(".cb-hint")).to_contain_text(payload)
    assert builder.page.locator("condition-builder img").count() == 0
    builder.is_quiet()


def test_it_is_small() -> None:
    files = sorted((STATIC / "elements").glob("condition-*.js"))
    assert len(files) == 5
    assert len(gzip.compress(b"".join(file.read_bytes() for file in files), mtime=0)) <= 8 * 1024
