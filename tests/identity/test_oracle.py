"""Meta's own parameter builder decides the same, except where Firsthand differs on purpose: those cases are named."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from urllib.parse import parse_qs, quote, urlsplit

from capi_param_builder import ParamBuilder

from runtime.identity.fbc import decide_fbc
from runtime.identity.fbp import decide_fbp
from runtime.identity.values import parse_fbc, parse_fbp

NOW = 1_795_000_000_000
CASES = 2000
LEAST_COMPARED = 0.5

CLICKS = ["IwAR_abc", "IwAR_new", "AQIAAQMC", "fb", "iwar_ABC", "a-b~c"]
ODD_CLICKS = ["", "a.b", "a b", "a;b", "é", "x" * 501]
HEADS = ["fb.1.1790000000000", "fb.0.1780000000123", "fb.2.1700000000000"]
APPENDIXES = ["", ".AQ", ".Ag", ".Aw", ".BA", ".BQ", ".Bg", ".AQIAAQMC", ".AQQDAQMC", ".12345678"]
ODD_COOKIES = [
    *("", "x", "a.b.c.d", "fb.1.1790000000000", "fb.x.1790000000000.a", "fb.1.1790000000000..Bg"),
    *("fb.1.1790000000000.a.zz", "fb.1.1790000000000.a.1234567", "fb.1.1790000000000.a.b.AQICAQMC"),
    *("fb.1.1790000000000.a%41", "fb.1.1790000000000.a.1234=678"),
]


@dataclass(frozen=True)
class Case:
    fbc: str | None
    fbp: str | None
    page_click: str | None
    referrer_click: str | None

    @property
    def page_url(self) -> str:
        return "https://www.shop.example/p?x=1" + self._query(self.page_click)

    @property
    def referrer(self) -> str:
        return "" if self.referrer_click is None else "https://l.example/?y=2" + self._query(self.referrer_click)

    @staticmethod
    def _query(click: str | None) -> str:
        return "" if click is None else f"&fbclid={quote(click)}"

    @property
    def clicks(self) -> list[str]:
        return [click for click in (self.page_click, self.referrer_click) if click is not None]

    @property
    def cookies(self) -> dict[str, str]:
        return {name: value for name, value in (("_fbc", self.fbc), ("_fbp", self.fbp)) if value is not None}


def draw_case(random: Random) -> Case:
    def click() -> str | None:
        drawn = "".join(random.choices("abXYZ019_-", k=random.randint(1, 40)))
        return _weighted(random, (4, None), (6, random.choice(CLICKS)), (3, drawn), (1, random.choice(ODD_CLICKS)))

    def cookie(payload: str) -> str | None:
        valid = f"{random.choice(HEADS)}.{payload}{random.choice(APPENDIXES)}"
        return _weighted(random, (3, None), (9, valid), (1, random.choice(ODD_COOKIES)))

    return Case(cookie(random.choice(CLICKS)), cookie(str(random.randrange(10**18))), click(), click())


def _weighted(random: Random, *options: tuple[int, str | None]) -> str | None:
    return random.choices([value for _, value in options], [weight for weight, _ in options])[0]


def _segments(cookie: str) -> list[str]:
    return cookie.split(".")


EXCLUSIONS: dict[str, Callable[[Case], bool]] = {
    "a click id with a dot: the builder writes a value that it refuses itself at the next request": lambda case: any(
        "." in click for click in case.clicks
    ),
    "an empty click id: the builder makes a value without payload of it": lambda case: "" in case.clicks,
    "a click id that is too long or has characters that no cookie may carry": lambda case: any(
        len(click) > 500 or re.search(r"[^A-Za-z0-9_.~%-]", click) for click in case.clicks
    ),
    "a cookie whose parts are no index, time and payload: the builder looks at their number only": lambda case: any(
        len(_segments(cookie)) in (4, 5) and not re.match(r"fb\.[0-9]+\.[0-9]{10,}\.[^.]", cookie)
        for cookie in case.cookies.values()
    ),
    "an appendix of eight other characters: the builder looks at its length only": lambda case: any(
        re.search(r"\.(?=.{8}$)[^.]*[^A-Za-z0-9_.-][^.]*$", cookie) and len(_segments(cookie)) == 5
        for cookie in case.cookies.values()
    ),
    "a percent-encoded cookie: the builder does not decode": lambda case: any(
        "%" in cookie for cookie in case.cookies.values()
    ),
    "an `_fbp` whose payload is no number: the builder does not look at it": lambda case: (
        case.fbp is not None and len(_segments(case.fbp)) in (4, 5) and not _segments(case.fbp)[3].isdigit()
    ),
}


def excluded(case: Case) -> str | None:
    return next((reason for reason, holds in EXCLUSIONS.items() if holds(case)), None)


def compare(case: Case) -> None:
    builder = ParamBuilder(["shop.example"])  # one for each request: it remembers the first host's domain
    queries = parse_qs(urlsplit(case.page_url).query, keep_blank_values=True)
    builder.process_request("www.shop.example", queries, case.cookies, case.referrer or None)
    fbc = decide_fbc(case.fbc, None, page_url=case.page_url, referrer=case.referrer, now_ms=NOW, index=1)
    fbp = decide_fbp(case.fbp, None, now_ms=NOW, index=1)

    theirs = builder.get_fbc()
    assert bool(fbc.value) == bool(theirs)
    if theirs:
        assert parse_fbc(fbc.value) is not None
        assert fbc.value.split(".")[3] == theirs.split(".")[3]
        assert _origin(fbc.value, case.fbc) == _origin(theirs, case.fbc)
        assert fbc.changed == (_origin(theirs, case.fbc) == "new")
    assert parse_fbp(fbp.value) is not None
    assert _origin(fbp.value, case.fbp) == _origin(builder.get_fbp(), case.fbp)
    assert fbp.changed == (_origin(builder.get_fbp(), case.fbp) == "new")


def _origin(value: str, cookie: str | None) -> str:
    """Tells whether the value is the cookie's, and if so returns all of it but the appendix."""
    head = ".".join(value.split(".")[:4])
    return head if cookie is not None and ".".join(cookie.split(".")[:4]) == head else "new"


def test_metas_parameter_builder_decides_the_same(show: Callable[[str], None]) -> None:
    random = Random(20260901)
    drawn = [draw_case(random) for _ in range(CASES)]
    reasons = [excluded(case) for case in drawn]

    for case, reason in zip(drawn, reasons, strict=True):
        if reason is None:
            compare(case)

    compared = reasons.count(None)
    show(f"{compared} of {CASES} cases compared")
    for reason in EXCLUSIONS:
        show(f"{reasons.count(reason):5} excluded: {reason}")
    assert compared >= LEAST_COMPARED * CASES
    assert set(EXCLUSIONS) <= set(reasons), "an exclusion that no case needs must go"
