"""Tokens of previews: what a forger may try, and what must not be forgotten."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import jwt
import pytest

from runtime.text.signed import KEY_BYTES, LONGEST, Preview, Unsigned, new_id, new_key, sign, verify

KEY = bytes(range(KEY_BYTES))
NOW = int(time.time())
MADE = Preview(-12, "0123456789abcdef", sends=True, container="shop", expires=NOW + 600)
CLAIMS = {
    "version": -12, "id": "0123456789abcdef", "sends": True, "container": "shop", "aud": "preview", "iat": NOW,
    "exp": NOW + 600,
}  # fmt: skip


def token(key: bytes = KEY, algorithm: str = "HS256", **changes: Any) -> str:
    claims = {name: value for name, value in (CLAIMS | changes).items() if value is not None}
    return jwt.encode(claims, key, algorithm=algorithm)


def raw(header: dict[str, Any], claims: dict[str, Any], key: bytes = KEY) -> str:
    """Signs with HMAC-SHA-256 whatever the header says, as no library would."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)]
    signature = hmac.digest(key, b".".join(parts), hashlib.sha256)
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


def reason(text: str, key: bytes = KEY) -> str:
    with pytest.raises(Unsigned) as refused:
        verify(text, key)
    return refused.value.reason


def test_says_what_was_signed() -> None:
    assert verify(sign(MADE, KEY), KEY) == MADE
    assert verify(token(), KEY) == MADE
    assert verify(raw({"alg": "HS256", "typ": "JWT"}, CLAIMS), KEY) == MADE


def test_fits_a_cookie_a_header_and_a_path() -> None:
    made = sign(MADE, KEY)
    assert len(made) < LONGEST / 2
    assert set(made) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


@pytest.mark.parametrize(
    "forged",
    [
        raw({"alg": "none", "typ": "JWT"}, CLAIMS),
        raw({"alg": "none", "typ": "JWT"}, CLAIMS).rpartition(".")[0] + ".",
        raw({"alg": "NONE"}, CLAIMS),
        raw({"alg": "HS512"}, CLAIMS),
        raw({"alg": "RS256"}, CLAIMS),
        raw({"alg": ["HS256"]}, CLAIMS),
        raw({"typ": "JWT"}, CLAIMS),
        raw({"alg": "HS256", "crit": ["b64"], "b64": False}, CLAIMS),
        token(algorithm="HS384", key=KEY * 2),
        token(key=KEY[::-1]),
        raw({"alg": "HS256", "jwk": {"kty": "oct", "k": "AAAA"}}, CLAIMS, key=b"\0\0\0"),
    ],
)
def test_no_other_algorithm_and_no_other_key(forged: str) -> None:
    assert reason(forged) == "forged"


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "session"}, {"aud": ["preview", "session"]}, {"aud": None}, {"exp": None}, {"iat": None},
        {"exp": "soon"}, {"iat": "now"}, {"iat": NOW + 3600}, {"nbf": NOW + 3600}, {"version": "12"},
        {"version": 1.5}, {"version": None}, {"sends": 1}, {"sends": None}, {"id": None}, {"id": 7},
        {"container": None}, {"more": 1},
    ],
)  # fmt: skip
def test_every_claim_is_required_and_of_its_type(changes: dict[str, Any]) -> None:
    assert reason(raw({"alg": "HS256"}, {k: v for k, v in (CLAIMS | changes).items() if v is not None})) == "forged"


def test_its_time_ends_without_leeway() -> None:
    assert reason(token(exp=NOW - 1)) == "expired"
    assert reason(token(exp=int(time.time()))) == "expired"
    assert reason(token(exp=NOW - 1, aud="session")) in ("forged", "expired")
    assert reason(token(exp=NOW - 1, key=KEY[::-1])) == "forged"


def test_a_cut_or_changed_token_is_none() -> None:
    made = sign(MADE, KEY)
    for end in range(len(made)):
        assert reason(made[:end]) == "forged"
    for place in range(0, len(made), 7):
        # The last character of base64 may hold bits that nobody reads; any other changes what is signed.
        other = made[:place] + ("A" if made[place] != "A" else "B") + made[place + 1 :]
        assert place == len(made) - 1 or reason(other) == "forged"
    for text in ("", ".", "..", "a.b.c", "ä.ö.ü", made + ".x", made + "\n", " " + made, "x" * 100_000):
        assert reason(text) == "forged"


def test_without_a_key_nothing_is_valid() -> None:
    assert reason(jwt.encode(CLAIMS, b"x" * 32), b"") == "forged"
    assert reason(raw({"alg": "HS256"}, CLAIMS, key=b""), b"") == "forged"
    assert reason(raw({"alg": "HS256"}, CLAIMS, key=b"short"), b"short") == "forged"


def test_keys_and_ids_are_not_repeated() -> None:
    assert len({new_key() for _ in range(100)}) == len({new_id() for _ in range(100)}) == 100
    assert {len(new_key()), KEY_BYTES} == {32}
