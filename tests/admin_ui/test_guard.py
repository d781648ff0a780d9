"""What every route of the admin port has in common: who gets to it, from which page, with what body, under which
headers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.types import Message

from admin_ui.body import read_body
from admin_ui.refusals import Refused
from admin_ui.routes import MAX_BODY, Entry
from runtime.model.role import ROLES, Role, may
from runtime.store.control import Control
from runtime.store.files import control_path
from runtime.telemetry import configure
from runtime.text.redaction import environment_redactor
from tests.support.admin import PASSWORD, AdminBrowser
from tests.support.guarded import CHANGING, ENTRIES, Guarded, name_of, sample
from tests.support.history import History

FOR_ANYBODY = {
    "GET /healthz", "GET /static/{path:path}", "GET /sign-in", "POST /sign-in", "POST /sign-out", "GET /sign-on",
    "GET /sign-on/return", "GET /welcome/{secret}", "POST /welcome/{secret}",
}  # fmt: skip
OF_ONESELF = ("/account", "/prove", "/api/v1/sessions", "/sign-", "/welcome/")
LOOKING = ("/dry-run",)
"""Changing methods that only look."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which there is nothing but accounts."""
    return tmp_path_factory.mktemp("guarded")


@pytest.fixture(scope="module")
def everybody(data: Path) -> dict[tuple[Role | None, bool], Guarded]:
    """Browsers by role and whether it is a program's token that asks."""
    people = {(role, False): Guarded(data, role) for role in (None, *ROLES)}
    return people | {(role, True): Guarded(data, role, token=True) for role in ROLES}


@pytest.fixture(scope="module")
def admin(everybody: dict[tuple[Role | None, bool], Guarded]) -> Guarded:
    return everybody["admin", False]


def test_what_anybody_may_ask_for() -> None:
    assert {name_of(entry) for entry in ENTRIES if entry.role is None} == FOR_ANYBODY
    assert {entry.path for entry in ENTRIES if entry.local} == {"/metrics", "/alerts.yaml"}


def test_who_only_looks_changes_nothing() -> None:
    """A viewer changes nothing but its own account."""
    changing = [entry.path for entry in CHANGING if entry.role in (None, "viewer")]
    others = [path for path in changing if not path.startswith(OF_ONESELF) and not path.endswith(LOOKING)]
    assert others == []


@pytest.mark.parametrize("entry", ENTRIES, ids=name_of)
def test_roles(entry: Entry, everybody: dict[tuple[Role | None, bool], Guarded]) -> None:
    for (role, is_token), browser in everybody.items():
        assert browser.try_(entry) == _expected(entry, role, is_token), f"{role}, token: {is_token}"


def _expected(entry: Entry, role: Role | None, is_token: bool) -> int:
    if entry.role is None or entry.local:
        return 299
    if role is None:
        return 401 if entry.is_api else 303
    return 299 if may(role, entry.role) and not (entry.person and is_token) else 403


def test_nobody_is_led_to_the_sign_in(everybody: dict[tuple[Role | None, bool], Guarded]) -> None:
    nobody = everybody[None, False]
    for entry in ENTRIES:
        if entry.role is None or entry.local or entry.is_api:
            continue
        answer = nobody.ask(entry.method, sample(entry))
        assert answer.headers["location"].startswith("/sign-in?next=%2F"), name_of(entry)
        part = nobody.ask(entry.method, sample(entry), headers={"hx-request": "true"})
        assert (part.status_code, 'role="alert"' in part.text) == (401, True), name_of(entry)


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded", "x-real-ip"])
def test_who_asks_through_a_proxy_is_not_local(data: Path, header: str) -> None:
    assert AdminBrowser(data, None).get("/metrics", **{header: "192.0.2.7"}).status_code == 303


