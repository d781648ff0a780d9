"""Normal forms: values that Meta publishes, cases in which its own sources differ, and the promise not to raise."""

from __future__ import annotations

import pycountry
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.text import normal_forms, places
from runtime.text.hashing import sha256_hex
from runtime.text.normal_forms import Forms
from runtime.text.user_data import KEYS, meta_value

HASHED_KEYS = sorted(KEYS - {"client_ip_address", "fbc", "fbp"})

DIFFERING = [
    ("ph", "650.555.1212", "6505551212"),
    ("ph", "001 650 555 1212", "16505551212"),
    ("fn", "Mary Ann", "maryann"),
    ("ln", "O'Brien", "obrien"),
    ("ct", "San Francisco", "sanfrancisco"),
    ("ct", "Saint-Étienne", "saintétienne"),
    ("ct", "東京", "東京"),
    ("st", "California", "ca"),
    ("st", "Bayern", "bayern"),
    ("zp", "94105-1234", "94105"),
    ("zp", "M1 1AE", "m11ae"),
    ("zp", "00-950", "00950"),
    ("country", "United States", "us"),
    ("external_id", " Customer 42 ", "customer42"),
]
"""Inputs that Meta's documentation, SDK and parameter builder treat differently, and what we decided."""

PUBLISHED = [
    ("em", " John_Smith@gmail.com ", "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"),
    ("ph", "+1 (650) 555-1212", "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176"),
    ("fn", "Mary", "6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec"),
    ("fn", "정", "8fa8cd9c440be61d0151429310034083132b35975c4bea67fdd74158eb51db14"),
    ("fn", "Vale\u0301ry", "08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c"),
    ("db", "2/16/1997", "01acdbf6ec7b4f478a225f1a246e5d6767eeab1a7ffa17f025265b5b94f40f0c"),
    ("country", "US", "79adb2a2fce5c6ba215fe5f27f532d4e7edbac4b6a5e09e1ef3a08084a904621"),
    ("ge", "Female", "252f10c83610ebca1a059c0bae8255eba2f95be4d1d7bcfa89d7248a82d9f111"),
    ("ge", "man", "62c66a7a5dd70c3146618063c344e531e6d4b59e379808443ce962b3abd63c5a"),
    ("zp", "M1 1AE", "1dc694c2070e697769fb959b50671d76cafd430d8ca191fbdd0affcaea344ac5"),
    ("ln", "O'Brien", "b4cb6cb33fe4b865868de825023a1e2790dc12ac01ecc8d7c5afe8254071c8ba"),
    ("fn", "Mary Ann", "16b3f07f0ec2f9dd127b71dc2e6c791b7d93116a1c3bc99d057eaa7a8a077e73"),
    ("ct", "San Francisco", "1a6bd4d9d79dc0a79b53795c70d3349fa9e38968a3fbefbfe8783efb1d2b6aac"),
    ("ct", "Saint-Étienne", "bb35a91d6f2bd7ba807fdd240cc838bdd3b20fe1a6fdedba60d941fbe8d5c10f"),
    ("ct", "東京", "130016b2599bf7e5978cae78e528c67f29aa47eaa2490ffedd729df334a2790c"),
    ("st", "California", "6959097001d10501ac7d54c0bdb8db61420f658f2922cc26e46d536119a31126"),
    ("st", "Bayern", "52b07f18c831ba4b08ba0b8bc84c6e023a825dfd385d20d8dcbf410d11c546e7"),
    ("zp", "94105-1234", "e73ac16e69f060ee98b0fda5f66f48c4648ee26950e9bab3a097389853fd859e"),
    ("zp", "00-950", "157c5bb53cacd69115a429c3a9257890995f3410caf57a12e1959f70c7b3fbec"),
    ("country", "de", "959a45d44e6fcf58361ed004681556fe50129f2109e817dec098c00c9e5d2578"),
    ("ph", "0049 151 2345678", "b357c67e06c8005d1264c38e7613920d5948135d91f0935695cd8ba65e26a781"),
    ("external_id", " Customer 42 ", "561410a74a99e23ce17ffdcc9d877341453a81448bcd089ec6e4048d1b11aed1"),
    ("external_id", "customer-42", "a045eb33f8797f35ea7d5fad7c5e0d021e2142e9c1bb6e9dc9f45b4f503b03e8"),
]
HASH = PUBLISHED[0][2]
USUAL = Forms()


@pytest.mark.parametrize(("key", "value", "form"), DIFFERING)
def test_where_metas_sources_differ_our_form_is_hashed(key: str, value: str, form: str) -> None:
    assert meta_value(key, value, USUAL) == sha256_hex(form)


@pytest.mark.parametrize(("key", "value", "digest"), PUBLISHED)
def test_known_hashes(key: str, value: str, digest: str) -> None:
    assert meta_value(key, value, USUAL) == digest


@pytest.mark.parametrize("key", HASHED_KEYS)
@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (HASH.upper(), HASH),
        (f"  {HASH} ", HASH),
        (HASH[:32].upper(), HASH[:32]),
        (f"{HASH}.AQQCAQMC", f"{HASH}.AQQCAQMC"),
        (f"{HASH.upper()}.aBc-_123", f"{HASH}.aBc-_123"),
        (f"{HASH[:32]}.Bg", f"{HASH[:32]}.Bg"),
    ],
)
def test_hashes_are_kept_and_only_their_hash_part_is_lower_cased(key: str, value: str, kept: str) -> None:
    assert meta_value(key, value, USUAL) == kept


