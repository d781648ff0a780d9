from __future__ import annotations

import pytest

from runtime.identity.fbc import decide_fbc
from runtime.identity.fbp import decide_fbp, draw_browser_number
from runtime.identity.values import Decision, parse_fbc
from runtime.identity.visitor import VisitorDecision, decide_visitor, draw_visitor_id

NOW = 1_795_000_000_000
OLD = "fb.1.1790000000000.IwAR_abc"
PAGE = "https://www.shop.example/p?x=1&fbclid="
REFERRER = "https://l.facebook.com/?fbclid="


def fbc(
    cookie: str | None = None,
    given: str | None = None,
    page_url: str = "https://www.shop.example/",
    referrer: str = "",
    use_referrer: bool = True,
) -> Decision:
    return decide_fbc(
        cookie, given, page_url=page_url, referrer=referrer, now_ms=NOW, index=1, use_referrer=use_referrer
    )


def made(payload: str) -> Decision:
    return Decision(f"fb.1.{NOW}.{payload}", changed=True)


def kept(value: str) -> Decision:
    return Decision(value, changed=False)


def fbp(cookie: str | None, given: str | None = None) -> Decision:
    return decide_fbp(cookie, given, now_ms=NOW, index=1, draw=lambda: 42)


def test_fbp_is_kept_taken_from_the_hit_or_drawn() -> None:
    valid, other = "fb.1.1790000000000.1234567890.Bg", "fb.2.1790000000001.99"

    assert fbp(valid, other) == kept(valid)
    assert fbp("fb.1.1790000000000%2E123") == kept("fb.1.1790000000000.123")
    assert fbp(None, other) == Decision(other, changed=True)
    assert fbp("garbage", other) == Decision(other, changed=True)
    assert fbp(None) == made("42")
    assert fbp("fb.1.1790000000000.12a", "fb.1.1790000000000.1\n") == made("42")


def test_fbp_numbers_are_those_of_metas_builders() -> None:
    numbers = [draw_browser_number() for _ in range(200)]

    assert all(0 <= number <= 2147483647 for number in numbers)
    assert len(set(numbers)) > 190


@pytest.mark.parametrize(
    ("arguments", "decision"),
    [
        # without a click: what is there, and nothing is made up
        ({}, kept("")),
        ({"cookie": OLD}, kept(OLD)),
        ({"cookie": OLD + ".AQIAAQMC"}, kept(OLD + ".AQIAAQMC")),
        ({"cookie": "a.b.c.d"}, kept("")),
        ({"cookie": "fb.1.1790000000000%2EIwAR_abc"}, kept(OLD)),
        ({"given": OLD}, Decision(OLD, changed=True)),
        ({"cookie": OLD, "given": "fb.1.1790000000001.other"}, kept(OLD)),
        # a click in the page's URL
        ({"page_url": PAGE + "IwAR_abc"}, made("IwAR_abc")),
        ({"page_url": PAGE + "IwAR_abc", "cookie": OLD}, kept(OLD)),
        ({"page_url": PAGE + "IwAR_abc", "cookie": OLD + ".Bg"}, kept(OLD + ".Bg")),
        ({"page_url": PAGE + "iwar_ABC", "cookie": OLD}, made("iwar_ABC")),
        ({"page_url": PAGE + "new", "cookie": OLD + ".AQIAAQMC"}, made("new")),
        ({"page_url": PAGE + "AQIAAQMC", "cookie": OLD + ".AQIAAQMC"}, made("AQIAAQMC")),
        ({"page_url": PAGE + "new", "cookie": "fb.1.1790000000000.new.zz"}, made("new")),
        ({"page_url": PAGE + "first&fbclid=second"}, made("first")),
        ({"page_url": PAGE + "a.b"}, made("a__DOT__b")),
        ({"page_url": PAGE + "a.b", "cookie": "fb.1.1790000000000.a__DOT__b"}, kept("fb.1.1790000000000.a__DOT__b")),
        ({"page_url": PAGE + "a%5Fb#fbclid=c"}, made("a_b")),
        ({"page_url": "https://shop.example/#fbclid=a"}, kept("")),
        # the hit's own value
        ({"page_url": PAGE + "IwAR_abc", "given": OLD}, Decision(OLD, changed=True)),
        ({"page_url": PAGE + "new", "given": OLD}, made("new")),
        (
            {"page_url": PAGE + "new", "cookie": OLD, "given": "fb.1.1790000000009.new"},
            Decision("fb.1.1790000000009.new", changed=True),
        ),
        # a click that no cookie can carry is none
        ({"page_url": PAGE}, kept("")),
        ({"page_url": PAGE, "cookie": OLD}, kept(OLD)),
        ({"page_url": PAGE + "a%0D%0Ab", "cookie": OLD}, kept(OLD)),
        ({"page_url": PAGE + "x" * 501}, kept("")),
        # the referrer
        ({"referrer": REFERRER + "REF"}, made("REF")),
        ({"referrer": REFERRER + "REF", "page_url": PAGE + "URL"}, made("URL")),
        ({"referrer": REFERRER + "REF", "page_url": PAGE}, made("REF")),
        ({"referrer": REFERRER + "REF", "use_referrer": False}, kept("")),
        ({"referrer": REFERRER + "IwAR_abc", "cookie": OLD}, kept(OLD)),
    ],
)
def test_fbc(arguments: dict, decision: Decision) -> None:
    assert fbc(**arguments) == decision
    assert decision.value == "" or parse_fbc(decision.value)


VISITOR = "abcdefghijklmnopqrs-_9"
DRAWN = VisitorDecision("N" * 22, f"1.{'N' * 22}.20000", True, True)


@pytest.mark.parametrize(
    ("cookie", "decision"),
    [
        (f"1.{VISITOR}.20000", VisitorDecision(VISITOR, f"1.{VISITOR}.20000", False, False)),
        (f"1.{VISITOR}.19999", VisitorDecision(VISITOR, f"1.{VISITOR}.20000", False, True)),
        (f"1.{VISITOR}.20001", VisitorDecision(VISITOR, f"1.{VISITOR}.20000", False, True)),
        (None, DRAWN),
        ("", DRAWN),
        (VISITOR, DRAWN),
        (f"2.{VISITOR}.20000", DRAWN),
        (f"1.{VISITOR}x.20000", DRAWN),
        (f"1.{VISITOR}.", DRAWN),
        (f"1.{VISITOR}.20000\n", DRAWN),
    ],
)
def test_the_visitor_id_is_kept_or_drawn_and_renewed_once_a_day(cookie: str | None, decision: VisitorDecision) -> None:
    assert decide_visitor(cookie, today=20000, draw=lambda: "N" * 22) == decision


def test_drawn_visitor_ids_are_valid_and_differ() -> None:
    first, second = draw_visitor_id(), draw_visitor_id()

    assert first != second
    assert not decide_visitor(f"1.{first}.1", today=1).changed
