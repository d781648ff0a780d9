"""<lua-editor> and <template-bench> in a real browser: typing, completion, marks, saving, and the way out by keys."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from runtime.containers.draft import read_files
from runtime.containers.edits import set_part
from runtime.containers.own_templates import Name, own_files, scaffold_files, with_template
from runtime.containers.workspace import create_workspace, edit_workspace, workspace_files
from runtime.lua.script_check import ScriptCheck
from runtime.store.control import Control
from runtime.store.files import control_path
from tests.support.history import ORDERS, History
from tests.support.site import Site, serve

AXE = Path("admin_ui/frontend/node_modules/axe-core/axe.min.js")
READ = partial(read_files, script_check=ScriptCheck)
MINE = Name("destination", "mine")
PAGE = "/w/editing/templates/destination/mine"
WATCH = """window.violated = [];
document.addEventListener("securitypolicyviolation", (event) => window.violated.push(event.violatedDirective));"""
RUN_AXE = """axe.run(document, {runOnly: {type: "tag",
  values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}}).then(
  found => found.violations.flatMap(each => each.nodes.map(node => `${each.id}: ${node.target.join(" ")}`)))"""
ACTIVE = """(() => { let at = document.activeElement;
  while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return at.className + " " + at.localName; })()"""
CODE = "lua-editor[file='destination.lua'] .cm-content"
SLOW_MS = 30_000
"""For whatever starts a process: other tests may keep this machine busy."""


@pytest.fixture(scope="module")
def site(history: History, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    data = shutil.copytree(history.data, tmp_path_factory.mktemp("editing") / "data")
    with Control(control_path(data), who="ann") as control:
        create_workspace(control, "editing", READ)
        edit_workspace(control, "editing", lambda files: with_template(files, MINE, scaffold_files(MINE)), READ)
        tag = {"template": "mine", "triggers": ["everything"], "settings": {"account": "shop-7"}}
        edit_workspace(control, "editing", lambda files: set_part(files, "tags.vendor", tag), READ)
    with serve(data) as served:
        yield served


@pytest.fixture
def context(site: Site, browser: Browser) -> Iterator[BrowserContext]:
    context = site.enter(browser, "editor", viewport={"width": 1280, "height": 900})
    context.add_init_script(WATCH)
    context.set_default_timeout(SLOW_MS)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """The editor's page, with a stored event; whatever a test does there, nothing breaks the policy."""
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda told: complaints.append(told.text) if told.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{PAGE}?event={ORDERS}/0")
    expect(page.locator(CODE)).to_be_visible(timeout=SLOW_MS)
    yield page
    assert page.evaluate("window.violated") == []
    assert complaints == []


def type_at_end(page: Page, text: str) -> None:
    page.locator(CODE).focus()
    page.keyboard.press("Control+End")
    page.keyboard.insert_text(text)


def outcome(page: Page) -> str:
    return page.locator("template-bench [data-panel]").inner_text()


def test_the_request_appears_and_follows_what_is_typed(page: Page) -> None:
    panel = page.locator("template-bench [data-panel]")
    expect(panel).to_contain_text("https://api.vendor.example/events", timeout=SLOW_MS)
    expect(panel).to_contain_text('"account": "shop-7"')
    page.locator(CODE).focus()
    page.keyboard.press("Control+Home")
    page.keyboard.insert_text('local kind = "typed just now"\n')
    type_at_end(page, "-- end\n")
    area = page.locator("lua-editor[file='destination.lua'] textarea")
    assert str(area.evaluate("each => each.value")).startswith('local kind = "typed just now"\n')
    page.keyboard.press("Control+Home")
    page.keyboard.insert_text("local broken = undefined_thing\n")
    expect(panel).to_contain_text("there is no global `undefined_thing`", timeout=SLOW_MS)


def test_a_problem_is_marked_where_it_is(page: Page) -> None:
    page.locator(CODE).focus()
    page.keyboard.press("Control+Home")
    page.keyboard.insert_text("local broken = undefined_thing\n")
    mark = page.locator("lua-editor[file='destination.lua'] .cm-lintRange")
    expect(mark.first).to_have_text("undefined_thing", timeout=SLOW_MS)
    expect(page.locator("lua-editor[file='destination.lua'] .cm-lint-marker")).to_have_count(1)
    page.locator(CODE).focus()
    page.keyboard.press("Control+z")
    expect(mark).to_have_count(0, timeout=SLOW_MS)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("json.dec", "json.decode"), ("event.user_da", "event.user_data"), ("event.x-fb-ck", "event.x-fb-ck-fb")],
)
def test_what_is_offered(page: Page, typed: str, offered: str) -> None:
    page.locator(CODE).focus()
    page.keyboard.press("Control+End")
    page.keyboard.press("Enter")
    page.keyboard.type(typed, delay=10)
    page.keyboard.press("Control+Space")
    first = page.locator("lua-editor[file='destination.lua'] .cm-tooltip-autocomplete li").first
    expect(first).to_contain_text(offered, timeout=SLOW_MS)
    page.wait_for_timeout(300)  # A list that has just opened takes no Enter: who types fast means a new line.
    page.keyboard.press("Enter")
    if "-" in typed:
        expect(page.locator(CODE)).to_contain_text(f'event["{offered.removeprefix("event.")}')
    else:
        expect(page.locator(CODE)).to_contain_text(offered)


