"""`normalise`: what the platforms beside Meta hash."""

from __future__ import annotations

import pytest

from runtime.lua.sandbox import Sandbox
from runtime.text.calling_codes import DIALLING
from runtime.text.places import country_code
from tests.lua.calls import value

HASH = "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("normalise.e164('+1 650-555-1212')", "+16505551212"),
        ("normalise.e164('0151 2345678', '+49')", "+491512345678"),
        ("normalise.e164('0049 151 2345678', 'de')", "+491512345678"),
        ("normalise.e164('+49 (0)151 2345678', 'DE')", "+4901512345678"),
        ("normalise.e164('06 1234 5678', 'Italy')", "+390612345678"),
        ("normalise.e164('612 345 678', 'ES')", "+34612345678"),
        ("normalise.e164('44612345678', 'ES')", "+44612345678"),
        ("normalise.e164('(650) 555-1212', 'US')", "+16505551212"),
        ("normalise.e164('1 650 555 1212', 'US')", "+16505551212"),
        ("normalise.e164('0151 2345678', 'Nowhere')", "+1512345678"),
        ("normalise.e164('0151 2345678', '')", "+1512345678"),
        ("normalise.e164(16505551212)", "+16505551212"),
        ("normalise.e164('12')", None),
        ("normalise.e164({})", None),
        ("normalise.e164(nil)", None),
        (f"normalise.e164('{HASH.upper()}')", HASH),
        ("normalise.phone('0151 2345678', 'DE')", "491512345678"),
        ("normalise.phone('0151 2345678')", "1512345678"),
        ("normalise.google_email(' John.Smith@Gmail.com ')", "johnsmith@gmail.com"),
        ("normalise.google_email('j.s+shop@googlemail.com')", "js+shop@googlemail.com"),
        ("normalise.google_email('j.s+shop@gmail.com', true)", "js@gmail.com"),
        ("normalise.google_email('j.s+shop@mail.example', true)", "j.s+shop@mail.example"),
        ("normalise.google_email('...@gmail.com')", None),
        ("normalise.google_email('nobody')", None),
        (f"normalise.google_email('{HASH}')", HASH),
        ("normalise.bare_email('John.Smith+shop@example.com')", "johnsmith@example.com"),
        ("normalise.bare_email('+x@example.com')", None),
        ("normalise.bare_email(5)", None),
        ("crypto.sha256(normalise.e164('+1 (650) 555-1212'))",
         "1e231c66011e7a2d867a9cfae267a6aff103cf4913640b6e71a99850fc0ffbc8"),
        ("crypto.sha256(normalise.bare_email('John.Smith+shop@example.com'))",
         "77c15cba88f92469128047a9abfce151e12bba6aea47d36b7388c3540880e291"),
        ("crypto.sha256_base64(normalise.google_email('John.Smith@gmail.com'))",
         "NYbekrs2NtCIWhLv+WFCmjLk69dkuW9Q2F0Bb5M41YY="),
    ],
)  # fmt: skip
def test_forms(sandbox: Sandbox, expression: str, expected: str | None) -> None:
    assert value(sandbox, f"return {expression}") == expected


def test_every_calling_code_is_of_a_country() -> None:
    assert len(DIALLING) > 150
    for country, dialling in DIALLING.items():
        assert country_code(country) == country
        assert dialling.code.isdigit()
        assert 1 <= len(dialling.code) <= 3
