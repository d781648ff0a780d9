"""The client of Google's tag for GA4: what an encoder of our own writes comes back, and no input is a fault."""

from __future__ import annotations

import random
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.clients import Door, Taken

SHARED = {"v": "2", "tid": "G-ABC123", "cid": "123.456", "sid": "1790000000"}
COMMON = {
    "client_id": "123.456",
    "ga_session_id": "1790000000",
    "x-ga-protocol_version": "2",
    "x-ga-measurement_id": "G-ABC123",
}
FILLED_IN = {"event_id", "event_time", "ip_override", "user_agent", "x-event-id-generated", "x-fb-ck-fbp"}
ITEM_TEXTS = {"item_id": "id", "item_name": "nm", "item_brand": "br", "item_category": "ca", "item_category5": "c5",
              "item_variant": "va", "coupon": "cp", "affiliation": "af", "promotion_name": "pn"}  # fmt: skip
ITEM_NUMBERS = {"price": "pr", "quantity": "qt", "discount": "ds", "index": "lp"}
INDEXES = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

Event = dict[str, Any]


def encoded_item(item: Event) -> str:
    """Writes an item as open encoders do: fields between `~`, each `~` of a value doubled."""
    known = {**ITEM_TEXTS, **ITEM_NUMBERS}
    fields = [known[name] + str(value).replace("~", "~~") for name, value in item.items() if name in known]
    own = [(name, value) for name, value in item.items() if name not in known]
    for index, (name, value) in zip(INDEXES, own, strict=False):
        fields += [f"k{index}{name.replace('~', '~~')}", f"v{index}{value.replace('~', '~~')}"]
    return "~".join(fields)


def parameters(event: Event) -> dict[str, str]:
    """Writes an event of texts, numbers, `user_properties` and `items` as the parameters of a hit."""
    params = {"en": event["event_name"]}
    for name, value in event.items():
        if name not in ("event_name", "items", "user_properties"):
            params[f"ep.{name}" if isinstance(value, str) else f"epn.{name}"] = str(value)
    for name, value in event.get("user_properties", {}).items():
        params[f"up.{name}" if isinstance(value, str) else f"upn.{name}"] = str(value)
    return params | {f"pr{place}": encoded_item(item) for place, item in enumerate(event.get("items", []), 1)}


def form(params: dict[str, str], *, plus: bool = True) -> str:
    quoted = quote_plus if plus else quote
    return "&".join(f"{quoted(name)}={quoted(value)}" for name, value in params.items())


def own(event: Event) -> Event:
    """Returns the event without what the host fills in and what every event of these tests has."""
    return {name: value for name, value in event.items() if name not in FILLED_IN and name not in COMMON}


def expected(event: Event) -> Event:
    properties = event.get("user_properties")
    return event | ({"x-ga-mp2-user_properties": properties} if properties else {})


@pytest.fixture(scope="module")
def door() -> Door:
    return Door("ga4_web")


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
TILDES = st.text("a~ kv0%&=+", max_size=10)
NUMBER = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
VALUE = TEXT | TILDES | NUMBER
NAME = st.from_regex(r"p_[a-z0-9_.]{0,10}", fullmatch=True)
OWN_FIELDS = st.dictionaries(TILDES.filter(bool).map("own ".__add__), TEXT | TILDES, max_size=5)
ITEM = st.builds(
    lambda texts, numbers, fields: texts | numbers | fields,
    st.dictionaries(st.sampled_from(sorted(ITEM_TEXTS)), TEXT | TILDES, min_size=1),
    st.dictionaries(st.sampled_from(sorted(ITEM_NUMBERS)), NUMBER),
    OWN_FIELDS,
)
EVENT = st.builds(
    lambda name, fields, parts: {"event_name": name} | fields | {key: part for key, part in parts.items() if part},
    TEXT.filter(bool),
    st.dictionaries(NAME, VALUE, max_size=6),
    st.fixed_dictionaries(
        {"user_properties": st.dictionaries(NAME, VALUE, max_size=3), "items": st.lists(ITEM, max_size=4)}
    ),
)
thorough = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@thorough
@given(event=EVENT, plus=st.booleans())
def test_an_event_in_the_query_comes_back(door: Door, event: Event, plus: bool) -> None:
    taken = door.get(f"/g/collect?{form(SHARED | parameters(event), plus=plus)}")
    assert [own(each) for each in taken.events] == [expected(event)]
    assert taken.events[0].items() >= COMMON.items()
    assert taken.parsed.repairs == {}