@pytest.mark.parametrize("value", [f"{HASH}.zz", f"{HASH}.AQQCAQM", HASH[:-1], HASH + "0", "g" * 64])
def test_what_only_resembles_a_hash_is_hashed(value: str) -> None:
    assert meta_value("external_id", value, USUAL) == sha256_hex(value.lower())


def test_the_appendix_goes_on_request() -> None:
    assert meta_value("em", f"{HASH}.AQQCAQMC", Forms(strip_appendix=True)) == HASH


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("em", "ann"),
        ("em", "ann@shop"),
        ("em", "a@b@shop.example"),
        ("em", "ann smith@shop.example"),
        ("em", "@shop.example"),
        ("ph", "123456"),
        ("ph", "1234567890123456"),
        ("ph", "none"),
        ("fn", " -.- "),
        ("ct", "12345"),
        ("st", "?"),
        ("zp", "1"),
        ("country", "Atlantis"),
        ("country", "zz"),
        ("db", "2/3/97"),
        ("db", "19970230"),
        ("db", "1799-01-01"),
        ("db", "1997"),
        ("ge", "x"),
        ("external_id", "   "),
        ("dobd", "32"),
        ("dobm", "0"),
        ("doby", "97"),
        ("client_ip_address", "localhost"),
        ("client_ip_address", "fe80::1%eth0"),
        ("fbp", "fb.1.1790000000000.abc"),
        ("fbc", "fb.1.1790000000000.a\r\nb"),
        ("fbc", "fb.1.1790000000000.IwAR_abc\n"),
        ("fbc", "fb.1.1790000000000.IwAR_abc.zz"),
    ],
)
def test_what_cannot_be_right_has_no_form(key: str, value: str) -> None:
    assert meta_value(key, value, USUAL) is None


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ("0151 2345678", "491512345678"),
        ("(0151) 2345678", "491512345678"),
        ("+49 151 2345678", "491512345678"),
        ("0049 151 2345678", "491512345678"),
        ("151 2345678", "1512345678"),
    ],
)
def test_only_national_numbers_get_the_default_country_code(value: str, form: str) -> None:
    assert meta_value("ph", value, Forms(calling_code="49")) == sha256_hex(form)


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ("1997-02-16", "19970216"),
        ("16/1997/2", "19970216"),
        ("16.02.1997", "19970216"),
        ("02.16.1997", "19970216"),
        ("1997-02-16T10:00:00Z", "19970216"),
        ("2024-02-29", "20240229"),
    ],
)
def test_birth_dates_in_every_order(value: str, form: str) -> None:
    assert normal_forms.birth_date(value) == form


def test_birth_dates_end_with_the_year_that_the_caller_names() -> None:
    assert normal_forms.birth_date("20270101", latest_year=2027) == "20270101"
    assert normal_forms.birth_date("20280101", latest_year=2027) is None


@pytest.mark.parametrize(
    ("key", "value", "forms", "form"),
    [
        ("ct", "Saint-Étienne", Forms(drop_accents=True), "sainttienne"),
        ("st", "Bayern", Forms(cut_state=True), "ba"),
        ("zp", "00-950", Forms(cut_zip=True), "00"),
        ("zp", "94105-1234", Forms(cut_zip=True), "94105"),
        ("zp", "94105 12", Forms(us=True), "94105"),
        ("zp", "941051234", USUAL, "94105"),
    ],
)
def test_each_other_reading_of_metas_is_a_choice(key: str, value: str, forms: Forms, form: str) -> None:
    assert meta_value(key, value, forms) == sha256_hex(form)


def test_raw_ids_keep_their_case() -> None:
    assert meta_value("external_id", " Customer 42 ", Forms(raw_id=True)) == "Customer42"


@pytest.mark.parametrize(("value", "code"), [("eur", "EUR"), (" US$D ", "USD"), ("euro", None), ("", None)])
def test_currencies(value: str, code: str | None) -> None:
    assert normal_forms.currency(value) == code


def test_country_codes_are_the_iso_ones_and_names_lead_to_them() -> None:
    assert {country.alpha_2.lower() for country in pycountry.countries} == places.COUNTRY_CODES
    named = [
        c for c in pycountry.countries if places.country_code(getattr(c, "common_name", c.name)) == c.alpha_2.lower()
    ]
    assert len(named) / len(pycountry.countries) > 0.9


def test_states_and_provinces_are_complete() -> None:
    kinds = {"US": ("State", "District"), "CA": ("Province", "Territory")}
    places_ = [s for s in pycountry.subdivisions if s.type in kinds.get(s.country_code, ())]

    assert len(places_) == 64
    assert all(places.region_code(place.name) == place.code[3:].lower() for place in places_)


@settings(max_examples=400, derandomize=True, deadline=None)
@given(
    key=st.sampled_from(sorted(KEYS)),
    text=st.text() | st.text("0123456789 /-.+") | st.characters(categories=["Cs"]),
    forms=st.builds(Forms, calling_code=st.sampled_from(["", "49"]), us=st.booleans(), raw_id=st.booleans()),
)
def test_nothing_raises_and_nothing_empty_is_sent(key: str, text: str, forms: Forms) -> None:
    assert meta_value(key, text, forms) != ""


@pytest.mark.parametrize("key", sorted(KEYS))
def test_hostile_lengths_cost_no_more_than_their_length(key: str) -> None:
    for unit in ("a@." + "." * 5, "0", " -", "1.", "é", "fb.1."):
        meta_value(key, unit * 20_000, USUAL)


def test_a_text_longer_than_any_identifier_has_no_form() -> None:
    marks = "a" + "\u0301\u0323" * 500
    assert normal_forms.prepared(marks[: normal_forms.LONGEST])
    assert normal_forms.prepared(marks) == ""
    assert normal_forms.raw_id(marks) is None
