"""An OpenID provider: where it lets people sign in, and what it says of them (OpenID Connect Core 1.0, code flow with
PKCE).

What it publishes is fetched through the one HTTP client, with its address guard. Everything it says is checked.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Mapping
from functools import lru_cache
from threading import Lock
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import orjson
from pydantic import BaseModel, ValidationError

from admin_ui.refusals import Refused
from runtime.errors import OperatorError, VendorError
from runtime.http.transport import Sender
from runtime.model.delivery import Request
from runtime.settings import Settings
from runtime.telemetry import log
from runtime.text.signed import Unsigned, verify_id_token

FRESH_S = 600
"""So long what the provider publishes of itself is not fetched again."""
AGAIN_S = 10
"""And so long a provider that failed is not asked again: nobody's tries shall keep all threads waiting."""
TIMEOUT_S = 5.0
LARGEST = 256 * 1024
_WELL_KNOWN = "/.well-known/openid-configuration"


class Endpoints(BaseModel):
    """What a provider publishes of itself (OpenID Connect Discovery 1.0), as far as it is used."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: list[str] = ["client_secret_basic"]


class Provider:
    """The provider that the settings name. May be used by several threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = Lock()
        self._endpoints: Endpoints | None = None
        self._asked_at = 0.0

    def start(self, *, redirect: str, state: str, nonce: str, challenge: str, again: bool) -> str:
        """Returns where the browser has to go. `again` asks for a password even of who is signed in there."""
        query = {
            "response_type": "code", "client_id": self._settings.oidc_client_id, "redirect_uri": redirect,
            "scope": "openid profile email", "state": state, "nonce": nonce, "code_challenge": challenge,
            "code_challenge_method": "S256", **({"prompt": "login", "max_age": "0"} if again else {}),
        }  # fmt: skip
        address = self._known().authorization_endpoint
        return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"

    def claims(self, code: str, *, redirect: str, verifier: str, nonce: str) -> dict[str, Any]:
        """Returns what the provider says of who came back with a code; Refused where that cannot be believed."""
        endpoints = self._known()
        answer = self._exchange(endpoints, code, redirect, verifier)
        keys = self._fetch(Request("GET", endpoints.jwks_uri, {}, b"")).get("keys")
        known = [key for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []
        try:
            return verify_id_token(
                str(answer.get("id_token", "")), known, issuer=endpoints.issuer,
                audience=self._settings.oidc_client_id, nonce=nonce,
            )  # fmt: skip
        except Unsigned as error:
            log().warning("sign_on_refused", reason=f"its ID token is {error.reason}")
            raise Refused(401, "What the single sign-on says cannot be believed.", "Sign in again.") from None

    def _exchange(self, endpoints: Endpoints, code: str, redirect: str, verifier: str) -> Mapping[str, Any]:
        client, secret = self._settings.oidc_client_id, _client_secret(self._settings)
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect, "code_verifier": verifier}
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        if secret and "client_secret_basic" in endpoints.token_endpoint_auth_methods_supported:
            pair = f"{quote(client, safe='')}:{quote(secret, safe='')}"  # RFC 6749, 2.3.1: both are form-encoded first.
            headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form |= {"client_id": client} | ({"client_secret": secret} if secret else {})
        return self._fetch(Request("POST", endpoints.token_endpoint, headers, urlencode(form).encode()))

    def _known(self) -> Endpoints:
        with self._lock:
            age = time.monotonic() - self._asked_at
            if self._endpoints is not None and age < FRESH_S:
                return self._endpoints
            if self._endpoints is None and self._asked_at and age < AGAIN_S:
                raise _silent()
            self._endpoints, self._asked_at = None, time.monotonic()
            self._endpoints = self._discovered()
            return self._endpoints

    def _discovered(self) -> Endpoints:
        issuer = self._settings.oidc_issuer
        told = self._fetch(Request("GET", issuer.rstrip("/") + _WELL_KNOWN, {"accept": "application/json"}, b""))
        try:
            found = Endpoints.model_validate(told)
        except ValidationError:
            raise _silent("its configuration is incomplete") from None
        if found.issuer != issuer:
            raise _silent(f"it calls itself {found.issuer[:200]}, not {issuer}")
        for address in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri):
            if urlsplit(address).scheme not in ("https", urlsplit(issuer).scheme):
                raise _silent("it names an address without TLS")
        return found

    def _fetch(self, request: Request) -> dict[str, Any]:
        host = urlsplit(request.url).netloc
        asked = Request(
            request.method, request.url, request.headers, request.body, TIMEOUT_S, hosts=(host,), max_answer=LARGEST
        )
        try:
            status, body = asyncio.run(_send(asked, self._settings))
            told = orjson.loads(body)
        except (VendorError, orjson.JSONDecodeError) as error:
            raise _silent(f"{host}: {error}") from None
        if status != 200 or not isinstance(told, dict):
            word = told.get("error") if isinstance(told, dict) else ""
            raise _silent(f"{host}: status {status} {str(word)[:100]}")
        return told


@lru_cache(maxsize=4)
def provider_of(settings: Settings) -> Provider:
    """Returns the provider of these settings: one, so that what it publishes is remembered."""
    return Provider(settings)


async def _send(request: Request, settings: Settings) -> tuple[int, bytes]:
    sender = Sender(settings.allow_addresses)
    try:
        answer = await sender.send(request)
        return answer.status, answer.body
    finally:
        await sender.aclose()


def _silent(reason: str = "") -> Refused:
    """Returns the refusal for a provider that cannot be asked; the reason is for the operator's log."""
    if reason:
        log().warning("sign_on_failed", reason=reason)
    return Refused(503, "The single sign-on does not answer.", "Sign in with a password, or try again in a moment.")


def _client_secret(settings: Settings) -> str:
    if settings.oidc_client_secret_file is None:
        return settings.oidc_client_secret.get_secret_value() if settings.oidc_client_secret else ""
    try:
        return settings.oidc_client_secret_file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        hint = "Check the file and its rights."
        raise OperatorError("FIRSTHAND_OIDC_CLIENT_SECRET_FILE cannot be read.", hint=hint) from error