@pytest.mark.parametrize("entry", CHANGING, ids=name_of)
def test_other_pages_change_nothing(entry: Entry, admin: Guarded) -> None:
    def ask(csrf: str = admin.csrf, **headers: str) -> int:
        more: dict[str, Any] = {"json": {}} if entry.takes else {}
        sent = {"x-csrf-token": csrf} | headers if csrf else headers
        return admin.ask(entry.method, sample(entry), headers=sent, **more).status_code

    ours, host = {"sec-fetch-site": "same-origin"}, "http://127.0.0.1:8081"
    admin.reached.clear()
    refused = [
        ask("", **ours),
        ask("x", **ours),
        ask(admin.csrf[:-1], **ours),
        ask(admin.csrf + "x", **ours),
        *(ask(**{"sec-fetch-site": site}) for site in ("cross-site", "same-site", "", "Same-Origin")),
        ask(**{"sec-fetch-site": "cross-site", "origin": host}),
        *(ask(origin=origin) for origin in ("https://shop.example", "null", "http://127.0.0.1", "http://127.0.0.1:80")),
    ]
    assert refused == [403] * len(refused)
    assert admin.reached == []
    assert ask(**ours) == ask(**{"sec-fetch-site": "none"}) == ask(origin=host) == ask() == 299


def test_the_token_of_another_session_is_none(data: Path, admin: Guarded) -> None:
    other = Guarded(data, "admin")
    assert other.csrf != admin.csrf
    assert admin.ask("POST", "/sign-out", headers={"x-csrf-token": other.csrf}).status_code == 403


def test_who_is_nobody_needs_no_token_and_our_page_all_the_same(data: Path) -> None:
    nobody = Guarded(data, None)
    sign_in = next(entry for entry in CHANGING if entry.path == "/sign-in")
    assert nobody.try_(sign_in) == 299
    assert nobody.try_(sign_in, **{"sec-fetch-site": "same-site"}) == 403


def test_looking_changes_nothing(history: History) -> None:
    """Every address, asked for by GET and HEAD as an admin, leaves the control database as it was."""
    browser = AdminBrowser(history.data)
    before = _content(history.data)
    for entry in ENTRIES:
        for method in ("GET", "HEAD"):
            answer = browser.ask(method, sample(entry))
            assert answer.status_code < 500 or answer.status_code == 503, f"{method} {sample(entry)}"
    assert _content(history.data) == before


def _content(data: Path) -> list[str]:
    """Returns all that the control database holds, but for when sessions and tokens were used."""
    with Control(control_path(data)) as control:
        connection = control._connection
        lines = list(connection.iterdump())
        seen = [str(row) for row in connection.execute("SELECT seen_at FROM session").fetchall()]
    return [line for line in lines if not any(each.strip("(),") in line for each in seen)]


HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def _answers(data: Path) -> Iterator[httpx.Response]:
    browser, nobody = AdminBrowser(data), AdminBrowser(data, None)
    for entry in ENTRIES:
        yield browser.ask(entry.method, sample(entry), headers={"sec-fetch-site": "same-origin"})
        yield browser.ask("TRACE", sample(entry))
        yield nobody.ask(entry.method, sample(entry))
        yield browser.ask(entry.method, sample(entry), headers={"host": "evil.example"})
        yield browser.ask(entry.method, sample(entry) + "/", headers={"host": "evil.example"})
    yield browser.get("/nothing")
    yield browser.get("/api/v1/nothing")
    yield browser.json("POST", "/api/v1/tokens", {"name": ""})
    yield browser.ask("POST", "/api/v1/tokens", content=b"{", headers={"content-type": "application/json"})
    yield browser.post("/invitations", {"role": "boss"})


def test_every_answer_has_its_headers(tmp_path: Path) -> None:
    statuses = set()
    for answer in _answers(tmp_path):
        asked = f"{answer.request.method} {answer.request.url}: {answer.status_code}"
        statuses.add(answer.status_code)
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS, asked
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; "), asked
        assert "frame-ancestors 'none'" in policy, asked
        assert "cache-control" in answer.headers, asked
        assert "access-control-allow-origin" not in answer.headers, asked
        assert "server" not in answer.headers, asked
        if answer.request.headers["host"] == "evil.example":
            assert answer.status_code == 421, asked
            assert "location" not in answer.headers, asked
        else:
            assert "strict-transport-security" not in answer.headers, asked
    assert {200, 303, 401, 403, 404, 405, 421, 422} <= statuses


