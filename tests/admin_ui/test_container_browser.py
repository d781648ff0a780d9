"""The container's lists and forms in a browser: searching, choosing, saving by keys, and all of it without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.admin_ui.drafted import CONTAINER, WS, data_of, make_drafts
from tests.support.site import Site, serve

TRIGGERS = "".join(f"  only_{number}: {{all: []}}\n" for number in range(12))


@pytest.fixture
def drafts(tmp_path: Path) -> Iterator[Site]:
    text = CONTAINER.replace("triggers:\n  purchases", f"triggers:\n{TRIGGERS}  purchases")
    with serve(make_drafts(tmp_path / "data", text)) as site:
        yield site


def opened(site: Site, browser: Browser, path: str, **options: bool) -> Page:
    page = site.enter(browser, "editor", **options).new_page()
    page.goto(path)
    return page


def test_a_list_is_searched_as_one_types(drafts: Site, browser: Browser) -> None:
    page = opened(drafts, browser, f"/w/{WS}/variables")
    expect(page.locator("tbody tr")).to_have_count(2)
    page.keyboard.press("/")
    page.keyboard.type("hello")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.get_by_role("status").first).to_contain_text("1 of 2")


def test_chosen_rows_are_paused_together(drafts: Site, browser: Browser) -> None:
    page = opened(drafts, browser, f"/w/{WS}/tags")
    pause = page.get_by_role("button", name="Pause")
    expect(pause).to_be_disabled()
    page.get_by_label("Choose hook").check()
    expect(page.locator("choose-rows")).to_contain_text("1 chosen")
    pause.click()
    expect(page.locator(".done")).to_have_text("Paused: hook.")
    assert data_of(drafts.data)["tags"]["hook"]["paused"] is True


def test_a_long_list_of_names_is_searched_and_keeps_what_is_chosen(drafts: Site, browser: Browser) -> None:
    page = opened(drafts, browser, f"/w/{WS}/tags/hook")
    triggers = page.locator("#triggers")
    expect(triggers.get_by_label("purchases")).to_be_checked()
    expect(triggers.get_by_label("only_7")).to_be_hidden()
    triggers.get_by_role("searchbox").fill("only_7")
    triggers.get_by_label("only_7").check()
    triggers.get_by_role("searchbox").fill("")
    page.get_by_label("Note").fill("by keys")
    page.keyboard.press("Control+s")
    expect(page.locator(".done")).to_contain_text("Saved.")
    tag = data_of(drafts.data)["tags"]["hook"]
    assert (tag["triggers"], tag["note"]) == (["purchases", "only_7"], "by keys")


def test_a_variable_is_chosen_in_place_of_a_choice(drafts: Site, browser: Browser) -> None:
    page = opened(drafts, browser, f"/w/{WS}/tags/new?template=meta_capi")
    named = page.get_by_label("Action source: the variable")
    expect(named).to_be_hidden()
    page.get_by_label("Action source", exact=True).select_option("a variable:")
    named.fill("{{word}}")
    page.get_by_label("Name (required)").fill("meta")
    page.get_by_label("Pixel or dataset id").fill("123")
    page.get_by_role("button", name="Add the tag").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("meta")
    assert data_of(drafts.data)["tags"]["meta"]["settings"]["action_source"] == "{{word}}"


def test_a_trigger_is_built_and_saved(drafts: Site, browser: Browser) -> None:
    page = opened(drafts, browser, f"/w/{WS}/triggers/purchases")
    expect(page.locator("condition-builder").get_by_role("button", name="Add condition").first).to_be_visible()
    page.get_by_label("Note").fill("orders")
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.locator(".done")).to_have_text("Saved.")
    trigger = data_of(drafts.data)["triggers"]["purchases"]
    assert trigger == {"all": [{"field": "event_name", "is": "equals", "value": "purchase"}], "note": "orders"}


def test_without_scripts_a_part_is_made_and_deleted(drafts: Site, browser: Browser) -> None:
    page = opened(drafts, browser, f"/w/{WS}/variables/new?template=lookup_table", java_script_enabled=False)
    page.get_by_label("Name (required)").fill("kind")
    page.get_by_label("Table, name 1").fill("purchase")
    page.get_by_label("Table, value 1").fill("sale")
    page.get_by_role("button", name="More rows for Table").click()
    page.get_by_label("Table, name 4").fill("lead")
    page.get_by_label("Table, value 4").fill("lead")
    page.get_by_role("button", name="Edit Table as YAML").click()
    page.get_by_label("Table (required) as YAML").fill("purchase: 1\nlead: {{x}}")
    page.get_by_role("button", name="Add the variable").click()
    expect(page.locator("#problems")).to_contain_text("1 problem")
    page.get_by_label("Table (required) as YAML").fill("purchase: 1\nlead: two")
    page.get_by_role("button", name="Add the variable").click()
    assert data_of(drafts.data)["variables"]["kind"]["settings"] == {"table": {"purchase": 1, "lead": "two"}}
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    assert "kind" not in data_of(drafts.data)["variables"]