@thorough
@given(events=st.lists(EVENT, min_size=1, max_size=5), end=st.sampled_from(["\n", "\r\n", "\n\r\n"]))
def test_events_in_lines_come_back(door: Door, events: list[Event], end: str) -> None:
    body = "".join(form(parameters(event)) + end for event in events)
    taken = door.post(f"/g/collect?{form(SHARED)}", body.encode(), "text/plain;charset=UTF-8")
    assert [own(each) for each in taken.events] == [expected(event) for event in events]
    assert taken.parsed.repairs == {}


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/json", ""])
def test_the_body_is_read_whatever_its_type_says(door: Door, content_type: str) -> None:
    taken = door.post(f"/g/collect?{form(SHARED)}", b"en=a\nen=b", content_type)
    assert [event["event_name"] for event in taken.events] == ["a", "b"]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("", "wrong_version"),
        ("v=1&tid=UA-1-1&t=pageview", "wrong_version"),
        ("v=2&en=a", "no_measurement_id"),
        ("v=2&tid=&en=a", "no_measurement_id"),
        ("v=2&tid=G-1", "no_event_name"),
        ("v=2&tid=G-1&en=", "no_event_name"),
        ("v=2&tid=G-1&en=a&" + "&".join(f"p{n}=1" for n in range(512)), "too_many_params"),
        ("v=2&tid=G-1&en=a&ep.x=" + "x" * 16384, "line_too_long"),
    ],
)
def test_what_is_no_hit_is_a_dead_letter_and_answered(door: Door, method: str, query: str, reason: str) -> None:
    target = f"/g/collect?{query}"
    taken = door.get(target) if method == "GET" else door.post(target, b" \r\n\n", "text/plain")
    assert (taken.dead, taken.events) == ([(-1, reason)], [])
    assert (taken.answer.status, taken.answer.body) == (204, b"")


def test_only_some_lines_are_dead(door: Door) -> None:
    lines = ["en=a", "tid=&en=b", "v=1&en=c", "x=1", "en=d&ep.x=" + "x" * 16384, "&" * 512 + "en=e", "en=f"]
    taken = door.post(f"/g/collect?{form(SHARED)}", "\n".join(lines).encode(), "text/plain")
    assert [event["event_name"] for event in taken.events] == ["a", "f"]
    assert taken.dead == [
        (1, "no_measurement_id"),
        (2, "wrong_version"),
        (3, "no_event_name"),
        (4, "line_too_long"),
        (5, "too_many_params"),
    ]


@pytest.mark.parametrize(("lines", "dead"), [(100, []), (101, [(-1, "too_many_lines")])])
def test_a_hit_has_a_hundred_lines(door: Door, lines: int, dead: list[Any]) -> None:
    taken = door.post(f"/g/collect?{form(SHARED)}", b"en=a\r\n\r\n" * lines, "text/plain")
    assert taken.dead == dead
    assert len(taken.events) == (0 if dead else lines)


def test_query_and_line_together_have_512_parameters(door: Door) -> None:
    shared = form(SHARED | {f"s{n}": "1" for n in range(300)})
    lines = ["&".join(f"{prefix}{n}=1" for n in range(300)) + "&en=a" for prefix in ("s", "t")]
    taken = door.post(f"/g/collect?{shared}", "\n".join(lines).encode(), "text/plain")
    assert len(taken.events) == 1
    assert taken.dead == [(1, "too_many_params")]


