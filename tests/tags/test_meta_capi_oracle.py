"""The user data we send equals what Meta's own Python SDK sends, for every key that the SDK knows.

Where our rules decide otherwise, `EXCLUDED` says so once for each key, as a question about the input alone. The share
of inputs that are compared is printed (pytest -s) and bounded, so that the exclusions cannot swallow the test.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, NamedTuple

import pytest
from facebook_business.adobjects.serverside.gender import Gender
from facebook_business.adobjects.serverside.user_data import UserData

from runtime.text import places
from runtime.text.hashing import sha256_hex
from tests.support.destinations import Bench

GENERATED = 400
LEAST_COMPARED = 200
LEAST_SHARE = 0.5

CONSTRUCTOR = {
    "em": "emails",
    "ph": "phones",
    "fn": "first_names",
    "ln": "last_names",
    "ct": "cities",
    "st": "states",
    "zp": "zip_codes",
    "country": "country_codes",
    "db": "dates_of_birth",
    "ge": "genders",
    "external_id": "external_ids",
}
"""Keys of which the SDK takes lists. The other keys are arguments of their own name."""

EVENT_FIELDS = {
    "client_ip_address": "ip_override",
    "client_user_agent": "user_agent",
    "fbc": "x-fb-ck-fbc",
    "fbp": "x-fb-ck-fbp",
}
"""Keys that have a common name; the others travel as x-fb-ud-<key>."""

LATIN = ["Ann", "Mary", "Zoë", "José", "Łukasz", "Müller", "Ngọc", "Åsa", "İpek", "STRASSE", "Straße"]
OTHER = ["정", "東京", "Иван", "محمد", "Ελένη", "ไทย"]
JOINED = ["Mary Ann", "O'Brien", "Smith-Jones", "St. John", "d’Arc", "Vale\u0301rie"]
CITIES = ["San Francisco", "New York", "Berlin", "Saint-Étienne", "東京", "St. Gallen", "Köln (West)", "Paris 12"]
REGIONS = ["CA", "ny", "Bayern", "Île-de-France", "N.R.W.", "São Paulo", "東京都", "on", "Nord Holland", "(BY)"]
ODD_REGIONS = ["California", "Quebec", "Region 13", "Val d'Oise", "New York"]
ZIPS = ["94105", "94105-1234", " 10115 ", "M1 1AE", "sw1a 2aa", "1010", "K1A 0B1", "75 001", "D02 X285"]
ODD_ZIPS = ["00-950", "123-4567", "941051234", "1"]
COUNTRIES = ["us", "DE", "Gb", " fr ", "J.P.", "zz", "x", "usx", "b-r", "1at", "UK"]
COUNTRY_NAMES = ["United States", "germany", "Côte d'Ivoire"]


def spaced(random: Random, text: str) -> str:
    """Adds what people and forms add: white space around, another case."""
    text = random.choice([text, text, text.upper(), text.lower(), text.title()])
    return random.choice(["", "", " ", "\t"]) + text + random.choice(["", "", " ", "\n"])


def digits(random: Random, least: int, most: int) -> str:
    return "".join(random.choice("0123456789") for _ in range(random.randint(least, most)))


def a_hash(random: Random) -> str:
    digest = sha256_hex(str(random.random()))[: random.choice([64, 64, 32])]
    return random.choice([digest, digest.upper()]) + random.choice(["", "", "", ".AQQCAQMC"])


def email(random: Random) -> str:
    local = random.choice(["ann", "John.Smith", "a+b", "müller", "x_y-z", "", "ann smith", "a@b"])
    domain = random.choice(["shop.example", "Mail.Shop.Example", "bücher.example", "shop", "a.b", ".example", "shop."])
    return f"{local}@{domain}" if random.random() < 0.95 else local


def phone(random: Random) -> str:
    start = random.choice(["+", "00", "", "(", "0", "000", "00000", "+ "])
    body = digits(random, 6, 13)
    shown = random.choice([body, f"{body[:3]} {body[3:]}", f"{body[:2]}-{body[2:]}", f"{body[:3]}) {body[3:]}"])
    return start + (shown if random.random() < 0.85 else shown.replace(body[3], "."))


def date(random: Random) -> str:
    year, month, day = random.randint(1900, 2010), random.randint(1, 12), random.randint(1, 28)
    plain = f"{year}{month:02}{day:02}"
    return random.choice([plain] * 5 + [f"{year}-{month:02}-{day:02}", f"{month}/{day}/{year}", "19970230"])


def identifier(random: Random) -> str:
    return random.choice(["Customer", "customer-", "u_", "ID ", "é"]) + digits(random, 1, 8)


def cookie(random: Random) -> str:
    payload = random.choice([digits(random, 5, 18), "IwAR" + digits(random, 3, 9) + "_-aZ"])
    end = random.choice(["", "", ".AQIAAQMC", ".Bg", ".zz"])
    return f"fb.{random.randint(0, 2)}.{1_790_000_000_000 + random.randint(0, 999)}.{payload}{end}"


def address(random: Random) -> str:
    four = ".".join(str(random.randint(0, 255)) for _ in range(4))
    six = ":".join(f"{random.randint(0, 65535):x}" for _ in range(8))
    return random.choice([four, six, "2001:db8::1", "unknown", "203.0.113.300"])


def agent(random: Random) -> str:
    return f"Mozilla/5.0 ({random.choice(['X11; Linux', 'iPhone', 'Ünïcode'])}) Test/{digits(random, 1, 4)}"


def choice_of(*groups: tuple[int, list[str]]) -> Callable[[Random], str]:
    """Draws from groups by weight."""
    weighted = [group for weight, group in groups for _ in range(weight)]
    return lambda random: spaced(random, random.choice(random.choice(weighted)))


GENERATORS: dict[str, Callable[[Random], str]] = {
    "em": email,
    "ph": phone,
    "fn": choice_of((4, LATIN), (2, OTHER), (1, JOINED)),
    "ln": choice_of((4, LATIN), (2, OTHER), (1, JOINED)),
    "ct": choice_of((6, CITIES), (1, JOINED), (1, ["123"])),
    "st": choice_of((5, REGIONS), (1, ODD_REGIONS)),
    "zp": choice_of((5, ZIPS), (1, ODD_ZIPS)),
    "country": choice_of((5, COUNTRIES), (1, COUNTRY_NAMES)),
    "db": date,
    "ge": choice_of((4, ["f", "m"]), (1, ["female", "Man", "woman"])),
    "external_id": identifier,
    "f5first": choice_of((4, LATIN), (2, OTHER), (1, JOINED)),
    "f5last": choice_of((4, LATIN), (2, OTHER), (1, JOINED)),
    "fi": choice_of((4, LATIN), (2, OTHER), (1, JOINED)),
    "dobd": lambda random: spaced(random, str(random.randint(0, 33))),
    "dobm": lambda random: spaced(random, f"{random.randint(0, 14):02}"),
    "doby": lambda random: spaced(random, str(random.choice([97, 1997, random.randint(1900, 2020), 19970]))),
    "client_ip_address": address,
    "client_user_agent": agent,
    "fbc": cookie,
    "fbp": lambda random: random.choice([cookie(random), f"fb.1.1790000000000.{digits(random, 9, 18)}"]),
    "subscription_id": identifier,
    "fb_login_id": lambda random: digits(random, 10, 17),
    "lead_id": lambda random: digits(random, 15, 17),
    "madid": identifier,
    "anon_id": identifier,
    "ctwa_clid": identifier,
    "page_id": lambda random: digits(random, 10, 16),
}
HASHED = [key for key in GENERATORS if key in CONSTRUCTOR and key != "external_id"]
HASHED += ["f5first", "f5last", "fi", "dobd", "dobm", "doby"]


def plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().lower()


def has_mark(text: str, allowed: str = "") -> bool:
    """Whether white space, punctuation or an ASCII symbol stands inside that is not allowed."""
    marks = (c for c in plain(text) if c.isspace() or unicodedata.category(c)[0] == "P" or c in "$+<=>^`|~")
    return any(mark not in allowed for mark in marks)


def no_date(text: str) -> bool:
    return not re.fullmatch(r"\d{8}", text) or text == "19970230"


EXCLUDED: dict[str, Callable[[str], bool]] = {
    "em": lambda text: text.count("@") > 1 or re.search(r"\s", text.strip()) is not None,
    "ph": lambda text: not re.fullmatch(r"\+?[0-9\s()-]+", text) or bool(re.match(r"\D*0{5}", text)) or len(text) > 16,
    "fn": has_mark,
    "ln": has_mark,
    "ct": lambda text: has_mark(text, " .-()") or not re.search(r"[^0-9\s]", text),
    "st": lambda text: (
        has_mark(text, " .-()") or any(c in "0123456789" for c in text) or places.region_code(text) is not None
    ),
    "zp": lambda text: (
        bool(re.fullmatch(r"\d{9}|.", plain(text))) or ("-" in text and not re.search(r"\d{5}-\d{4}", text))
    ),
    "country": lambda text: places.folded(text) not in places.COUNTRY_CODES and places.country_code(text) is not None,
    "db": no_date,
    "ge": lambda text: plain(text) not in ("f", "m"),
    "external_id": lambda text: " " in text,
    "client_ip_address": lambda text: text in ("unknown", "203.0.113.300"),
    "fbc": lambda text: text.endswith(".zz"),
    "fbp": lambda text: not re.fullmatch(r"fb\.\d\.\d+\.\d+(\.AQIAAQMC|\.Bg)?", text),
}
"""Inputs for which our rules decide otherwise than the SDK, by key:

