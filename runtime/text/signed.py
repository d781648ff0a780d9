"""Signed tokens that expire. The one place that imports jwt.

Which algorithm a token names is its sender's word and is compared, never obeyed. A token without audience, expiry or
time of issue is refused.

Ours are signed by HMAC with SHA-256, always, and no clock is given leeway. Who has the key can make tokens, so it never
leaves this installation, and a new key ends every token that was signed with the old one.

ID tokens of an OpenID provider are signed with its private key, of which it publishes the other half: HMAC and `none`
are refused there (OpenID Connect Core 1.0, 3.1.3.7; RFC 8725).
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import jwt
import msgspec

KEY_BYTES = 32
LONGEST = 1024
"""Characters of a token that is looked at; real ones are a third of that."""

LONGEST_ID_TOKEN = 32 * 1024
"""A provider may list hundreds of groups in it."""
LEEWAY_S = 60
"""How far a provider's clock may be off."""

_ALGORITHM = "HS256"
_PUBLIC_KEY = frozenset(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"))
_ID_CLAIMS = ("iss", "sub", "aud", "exp", "iat")
_PREVIEW = "preview"


class Preview(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a preview link says."""

    version: int
    """A version's number; below zero revision -N of a workspace."""
    id: str
    """Of this preview: hits carry it."""
    sends: bool
    """Whether what its hits make is sent to the destinations."""
    container: str
    """Name of the container that it is for."""
    expires: int
    """Unix second from which on it is no longer valid."""


class Unsigned(Exception):
    """The token is not to be trusted: it was not made here, is another container's, or its time is over."""

    def __init__(self, reason: Literal["forged", "expired"]) -> None:
        super().__init__(reason)
        self.reason = reason


def new_key() -> bytes:
    """Returns a key that nobody can guess."""
    return secrets.token_bytes(KEY_BYTES)


def new_id() -> str:
    """Returns the id of a new preview."""
    return secrets.token_hex(8)


def sign(preview: Preview, key: bytes) -> str:
    """Returns the token of a preview, safe in URLs, cookies and headers."""
    claims = msgspec.to_builtins(preview)
    claims |= {"aud": _PREVIEW, "iat": int(time.time()), "exp": claims.pop("expires")}
    return jwt.encode(claims, key, algorithm=_ALGORITHM)


def verify(token: str, key: bytes) -> Preview:
    """Returns what the token says; raises `Unsigned` where this key did not sign it for a preview, or it is over."""
    try:
        if len(token) > LONGEST or not token.isascii() or len(key) < KEY_BYTES:
            raise Unsigned("forged")
        claims = jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],
            audience=_PREVIEW,
            options={"require": ["aud", "exp", "iat"], "strict_aud": True},
        )
        del claims["aud"], claims["iat"]
        return msgspec.convert(claims | {"expires": claims.pop("exp")}, Preview)
    except jwt.ExpiredSignatureError:
        raise Unsigned("expired") from None
    except (jwt.InvalidTokenError, msgspec.ValidationError):
        raise Unsigned("forged") from None


def verify_id_token(
    token: str, keys: Sequence[Mapping[str, Any]], *, issuer: str, audience: str, nonce: str
) -> dict[str, Any]:
    """Returns the claims of an ID token. `keys` are the provider's JSON Web Keys, `audience` our id there, `nonce` what
    this sign-in was begun with. Raises `Unsigned` where any of it does not fit."""
    try:
        if len(token) > LONGEST_ID_TOKEN or not token.isascii():
            raise Unsigned("forged")
        header = jwt.get_unverified_header(token)
        for key in _fitting(keys, header):
            claims = _id_claims(token, key, issuer, audience)
            if claims is not None:
                return _for_us(claims, audience, nonce)
    except jwt.ExpiredSignatureError:
        raise Unsigned("expired") from None
    except jwt.PyJWTError:
        raise Unsigned("forged") from None
    raise Unsigned("forged")


def _fitting(keys: Iterable[Mapping[str, Any]], header: Mapping[str, Any]) -> Iterator[jwt.PyJWK]:
    """Yields the public keys that may have signed a token of that header."""
    algorithm, id = header.get("alg"), header.get("kid")
    if algorithm not in _PUBLIC_KEY:
        return
    for key in keys:
        is_for_it = key.get("use", "sig") == "sig" and key.get("alg", algorithm) == algorithm
        if is_for_it and (id is None or key.get("kid") == id):
            try:
                yield jwt.PyJWK(dict(key), algorithm)
            except jwt.PyJWTError:  # Of another kind than the algorithm.
                continue


def _id_claims(token: str, key: jwt.PyJWK, issuer: str, audience: str) -> dict[str, Any] | None:
    """Returns the claims, None where it was another key that signed them."""
    options: Any = {"require": list(_ID_CLAIMS), "enforce_minimum_key_length": True}
    try:
        return jwt.decode(
            token, key.key, algorithms=[key.algorithm_name], audience=audience, issuer=issuer, leeway=LEEWAY_S,
            options=options,
        )  # fmt: skip
    except jwt.InvalidSignatureError:
        return None


def _for_us(claims: dict[str, Any], audience: str, nonce: str) -> dict[str, Any]:
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    party = claims.get("azp", None if several else audience)
    subject, given = claims["sub"], claims.get("nonce")
    is_ours = party == audience and isinstance(subject, str) and 0 < len(subject) <= 255
    if not is_ours or not isinstance(given, str) or not hmac.compare_digest(given.encode(), nonce.encode()):
        raise Unsigned("forged")
    return claims