@pytest.mark.parametrize(
    ("cookie", "client_id"),
    [
        ("_ga=GA1.1.111.222", "111.222"),
        ("_ga=GA1.1-2.111.222", "111.222"),
        ("_ga=GA1.1.111", None),
        ("_ga=111.222", None),
        ("_ga=" + "1." * 2000, None),
        ("FPID=FPID2.2.a_b-c.222; _ga=GA1.1.111.333", "a_b-c.222"),
        ("FPID=FPID9; _ga=GA1.1.111.333", "111.333"),
    ],
)
def test_a_hit_without_a_client_id_has_the_one_of_its_cookie(door: Door, cookie: str, client_id: str | None) -> None:
    taken = door.get("/g/collect?v=2&tid=G-1&en=a", cookie=cookie)
    assert taken.answer.hit is not None
    assert taken.events[0]["client_id"] == (client_id or taken.answer.hit.visitor_id)
    assert door.get("/g/collect?v=2&tid=G-1&en=a&cid=5.6", cookie=cookie).events[0]["client_id"] == "5.6"


@pytest.mark.parametrize(
    ("encoded", "item"),
    [
        ("idA~idB", {"item_id": "B"}),
        ("k0size", {"k0": "size"}),
        ("v0M", {"v0": "M"}),
        ("k0size~v1M", {"k0": "size", "v1": "M"}),
        ("k0item_id~v0x~idA", {"item_id": "A", "k0": "item_id", "v0": "x"}),
        ("k0~v0x", {"k0": "", "v0": "x"}),
        ("idA~äß", {"item_id": "A"}),
        ("idA~x", {"item_id": "A"}),
        ("idA~", {"item_id": "A"}),
        ("zzX~idA", {"zz": "X", "item_id": "A"}),
    ],
)
def test_of_an_item_that_is_partly_unknown_the_raw_text_stays(door: Door, encoded: str, item: Event) -> None:
    event = door.get(f"/g/collect?{form(SHARED)}&en=a&pr1={quote(encoded)}").events[0]
    assert event["items"] == [item]
    assert event["x-ga-pr1"] == encoded


def test_items_come_in_the_order_of_their_numbers(door: Door) -> None:
    event = door.get(f"/g/collect?{form(SHARED)}&en=a&pr10=idC&pr2=idB&pr1=idA&pr201=idD&pr01=idE").events[0]
    assert [item["item_id"] for item in event["items"]] == ["A", "B", "C"]
    assert (event["x-ga-pr201"], event["x-ga-pr01"]) == ("idD", "idE")


@pytest.mark.parametrize("value", ["x", "1,5", "0x10", "1e999", "nan", "inf", "", "١", "1_0", " 1"])
def test_a_number_that_is_none_stays_text_and_is_counted(door: Door, value: str) -> None:
    taken = door.get(f"/g/collect?{form(SHARED | {'en': 'a', 'epn.depth': value})}")
    assert taken.events[0]["depth"] == value
    assert taken.parsed.repairs == {"bad_number": 1}


@pytest.mark.parametrize(("value", "read"), [("12.50", 12.5), ("12", 12), ("12 EUR", "12 EUR"), ("", "")])
def test_a_value_given_as_text_is_a_number_to_tags(door: Door, value: str, read: Any) -> None:
    assert door.get(f"/g/collect?{form(SHARED | {'en': 'a', 'ep.value': value})}").events[0]["value"] == read


@pytest.mark.parametrize(
    "name",
    ["event_name", "event_time", "items", "user_data", "user_properties", "consent_state", "ip_override", "user_agent",
     "dead", "x-fb-ck-fbp", "x-ga-gcs", "client_id", "ga_session_id", ""],
)  # fmt: skip
@pytest.mark.parametrize("prefix", ["ep", "epn"])
def test_no_event_parameter_takes_the_place_of_a_field(door: Door, prefix: str, name: str) -> None:
    plain = door.get(f"/g/collect?{form(SHARED)}&en=a").events[0]
    event = door.get(f"/g/collect?{form(SHARED)}&en=a&{prefix}.{quote(name)}=7").events[0]
    kept = event.pop(f"x-ga-{prefix}.{name}")
    assert str(kept) == "7"
    assert {key: event[key] for key in event if key not in FILLED_IN} == {
        key: plain[key] for key in plain if key not in FILLED_IN
    }


