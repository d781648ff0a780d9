from __future__ import annotations

import pytest

from runtime.identity.values import click_payload, cookie_text, parse_fbc, parse_fbp, subdomain_index

T = "1790000000000"


@pytest.mark.parametrize(
    "text",
    [
        f"fb.1.{T}.IwAR_abc",
        f"fb.0.{T}.IwAR_abc.AQIAAQMC",
        f"fb.1.{T}.IwAR_abc.Bg",
        f"fb.1.{T}.IwAR_abc.12345678",
        f"fb.12.{T}.a-b_c~d%41.a-b_c123",
        f"fb.1.{T}." + "x" * 500,
        "fb.1.1234567890.a",
        "fb.1.1234567890123456.a",
    ],
)
def test_valid_fbc(text: str) -> None:
    value = parse_fbc(text)

    assert value is not None
    assert value.text == text
    assert ["fb", str(value.index), str(value.created_ms), value.payload] == text.split(".")[:4]
    assert value.appendix == "".join(text.split(".")[4:])


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "a.b.c.d",
        f"fb.1.{T}.",
        f"fb.1.{T}",
        f"fb.1.{T}.IwAR_abc.zz",
        f"fb.1.{T}.IwAR_abc.1234567",
        f"fb.1.{T}.IwAR_abc.1234567=",
        f"fb.1.{T}.a.b.AQICAQMC",
        f"fb.1.{T}.a\r\nb",
        f"fb.1.{T}.a\n",
        f"fb.1.{T}.a;b",
        f"fb.1.{T}.é",
        f"fb.123.{T}.a",
        f"fb..{T}.a",
        "fb.1.123456789.a",
        "fb.1.12345678901234567.a",
        "fb.1.١٢٣٤٥٦٧٨٩٠.a",
        f"FB.1.{T}.a",
        f" fb.1.{T}.a",
        f"fb.1.{T}." + "x" * 501,
    ],
)
def test_another_form_counts_as_absent(text: str | None) -> None:
    assert parse_fbc(text) is None
    assert parse_fbp(text) is None


def test_fbp_payloads_are_digits() -> None:
    assert parse_fbp(f"fb.1.{T}.1234567890.Bg") is not None
    assert parse_fbp(f"fb.1.{T}.{'1' * 24}") is not None
    assert parse_fbp(f"fb.1.{T}.{'1' * 25}") is None
    assert parse_fbp(f"fb.1.{T}.12a") is None
    assert parse_fbp(f"fb.1.{T}.٣") is None


def test_cookies_are_percent_decoded_once() -> None:
    assert cookie_text("fb%2E1%2E1790000000000.a%2541") == "fb.1.1790000000000.a%41"
    assert cookie_text("fb.1.1790000000000.a") == "fb.1.1790000000000.a"
    assert cookie_text(None) is None


@pytest.mark.parametrize(
    ("fbclid", "payload"),
    [
        ("IwAR_a-B~%", "IwAR_a-B~%"),
        ("a.b.c", "a__DOT__b__DOT__c"),
        ("", ""),
        ("a b", ""),
        ("a\n", ""),
        ("a;b", ""),
        ("x" * 500, "x" * 500),
        ("x" * 501, ""),
        ("x" * 494 + ".", ""),
    ],
)
def test_click_ids_are_carried_unaltered_or_not_at_all(fbclid: str, payload: str) -> None:
    assert click_payload(fbclid) == payload


@pytest.mark.parametrize(
    ("domain", "index"), [("com", 0), ("shop.example", 1), ("www.shop.example", 2), (".shop.example", 1), ("", 1)]
)
def test_the_index_counts_labels(domain: str, index: int) -> None:
    assert subdomain_index(domain) == index
