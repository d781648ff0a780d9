"""Single sign-on against a provider that signs real tokens, and the many ways in which one is refused."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest

from admin_ui.auth.sign_on import claim
from runtime.store.control import Control
from runtime.store.files import control_path
from tests.support.admin import PASSWORD, AdminBrowser
from tests.support.fake_openid import CLIENT, FakeOpenid, new_key, public
from tests.support.vendor import status


@pytest.fixture
def provider() -> Iterator[FakeOpenid]:
    provider = FakeOpenid()
    with provider:
        yield provider


def _browser(data: Path, provider: FakeOpenid, **settings: Any) -> AdminBrowser:
    return AdminBrowser(data, None, **(provider.settings | settings))


def _begin(browser: AdminBrowser, query: str = "") -> str:
    """Begins, keeps the cookie, and returns where the browser is sent."""
    answer = browser.get(f"/sign-on{query}")
    assert answer.status_code == 303, answer.text
    browser.cookies |= dict(answer.cookies)
    return str(answer.headers["location"])


def _sign_on(browser: AdminBrowser, provider: FakeOpenid, query: str = "") -> httpx.Response:
    back = urlsplit(provider.authorize(_begin(browser, query)))
    answer = browser.get(f"{back.path}?{back.query}", **{"sec-fetch-site": "cross-site"})
    browser.cookies |= {name: value for name, value in answer.cookies.items() if value}
    return answer


def _users(data: Path) -> dict[str, str]:
    with Control(control_path(data)) as control:
        return {user.name: user.role for user in control.accounts.users()}


def test_the_first_visit_makes_a_user(tmp_path: Path, provider: FakeOpenid) -> None:
    browser = _browser(tmp_path, provider)
    assert "single sign-on" in browser.get("/sign-in").text
    answer = _sign_on(browser, provider, "?next=/account")
    assert answer.status_code == 200
    assert 'content="0;url=/account"' in answer.text
    assert _users(tmp_path) == {"jo": "editor"}
    page = browser.get("/account")
    assert page.status_code == 200
    assert "no password here" in page.text
    assert _sign_on(_browser(tmp_path, provider), provider).status_code == 200
    assert _users(tmp_path) == {"jo": "editor"}


def test_what_the_browser_is_sent_away_with(tmp_path: Path, provider: FakeOpenid) -> None:
    browser = _browser(tmp_path, provider)
    answer = browser.get("/sign-on?next=//evil.example")
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert query["redirect_uri"] == ["http://127.0.0.1:8081/sign-on/return"]
    assert query["client_id"] == [CLIENT]
    assert query["code_challenge_method"] == ["S256"]
    assert len({query[name][0] for name in ("state", "nonce", "code_challenge")}) == 3
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("firsthand_sign_on=")
    assert cookie.endswith("; HttpOnly; Max-Age=600; Path=/; SameSite=lax")
    again = browser.get("/sign-on")
    assert parse_qs(urlsplit(again.headers["location"]).query)["state"] != query["state"]


def test_over_a_host_name_it_comes_back_by_https(tmp_path: Path, provider: FakeOpenid) -> None:
    browser = _browser(tmp_path, provider, admin_hosts="admin.shop.example")
    answer = browser.get("/sign-on", host="admin.shop.example")
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert query["redirect_uri"] == ["https://admin.shop.example/sign-on/return"]
    assert answer.headers["set-cookie"].startswith("__Host-firsthand_sign_on=")
    assert "; Secure" in answer.headers["set-cookie"]


def test_without_a_provider_there_is_no_button(tmp_path: Path) -> None:
    browser = AdminBrowser(tmp_path, None)
    assert "single sign-on" not in browser.get("/sign-in").text
    assert browser.get("/sign-on").status_code == browser.get("/sign-on/return?code=x").status_code == 404


def test_the_role_follows_the_groups(tmp_path: Path, provider: FakeOpenid) -> None:
    AdminBrowser(tmp_path)
    browser = _browser(tmp_path, provider)
    _sign_on(browser, provider)
    provider.person.claims["groups"] = ["marketing", "tag-admins", "others"]
    assert _sign_on(_browser(tmp_path, provider), provider).status_code == 200
    assert _users(tmp_path)["jo"] == "admin"
    assert browser.get("/account").status_code == 303, "what it was signed in as is over"
    provider.person.claims["groups"] = ["others"]
    refused = _sign_on(_browser(tmp_path, provider), provider)
    assert refused.status_code == 403
    assert "None of your groups" in refused.text


def test_claims_may_lie_deeper(tmp_path: Path, provider: FakeOpenid) -> None:
    provider.person.claims = {"email": "jo@shop.example", "realm": {"roles": "tag-admins"}}
    assert _sign_on(_browser(tmp_path, provider, oidc_role_claim="realm.roles"), provider).status_code == 200
    assert _users(tmp_path) == {"jo@shop.example": "admin"}
    assert claim({"a.b": 1, "a": {"b": 2}}, "a.b") == 1
    assert claim({"a": "x"}, "a.b") is claim({}, "a.b.c") is None


def test_a_name_gives_no_claim_to_a_user(tmp_path: Path, provider: FakeOpenid) -> None:
    """Who may choose what the provider calls them must not become somebody who is here already."""
    AdminBrowser(tmp_path, "admin", name="jo")
    assert _sign_on(_browser(tmp_path, provider), provider).status_code == 200
    assert _users(tmp_path) == {"jo": "admin", "person-1": "editor"}
    provider.person.sub, provider.person.claims["preferred_username"] = "jo", "<script>"
    assert _sign_on(_browser(tmp_path, provider), provider).status_code == 200
    assert "script-" in _users(tmp_path)


def test_a_disabled_user_stays_out(tmp_path: Path, provider: FakeOpenid) -> None:
    _sign_on(_browser(tmp_path, provider), provider)
    with Control(control_path(tmp_path)) as control:
        control.accounts.change("jo", disabled=1)
    answer = _sign_on(_browser(tmp_path, provider), provider)
    assert answer.status_code == 403
    assert "firsthand_session" not in answer.headers.get("set-cookie", "")


Bad = Callable[[FakeOpenid], None]


def _claims(**wrong: Any) -> Bad:
    return lambda provider: provider.person.wrong.update(wrong)


def _other_key(provider: FakeOpenid) -> None:
    provider.key = new_key()


def _unknown_kid(provider: FakeOpenid) -> None:
    provider.kid = "another"


def _no_keys(provider: FakeOpenid) -> None:
    provider.keys = []


def _for_encryption(provider: FakeOpenid) -> None:
    provider.keys[0]["use"] = "enc"


def _other_algorithm(provider: FakeOpenid) -> None:
    provider.keys[0]["alg"] = "RS512"


def _short_key(provider: FakeOpenid) -> None:
    provider.key = new_key(1024)
    provider.keys = [public(provider.key, provider.kid)]


def _unsigned(provider: FakeOpenid) -> None:
    provider.person.token = jwt.encode(provider.id_claims("x"), "", algorithm="none")


def _by_public_key(provider: FakeOpenid) -> None:
    """HMAC with what everybody knows, offered as a key of the provider's too."""
    secret = "n" * 64
    provider.keys.append({"kty": "oct", "k": "bm5ubm5ubm4", "kid": "first"})
    provider.person.token = jwt.encode(provider.id_claims("x"), secret, algorithm="HS256", headers={"kid": "first"})


