"""The first page: numbers that lead somewhere, the live version, drafts that differ."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from admin_ui.pages.home import line
from runtime.explain.overview import SPANS, overview
from runtime.explain.quality import quality
from runtime.model.policy import NO_POLICY
from tests.support.admin import AdminBrowser
from tests.support.history import History


def test_what_came_in_and_went_out(history: History) -> None:
    found = overview(history.data, "24h")
    assert (found.hits, found.events, found.delivered, found.dead, found.unclaimed) == (6, 7, 5, 2, 1)
    (tag,) = found.tags
    assert (tag.tag, tag.fired, tag.delivered, tag.dead, tag.state) == ("meta", 7, 5, 1, "bad")
    assert {(each.tag, each.reason, each.kind) for each in found.reasons} == {
        ("", "no_event_name", "dead"), ("meta", "code 100/0: Invalid parameter", "dead"),
    }  # fmt: skip
    assert len(found.points) == 60
    assert sum(point.events for point in found.points) == found.events


def test_a_span_without_hits(history: History) -> None:
    found = overview(history.data, "1h", now=1e9)
    assert (found.hits, found.delivered, found.denied_share) == (0, 0, 0)


def test_quality_of_the_last_events(history: History) -> None:
    found = quality(history.data, NO_POLICY)
    by_name = {each.name: each for each in found.names}
    assert by_name["generate_lead"].share("e-mail") == 1
    assert by_name["purchase"].events == 4
    assert by_name["purchase"].share("event id of the sender") == 1


@pytest.mark.parametrize("span", SPANS)
def test_the_page_shows_each_span(history: History, span: str) -> None:
    page = AdminBrowser(history.data, "viewer").get(f"/?span={span}")
    assert page.status_code == 200
    assert f'aria-current="page">{span}</a>' in page.text
    assert 'href="/versions/1"' in page.text
    assert 'href="/deliveries?tag=meta"' in page.text


def test_an_unknown_span_is_told(history: History) -> None:
    page = AdminBrowser(history.data, "viewer").get("/?span=<script>")
    assert page.status_code == 400
    assert "<script>1" not in page.text
    assert "&lt;script&gt;" in page.text


def test_nothing_yet(tmp_path: Path) -> None:
    page = AdminBrowser(tmp_path, "viewer").get("/")
    assert "Nothing is live yet." in page.text
    assert "No tag has run yet." in page.text


def test_every_script_and_style_is_a_file_of_ours(history: History) -> None:
    browser = AdminBrowser(history.data)
    page = browser.get("/")
    assert "style=" not in page.text
    for path in re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text):
        answer = browser.get(path)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]


def test_a_line_stays_inside_its_chart() -> None:
    drawn = line([0, 5, 10])
    assert drawn == ("0.0,59.0 150.0,30.0 300.0,1.0", 10)
    assert line([0, 0]).top == 0
    assert line([]).points == ""