def test_tls_is_asked_for_where_there_may_be_some(tmp_path: Path) -> None:
    browser = AdminBrowser(tmp_path, None, admin_hosts="admin.shop.example")
    for path in ("/sign-in", "/nothing", "/api/v1/users", "/"):
        answer = browser.get(path, host="admin.shop.example")
        assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_another_host_is_told_what_to_do(tmp_path: Path) -> None:
    answer = AdminBrowser(tmp_path, None).get("/sign-in", host="admin.shop.example")
    assert (answer.status_code, "FIRSTHAND_ADMIN_HOSTS" in answer.text) == (421, True)


def test_a_method_that_is_not_taken(tmp_path: Path) -> None:
    browser = AdminBrowser(tmp_path)
    answer = browser.ask("DELETE", "/api/v1/users")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
    assert answer.json()["error"] == "This address takes another method."
    assert "text/html" in browser.ask("PUT", "/users").headers["content-type"]


def test_a_mistake_of_ours_is_told_by_a_number(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What it says is generic; the log has no part of the address that may be a secret."""
    with Control(control_path(tmp_path)) as control:
        secret = control.accounts.invite("admin")
        control._connection.execute("DROP TABLE user")
    configure("info", redact=environment_redactor().line)
    answer = AdminBrowser(tmp_path, None).post(f"/welcome/{secret}", {"name": "x", "password": PASSWORD})
    told = capsys.readouterr()
    assert answer.status_code == 500
    assert "Something went wrong here (number " in answer.text
    assert "sqlite" not in answer.text
    assert "admin_failed" in told.out + told.err
    assert "/welcome/{secret}" in told.out + told.err
    assert secret not in told.out + told.err


@pytest.mark.parametrize("entry", CHANGING, ids=name_of)
def test_bodies_have_an_end(entry: Entry, admin: Guarded) -> None:
    """Also those that do not say how large they are."""

    async def endless() -> Any:
        for _ in range(MAX_BODY // 65536 + 2):
            yield b"a" * 65536

    kind = "application/json" if entry.takes else "application/x-www-form-urlencoded"
    headers = {"sec-fetch-site": "same-origin", "x-csrf-token": admin.csrf, "content-type": kind}
    admin.reached.clear()
    assert admin.ask(entry.method, sample(entry), content=endless(), headers=headers).status_code == 413
    said = headers | {"content-length": str(MAX_BODY + 1)}
    assert admin.ask(entry.method, sample(entry), content=b"x", headers=said).status_code == 413
    assert admin.reached == []


@pytest.mark.parametrize("entry", CHANGING, ids=name_of)
def test_bodies_of_another_kind(entry: Entry, admin: Guarded) -> None:
    wrong = ["text/plain", "text/html", ""] if not entry.is_api else ["text/plain", "multipart/form-data"]
    if entry.is_api and entry.takes is None:
        return
    for kind in wrong:
        headers = {"sec-fetch-site": "same-origin", "x-csrf-token": admin.csrf, "content-type": kind}
        assert admin.ask(entry.method, sample(entry), content=b"{}", headers=headers).status_code == 415


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"--b\r\nno headers"),
        ("multipart/form-data; boundary=b", b"--b\r\n" * 9000),
        ("application/x-www-form-urlencoded", b"a&" * 6000),
        ("application/x-www-form-urlencoded", b"\xff\xfe=%ff%zz"),
        ("application/x-www-form-urlencoded", b"name=%00&password=%00&csrf=%00"),
        ("application/json", b"[" * 100_000),
    ],
)
def test_bodies_that_are_broken(tmp_path: Path, kind: str, body: bytes) -> None:
    answer = AdminBrowser(tmp_path, None).ask("POST", "/sign-in", content=body, headers={"content-type": kind})
    assert 400 <= answer.status_code < 500


def test_a_body_that_never_comes() -> None:
    async def wait() -> Message:
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    scope = {"type": "http", "headers": [], "method": "POST", "path": "/"}
    with pytest.raises(Refused) as refused:
        asyncio.run(read_body(Request(scope, wait), within_s=0.05))
    assert refused.value.status == 408


def test_a_body_that_breaks_off() -> None:
    async def leave() -> Message:
        return {"type": "http.disconnect"}

    scope = {"type": "http", "headers": [], "method": "POST", "path": "/"}
    with pytest.raises(Refused) as refused:
        asyncio.run(read_body(Request(scope, leave)))
    assert refused.value.status == 400