def _no_token(provider: FakeOpenid) -> None:
    provider.person.token = "."


NOW = int(time.time())


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(_claims(nonce="another"), id="nonce"),
        pytest.param(_claims(nonce=None), id="no nonce"),
        pytest.param(_claims(nonce=["x"]), id="odd nonce"),
        pytest.param(_claims(aud="another"), id="aud"),
        pytest.param(_claims(aud=None), id="no aud"),
        pytest.param(_claims(aud=[CLIENT, "another"]), id="two audiences, no party"),
        pytest.param(_claims(aud=[CLIENT, "another"], azp="another"), id="another party"),
        pytest.param(_claims(azp="another"), id="another party alone"),
        pytest.param(_claims(iss="https://evil.example"), id="iss"),
        pytest.param(_claims(iss=None), id="no iss"),
        pytest.param(_claims(exp=NOW - 3600), id="expired"),
        pytest.param(_claims(exp=None), id="no exp"),
        pytest.param(_claims(iat=NOW + 36000), id="of the future"),
        pytest.param(_claims(sub=None), id="no sub"),
        pytest.param(_claims(sub=""), id="empty sub"),
        pytest.param(_claims(sub="s" * 256), id="long sub"),
        _other_key,
        _unknown_kid,
        _no_keys,
        _for_encryption,
        _other_algorithm,
        _short_key,
        _unsigned,
        _by_public_key,
        _no_token,
    ],
)
def test_what_cannot_be_believed_signs_nobody_in(tmp_path: Path, provider: FakeOpenid, spoil: Bad) -> None:
    spoil(provider)
    answer = _sign_on(_browser(tmp_path, provider), provider)
    assert answer.status_code == 401
    assert "cannot be believed" in answer.text
    assert "firsthand_session" not in answer.headers.get("set-cookie", "")
    assert _users(tmp_path) == {}
    with Control(control_path(tmp_path)) as control:
        assert control.audit_log()[-1].content["did"] == "failed to sign in"