- em: exactly one `@` and no white space inside; the SDK is content with `x@y.z` anywhere.
- ph: the SDK refuses dots and letters, strips four zeros at most, and knows no longest number.
- fn, ln: the SDK keeps white space and punctuation, against Meta's documentation.
- ct, st: the SDK keeps punctuation other than . - ( ), hashes what is left even if that is nothing; in regions it
  deletes digits and knows no names of states.
- zp: the SDK cuts every country's codes at the dash, no code of nine digits, and takes a single character.
- country: the SDK knows no names.
- db: the SDK takes any text for a date. ge: the SDK takes an enum, so no words.
- external_id (raw form): the SDK keeps white space.
- client_ip_address, fbc, fbp: the SDK checks nothing.

Of every hashed key: the SDK does not know hashes with an appendix, does not compose characters, hashes empty text.
"""


def excluded(key: str, text: str) -> bool:
    if key in HASHED:
        composed = unicodedata.normalize("NFC", text) == text
        if not composed or re.fullmatch(r"\s*[0-9a-fA-F]{32,64}\.\w+\s*", text):
            return True
    return key in EXCLUDED and not is_hash(text) and EXCLUDED[key](text)


def is_hash(text: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{32}|[0-9a-f]{64}", text.strip().lower()) is not None


def sdk(key: str, texts: list[str]) -> Any:
    """Returns what the SDK sends for a key, None where it refuses or leaves it out."""
    try:
        values: Any = [Gender(plain(text)) for text in texts] if key == "ge" else texts
        given = {CONSTRUCTOR[key]: values} if key in CONSTRUCTOR else {key: texts[0]}
        sent = UserData(**given).normalize().get(key)
    except (TypeError, ValueError):
        return None
    return sorted(filter(None, sent)) or None if isinstance(sent, list) else sent


class Comparison(NamedTuple):
    """One input, what the SDK sends for it and what we send."""

    text: str
    theirs: Any
    ours: Any


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench("meta_capi")


def ours(bench: Bench, key: str, value: Any) -> Any:
    event = {
        "event_name": "contact",
        "event_id": "e1",
        "event_time": 1_790_000_000,
        "page_location": "https://shop.example/",
        "ip_override": "203.0.113.7",
        "user_agent": "Mozilla/5.0",
        "x-fb-ud-anon_id": "makes every event strong enough",
        EVENT_FIELDS.get(key, f"x-fb-ud-{key}"): value,
    }
    item, reason = bench.map(event, external_id_mode="raw")
    assert item is not None, reason
    sent = item["user_data"].get(key)
    return sorted(sent) if isinstance(sent, list) else sent


def inputs(key: str) -> Iterator[str]:
    random = Random(f"inputs of {key}")
    for _ in range(GENERATED):
        # The SDK takes genders as an enum, which has no hashes.
        hashed = key in HASHED and key != "ge" and random.random() < 0.1
        yield a_hash(random) if hashed else GENERATORS[key](random)


@pytest.mark.parametrize("key", GENERATORS)
def test_each_key_is_sent_as_metas_sdk_sends_it(bench: Bench, key: str, show: Callable[[str], None]) -> None:
    texts = list(inputs(key))
    compared = [Comparison(text, sdk(key, [text]), ours(bench, key, text)) for text in texts if not excluded(key, text)]
    show(f"{key}: {len(compared)} of {len(texts)} inputs compared, {1 - len(compared) / len(texts):.0%} excluded")

    assert [one for one in compared if one.theirs != one.ours] == []
    assert len(compared) >= LEAST_COMPARED
    assert len(compared) / len(texts) >= LEAST_SHARE


@pytest.mark.parametrize("key", [key for key in CONSTRUCTOR])
def test_lists_are_sent_as_metas_sdk_sends_them(bench: Bench, key: str) -> None:
    random = Random(f"lists of {key}")
    good = [text for text in inputs(key) if not excluded(key, text) and sdk(key, [text])]
    for _ in range(50):
        texts = random.choices(good, k=random.randint(2, 6))
        assert ours(bench, key, texts) == sdk(key, texts)


@pytest.mark.parametrize("key", EXCLUDED)
def test_exclusions_are_needed(bench: Bench, key: str) -> None:
    left_out = [text for text in inputs(key) if excluded(key, text)]

    assert any(sdk(key, [text]) != ours(bench, key, text) for text in left_out)
