"""`text`, `crypto` and `time`: the smaller helpers at their edges."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.lua.sandbox import Sandbox
from tests.lua.calls import fault, value

HASH = "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("text.length('')", 0),
        ("text.length('a\\xff')", None),
        ("text.length(123)", 3),
        ("text.cut('äöü', 0)", ""),
        ("text.cut('äöü', 3)", "äöü"),
        ("text.cut('abc', 5)", "abc"),
        ("text.cut('😀😀', 1)", "😀"),
        ("#text.cut('a\\xff\\xfe', 2)", 2),
        ("text.is_utf8('ä')", True),
        ("text.is_utf8('\\xed\\xa0\\x80')", False),
        ("text.base64url('')", ""),
        ("text.unbase64(text.base64url('ä?>~'))", "ä?>~"),
        ("text.hex_to_base64('f')", None),
        ("text.hex_to_base64('zz')", None),
        ("text.hex_to_base64('FF')", "/w=="),
        ("text.base64_to_hex('_w')", "ff"),
        ("text.base64_to_hex('!')", None),
        ("text.base64_to_hex('ä')", None),
        (f"text.base64_to_hex(text.hex_to_base64('{HASH}'))", HASH),
        (f"crypto.is_sha256('{HASH}')", True),
        (f"crypto.is_sha256('{HASH.upper()}')", True),
        (f"crypto.is_sha256('{HASH[1:]}')", False),
        (f"crypto.is_sha256('{HASH[1:]}g')", False),
        ("crypto.is_sha256(nil)", False),
        ("crypto.is_sha256({})", False),
        ("crypto.hmac_sha256_base64('\\0secret:KEY\\0', 'm')", "\0hmac_base64:KEY:6d\0"),
        ("time.iso_ms(0)", "1970-01-01T00:00:00.000Z"),
        ("time.iso_ms(1767225600.123)", "2026-01-01T00:00:00.123Z"),
        ("time.iso_ms(1767225599.9999)", "2026-01-01T00:00:00.000Z"),
        ("time.iso_ms(-0.5)", "1969-12-31T23:59:59.500Z"),
        ("time.day(-1)", "1969-12-31"),
        ("time.day(253402300799)", "9999-12-31"),
    ],
)
def test_values(sandbox: Sandbox, expression: str, expected: Any) -> None:
    assert value(sandbox, f"return {expression}") == expected


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("text.cut('a', -1)", "bad argument #2 to 'text.cut' (0 or more expected)"),
        ("text.cut('a')", "integer expected, got nil"),
        ("text.length({})", "bad argument #1 to 'text.length' (string expected, got table)"),
        ("time.iso_ms('now')", "bad argument #1 to 'time.iso_ms' (Unix seconds of the years 1 to 9999 expected)"),
        ("time.day(1e18)", "bad argument #1 to 'time.day'"),
        ("time.iso(0/0)", "bad argument #1 to 'time.iso'"),
        ("crypto.hmac_sha256_base64('key', 'm')", "takes a setting of type secret"),
    ],
)
def test_refusals_name_the_scripts_line(sandbox: Sandbox, body: str, message: str) -> None:
    problem = fault(sandbox, f"local x = {body}")
    assert problem.message.startswith("test:3: ")
    assert message in problem.message