def test_the_order_of_parameters_does_not_matter() -> None:
    """A script's tables are gone through in another order at every run; what comes out must be the same."""
    pairs = [
        "ep.a=text", "epn.a=1", "up.b=text", "upn.b=2", "ep.gclid=x", "gclid=y", "ep.currency=USD", "cu=EUR",
        "measurement_id=z", "system_properties=z", "mp2-user_properties=z", "_ss=1", "ep.page_location=https://a.example/",
        "dl=app://x", "pr1=k0size~v0M~k1size~v1L~k2price~v2x~pr5", "em=tv.1~em." + "a" * 64,
        "ep.user_data.sha256_email_address=" + "b" * 64, "ep.user_data.address.city=x", "ep.user_data.address=y",
        "epn.client_id=5",
    ]  # fmt: skip
    found = []
    for seed in range(6):
        random.Random(seed).shuffle(pairs)
        taken = Door("ga4_web").get(f"/g/collect?{form(SHARED)}&en=a&{'&'.join(pairs)}")
        found.append({key: value for key, value in taken.events[0].items() if key not in FILLED_IN})
    assert found == found[:1] * len(found)
    assert found[0]["items"] == [{"size": "M", "k1": "size", "v1": "L", "price": 5, "k2": "price", "v2": "x"}]
    assert found[0]["x-ga-system_properties"] == {"ss": "1"}


@pytest.mark.parametrize(
    ("hash_", "read"),
    [
        ("A" * 43, "0" * 64),
        ("A" * 43 + "=", "0" * 64),
        ("_" * 42 + "8", "f" * 64),
        ("/" * 42 + "8", "f" * 64),
        ("AB" * 32, "ab" * 32),
        ("A" * 42, None),
        ("A" * 44, None),
        ("g" * 64, None),
        ("*" * 43, None),
        ("", None),
    ],
)
def test_a_hash_is_read_in_every_form(door: Door, hash_: str, read: str | None) -> None:
    event = door.get(f"/g/collect?{form(SHARED | {'en': 'a', 'em': f'tv.1~em.{hash_}'})}").events[0]
    assert event.get("user_data") == ({"sha256_email_address": read} if read else None)
    assert event.get("x-ga-em") == (None if read else f"em.{hash_}")


def letters(start: str, count: int) -> list[str]:
    return [f"{start}{n}" for n in range(count)]


FIELDS = "~".join(f"{chr(97 + n // 26)}{chr(97 + n % 26)}1" for n in range(99))
PAIRS = "~".join(f"k{index}a{index}~v{index}x" for index in INDEXES)
HEAVY = {
    "parameters": ("&".join(f"{name}=1" for name in letters("p", 500)), "a=1", 100),
    "numbers": ("&".join(f"epn.{name}=1" for name in letters("p", 500)), "a=1", 100),
    "properties": ("&".join(f"upn.{name}=1" for name in letters("p", 500)), "a=1", 100),
    "people": ("", "&".join(f"ep.user_data.{name}=1" for name in letters("a", 400)), 30),
    "transport": ("", "&".join(f"sst.{name}=1" for name in letters("a", 500)), 30),
    "fields": ("", "&".join(f"pr{n}={FIELDS}" for n in range(1, 40)), 16),
    "fields that all share": ("&".join(f"pr{n}={FIELDS}" for n in range(1, 40)), "a=1", 100),
    "pairs": ("", "&".join(f"pr{n}={PAIRS}" for n in range(1, 50)), 16),
    "empty items": ("", "&".join(f"pr{n}=" for n in range(1, 200)), 100),
    "tildes": ("", "pr1=" + "~" * 16000, 16),
    "tildes that all share": ("pr1=" + "~" * 16000, "a=1", 100),
    "hashes": ("em=tv.1~" + "~".join("em." + "A" * 43 for _ in range(38)), "a=1", 100),
    "different hashes": ("em=tv.1~" + "~".join(f"em.{n:064x}" for n in range(38)), "a=1", 100),
    "pieces": ("", "em=" + "em.~" * 4000, 16),
    "line breaks": ("", "\n" * 250_000, 1),
    "blank lines": ("", " \r\n" * 300, 90),
    "separators": ("", "&" * 250_000, 1),
    "percent signs": ("", "%" * 16000, 16),
    "escapes": ("", "a=" + "%41" * 5400, 16),
    "pages": ("", "dl=https://shop.example/" + "a" * 2500, 100),
    "letters beyond ASCII": ("", "ep.a=" + "ä" * 8000, 16),
    "a name": ("", "a" * 16300 + "=1", 16),
    "dots": ("", "ep" + "." * 16300 + "=1", 16),
    "consent": ("gcs=" + "1" * 8000 + "&gcd=" + "1l" * 4000, "a=1", 100),
}