def test_keys_lead_in_and_out(page: Page) -> None:
    page.locator("details.sheet summary").first.focus()
    page.keyboard.press("Tab")
    assert "cm-content" in page.evaluate(ACTIVE)
    before = page.locator(CODE).inner_text()
    page.keyboard.press("Tab")
    assert "cm-content" in page.evaluate(ACTIVE), "Tab indents"
    page.keyboard.press("Control+z")
    assert page.locator(CODE).inner_text() == before
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert "summary" in page.evaluate(ACTIVE)
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+Tab")
    assert "summary" in page.evaluate(ACTIVE)
    assert "Escape, then Tab, leaves the editor" in page.locator("lua-editor .hint").first.inner_text()


def test_ctrl_s_saves_and_runs_the_examples(page: Page, site: Site) -> None:
    type_at_end(page, "-- saved by a key\n")
    page.keyboard.press("Control+s")
    page.wait_for_url("**/templates/destination/mine?tested=1**", timeout=SLOW_MS)
    expect(page.locator("template-bench")).to_contain_text("all 6 examples passed")
    with Control.read(control_path(site.data)) as control:
        files = own_files(workspace_files(control, control.workspaces.get("editing")), MINE)
    assert files["destination.lua"] == scaffold_files(MINE)["destination.lua"] + "-- saved by a key\n"
    assert {path: text for path, text in files.items() if path != "destination.lua"} == {
        path: text for path, text in scaffold_files(MINE).items() if path != "destination.lua"
    }


def test_searching_and_indenting(page: Page) -> None:
    page.locator(CODE).focus()
    page.keyboard.press("Control+f")
    box = page.locator("lua-editor[file='destination.lua'] .cm-search input[name=search]")
    expect(box).to_be_focused()
    page.keyboard.type("settings.endpoint")
    expect(page.locator("lua-editor .cm-searchMatch").first).to_be_visible()
    page.evaluate(AXE.read_text())
    assert page.evaluate(RUN_AXE) == []
    page.keyboard.press("Escape")
    assert "cm-content" in page.evaluate(ACTIVE)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1280])
def test_it_is_accessible(page: Page, scheme: Literal["light", "dark"], width: int) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    for path in ("manifest.yaml", "examples/purchase.yaml"):
        page.locator("details.sheet summary", has_text=path).click()
        expect(page.locator(f"lua-editor[file='{path}'] .cm-content")).to_be_visible()
    page.locator(CODE).focus()
    page.keyboard.press("Control+Home")
    page.keyboard.insert_text("local broken = undefined_thing -- 1\n")
    expect(page.locator(".cm-lintRange").first).to_be_visible(timeout=SLOW_MS)
    page.evaluate(AXE.read_text())
    assert page.evaluate(RUN_AXE) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_without_javascript_it_is_a_form(site: Site, browser: Browser) -> None:
    context = site.enter(browser, "editor", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{PAGE}?event={ORDERS}/0")
    area = page.locator("lua-editor[file='destination.lua'] textarea")
    area.fill(area.input_value().replace("value = event.value,", "value = 77,"))
    page.get_by_role("button", name="Run", exact=True).click()
    assert '"value": 77' in outcome(page)
    assert "value = 77," in page.locator("lua-editor[file='destination.lua'] textarea").input_value()
    page.get_by_role("button", name="Run all examples").click()
    assert "examples failed" in outcome(page)
    context.close()


def test_what_two_changed_is_shown_as_a_difference(context: BrowserContext, site: Site) -> None:
    page = context.new_page()
    page.goto(PAGE)
    expect(page.locator(CODE)).to_be_visible(timeout=SLOW_MS)
    with Control(control_path(site.data), who="max") as control:
        path = f"{MINE.folder}{MINE.script}"
        edit_workspace(control, "editing", lambda files: {**files, path: "-- theirs\n" + files[path]}, READ)
    page.locator(CODE).focus()
    page.keyboard.press("Control+Home")
    page.keyboard.insert_text("-- mine\n")
    page.keyboard.press("Control+s")
    page.get_by_text("From theirs to mine").click(timeout=SLOW_MS)
    expect(page.locator("text-diff .cm-changedLine").first).to_contain_text("-- mine")
    expect(page.locator("text-diff .cm-deletedChunk").first).to_contain_text("-- theirs")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.evaluate(AXE.read_text())
        assert page.evaluate(RUN_AXE) == []
    assert page.evaluate("window.violated") == []