@pytest.mark.parametrize("algorithm", ["RS256", "RS512", "PS256"])
def test_a_party_among_several(tmp_path: Path, provider: FakeOpenid, algorithm: str) -> None:
    provider.person.wrong = {"aud": [CLIENT, "another"], "azp": CLIENT}
    browser = _browser(tmp_path, provider)
    address = _begin(browser)
    nonce = parse_qs(urlsplit(address).query)["nonce"][0]
    provider.person.token = provider.sign(provider.id_claims(nonce), algorithm)
    back = urlsplit(provider.authorize(address))
    assert browser.get(f"{back.path}?{back.query}").status_code == 200


def test_only_the_browser_that_began_ends_it(tmp_path: Path, provider: FakeOpenid) -> None:
    browser, other = _browser(tmp_path, provider), _browser(tmp_path, provider)
    back = urlsplit(provider.authorize(_begin(browser)))
    path = f"{back.path}?{back.query}"
    assert other.get(path).status_code == 400, "it holds no cookie"
    _begin(other)
    assert other.get(path).status_code == 400, "it holds another state"
    assert browser.get(path.replace("state=", "state=x")).status_code == 400
    assert browser.get(f"{path}&iss=https%3A%2F%2Fevil.example").status_code == 400
    browser.cookies["firsthand_sign_on"] = "e30="
    assert browser.get(path).status_code == 400
    assert _users(tmp_path) == {}


def test_a_code_counts_once_and_for_one_verifier(tmp_path: Path, provider: FakeOpenid) -> None:
    browser = _browser(tmp_path, provider)
    back = urlsplit(provider.authorize(_begin(browser)))
    path = f"{back.path}?{back.query}"
    assert browser.get(path).status_code == 200
    assert browser.get(path).status_code == 503
    provider.codes["stolen"] = {"nonce": "x", "code_challenge": "of-another", "redirect_uri": "x"}
    state = parse_qs(back.query)["state"][0]
    assert browser.get(f"{back.path}?code=stolen&state={state}").status_code == 503


def test_where_the_provider_says_no(tmp_path: Path, provider: FakeOpenid) -> None:
    browser = _browser(tmp_path, provider)
    state = parse_qs(urlsplit(_begin(browser)).query)["state"][0]
    answer = browser.get(f"/sign-on/return?error=access_denied%3Cscript%3E&state={state}")
    assert answer.status_code == 401
    assert "access_denied&lt;script&gt;" in answer.text


@pytest.mark.parametrize(
    "configuration",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": None},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": "file:///etc/passwd"},
    ],
)
def test_a_configuration_that_makes_no_sense(
    tmp_path: Path, provider: FakeOpenid, configuration: dict[str, Any]
) -> None:
    provider.configuration = configuration
    assert _browser(tmp_path, provider).get("/sign-on").status_code == 503


def test_a_provider_that_is_away(tmp_path: Path, provider: FakeOpenid) -> None:
    browser = _browser(tmp_path, provider)
    provider.behave(status(500))
    assert browser.get("/sign-on").status_code == 503
    asked = len(provider.requests)
    assert browser.get("/sign-on").status_code == 503
    assert len(provider.requests) == asked, "it is not asked again at once"


def test_its_addresses_are_guarded(tmp_path: Path, provider: FakeOpenid) -> None:
    browser = _browser(tmp_path, provider, allow_addresses="")
    assert browser.get("/sign-on").status_code == 503
    assert provider.requests == []


def test_the_proof_is_what_the_provider_tells(tmp_path: Path, provider: FakeOpenid) -> None:
    """A session of single sign-on may change others' accounts only where the provider asked for a password lately."""
    AdminBrowser(tmp_path)
    provider.person.claims["groups"] = ["tag-admins"]
    browser = _browser(tmp_path, provider)
    _sign_on(browser, provider)
    _learn_csrf(browser, tmp_path)
    assert browser.post("/invitations", {"role": "viewer"}).headers["location"].startswith("/prove?next=")
    assert "again=1" in browser.get("/prove").text
    address = _begin(browser, "?again=1&next=/users")
    assert parse_qs(urlsplit(address).query)["prompt"] == ["login"]
    _sign_on(browser, provider, "?again=1&next=/users")
    _learn_csrf(browser, tmp_path)
    assert "/welcome/" in browser.post("/invitations", {"role": "viewer"}).text
    assert PASSWORD not in browser.get("/users").text


def _learn_csrf(browser: AdminBrowser, data: Path) -> None:
    with Control(control_path(data)) as control:
        session = control.accounts.session(browser.cookies["firsthand_session"])
    assert session is not None
    browser.csrf = session.csrf