@pytest.mark.parametrize("query", [True, False])
@pytest.mark.parametrize("name", HEAVY)
def test_the_heaviest_hits_are_no_fault(door: Door, name: str, query: bool) -> None:
    shared, line, count = HEAVY[name]
    body = "\n".join(f"{line}&ep.n={n}" for n in range(count))[: 255 * 1024]
    start = form(SHARED | {"en": "a"})
    target = f"/g/collect?{start}&{shared}"[:16395]
    taken = door.post(target, body.encode(), "text/plain") if query else door.get(f"{target}&{line}"[:16395])
    assert_no_fault(taken)


def assert_no_fault(taken: Taken) -> None:
    assert taken.answer.status == 204
    assert not [dead for dead in taken.parsed.dead if dead.reason.startswith("script_") or dead.reason == "not_json"]


NAMES = [
    "v", "tid", "en", "cid", "uid", "sid", "sct", "seg", "_et", "_s", "_p", "dl", "dr", "dt", "dh", "dp", "ul", "sr",
    "cu", "em", "gcs", "gcd", "tt", "ir", "gclid", "_ss", "_dbg", "pr1", "pr2", "pr200", "pr999", "ep.", "epn.", "up.",
    "upn.", "sst.", "ep.value", "ep.page_location", "epn.page_location", "epn.client_id", "ep.user_data",
    "ep.user_data.", "ep.user_data.address", "ep.user_data.address.", "ep.user_data.address.city", "ep.items",
    "ep.user_data.sha256_email_address", "ep.dead", "epn.dead", "epn.x", "upn.x", "up.x", "sst.x", "system_properties",
    "mp2-user_properties", "", ".", "x",
]  # fmt: skip
VALUES = [
    "", "2", "1", "-1", "1e999", "0x1", "G-1", "a", "G100", "G111", "13r3r3r3r5", "https://x.example/a?b=c", "~",
    "http://[", "~~", "~~~", "idA~nmB", "k0a~v0b", "k0~k0~v0", "tv.1~em." + "A" * 43, "em." + "A" * 44, "tv.1~em.~pn.~",
    "\0", "\ufffd", "ä", "%", "%zz", "%ff%fe", "%00", "%0A", "https://%00/", "HTTPS://\u2100", "9" * 400, "a" * 300,
]  # fmt: skip


def hostile(chance: random.Random) -> str:
    """Returns a query or line of known names and values, encoded or not, with random bytes in between."""
    pairs = []
    for _ in range(chance.randrange(12)):
        name, value = chance.choice(NAMES), "".join(chance.choices(VALUES, k=chance.randrange(1, 4)))
        pairs.append(f"{name}={quote(value) if chance.random() < 0.7 else value}")
    if chance.random() < 0.3:
        pairs.append("".join(map(chr, chance.choices(range(1, 256), k=chance.randrange(20)))))
    return "&".join(pairs)


@pytest.mark.parametrize("seed", range(8))
def test_no_input_is_a_fault(door: Door, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(500):
        start = form(SHARED | {"en": "a"}) + "&" if chance.random() < 0.8 else ""
        lines = [hostile(chance) for _ in range(chance.randrange(4))]
        body = (
            chance.choice(["\n", "\r\n", "\r", "\n\n"])
            .join(lines)
            .encode("utf-8" if chance.random() < 0.5 else "latin-1", "replace")
        )
        target = "/g/collect?" + quote(start + hostile(chance), safe="=&%~.-_")
        assert_no_fault(door.post(target, body, "text/plain", cookie=quote(hostile(chance), safe="=;%.")))
