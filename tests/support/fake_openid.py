"""An OpenID provider for tests: it publishes keys, takes codes with PKCE, and signs ID tokens with a real RSA key."""

from __future__ import annotations

import base64
import hashlib
import json
import time
import warnings
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.vendor import Answer, Received, Vendor

CLIENT, SECRET = "firsthand-client", "a-client-secret/with:signs"


def new_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    """Makes a key to sign with."""
    return rsa.generate_private_key(65537, bits)


def public(key: rsa.RSAPrivateKey, kid: str) -> dict[str, Any]:
    """Returns a key's public half as a JSON Web Key."""
    return {**jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig"}


@dataclass
class Person:
    """Who signs in, and what is wrong with what the provider says of them."""

    sub: str = "person-1"
    claims: dict[str, Any] = field(default_factory=lambda: {"preferred_username": "jo", "groups": ["marketing"]})
    wrong: dict[str, Any] = field(default_factory=dict)
    """Claims that stand in the token in place of the right ones; None leaves one out."""
    token: str | None = None
    """The whole token instead."""


class FakeOpenid(Vendor):
    """`authorize` does what a browser and a person would do there."""

    def __init__(self) -> None:
        super().__init__()
        self.key, self.kid, self.keys = new_key(), "first", list[dict[str, Any]]()
        self.keys.append(public(self.key, self.kid))
        self.person = Person()
        self.configuration: dict[str, Any] = {}
        self.codes: dict[str, dict[str, str]] = {}

    @property
    def settings(self) -> dict[str, Any]:
        """What Firsthand needs to know of it."""
        return {
            "oidc_issuer": self.endpoint, "oidc_client_id": CLIENT, "oidc_client_secret": SECRET,
            "oidc_roles": "marketing=editor,tag-admins=admin", "allow_addresses": "127.0.0.0/8",
        }  # fmt: skip

    def authorize(self, address: str) -> str:
        """Signs the person in, and returns the address that the browser is sent back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def answer(self, request: Received) -> Answer:
        match request.path:
            case "/.well-known/openid-configuration":
                return _json({
                    "issuer": self.endpoint, "authorization_endpoint": f"{self.endpoint}/authorize",
                    "token_endpoint": f"{self.endpoint}/token", "jwks_uri": f"{self.endpoint}/keys",
                    **self.configuration,
                })  # fmt: skip
            case "/keys":
                return _json({"keys": self.keys})
            case "/authorize":
                return Answer(302, b"", {"location": self.authorize(request.target)})
            case "/token":
                return self._token(request)
        return Answer(404)

    def _token(self, request: Received) -> Answer:
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        asked = self.codes.pop(form["code"], None)
        basic = base64.b64decode(request.headers.get("authorization", "").removeprefix("Basic ")).decode()
        known = basic == "firsthand-client:a-client-secret%2Fwith%3Asigns" or form.get("client_secret") == SECRET
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or not known or challenge != asked["code_challenge"]:
            return _json({"error": "invalid_grant"}, 400)
        if form["redirect_uri"] != asked["redirect_uri"]:
            return _json({"error": "invalid_grant"}, 400)
        token = self.person.token or self.sign(self.id_claims(asked["nonce"], "max_age" in asked))
        return _json({"access_token": "x", "token_type": "Bearer", "id_token": token})

    def id_claims(self, nonce: str, fresh: bool = False) -> dict[str, Any]:
        """Returns what it says of the person."""
        now = int(time.time())
        right = {
            "iss": self.endpoint, "sub": self.person.sub, "aud": CLIENT, "exp": now + 300, "iat": now, "nonce": nonce,
            **({"auth_time": now} if fresh else {}), **self.person.claims,
        }  # fmt: skip
        return {name: value for name, value in (right | self.person.wrong).items() if value is not None}

    def sign(self, claims: dict[str, Any], algorithm: str = "RS256", **header: Any) -> str:
        """Returns an ID token."""
        with warnings.catch_warnings(action="ignore"):  # It does not mind that a key is too short; who reads it shall.
            return jwt.encode(claims, self.key, algorithm=algorithm, headers={"kid": self.kid, **header})


def _json(content: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(content).encode(), {"content-type": "application/json"})
