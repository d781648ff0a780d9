"""Secrets and personal data planted in every field of a real run, and then looked for on every page, in every answer of
the API, in downloads, in figures, in the log lines and in what the admin process has stored.

The event log (`log-*.db`) is the one place that holds hits as they came; what is not delivered keeps its payload.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest

from admin_ui.auth.passwords import hash_password
from runtime.containers.edits import set_part
from runtime.containers.previews import make_preview
from runtime.containers.workspace import create_workspace, edit_workspace
from runtime.explain.explorer import list_attempts, list_dead
from runtime.explain.search import list_events
from runtime.store.control import Control
from runtime.store.files import control_path
from runtime.text.redaction import secret_forms
from tests.acceptance.test_canaries import INTAKE, PERSONAL, SECRETS, SIGNING, TOKEN, Echo, prepared, run, stored
from tests.admin_ui.pages import api_shown, shown
from tests.support.admin import AdminBrowser
from tests.support.rich_history import OWN_TEMPLATE, READ, WORKSPACE, Rich, with_all_parts
from tests.support.server import Server

SET_BY_HAND = "canary-set-by-hand-Zq81"
PASSWORD = "canary pass phrase of nobody 77"
Places = list[tuple[str, str]]


def filled(data: Path) -> tuple[Rich, str]:
    """Puts drafts, people and a preview beside the history; returns it and the secret of an admin's session."""
    with Control(control_path(data), who="ann") as control:
        create_workspace(control, WORKSPACE, READ)
        edit_workspace(control, WORKSPACE, lambda files: set_part(files, "variables.is_bot", {"template": "bot"}), READ)
        edit_workspace(control, WORKSPACE, with_all_parts, READ)
        create_workspace(control, "empty", READ)
        link = make_preview(control, WORKSPACE, 3600, sends=False, address="https://t.shop.localhost", to="")
        invitation = control.accounts.invite("editor")
        control.accounts.add("the-editor", "editor")
        user = control.accounts.add("an-admin", "admin", password=hash_password(PASSWORD))
        session, _ = control.accounts.sign_in(user, "127.0.0.1", "test")
    attempt = str(list_attempts(data)[0]["attempt"])
    letter = next(str(row["dead_letter"]) for row in list_dead(data, limit=100) if row["tag"])
    return Rich(data, invitation, attempt, letter, link.preview.id, "0.1", 0), session


def looked_at(server: Server, rich: Rich, client: httpx.Client) -> Iterator[tuple[str, str]]:
    """Yields every page and every answer of the API, those of all hits, attempts and dead letters among them."""
    hits = sorted({str(event["id"]) for event in list_events(server.data, limit=100)})
    letters = [str(row["dead_letter"]) for row in list_dead(server.data, limit=100)]
    attempts = [str(row["attempt"]) for row in list_attempts(server.data, limit=100)]
    paths = [each.path for each in (*shown(rich), *api_shown(rich))]
    paths += [f"{prefix}/events/{hit}" for hit in hits for prefix in ("", "/api/v1")]
    paths += [f"/w/{WORKSPACE}/templates/destination/{OWN_TEMPLATE}?event={hit}" for hit in hits]
    paths += [f"/preview/live?hit={hits[0]}", "/metrics", "/alerts.yaml", "/api/v1/fields?q=user_data"]
    paths += [f"{prefix}/{id}" for id in attempts for prefix in ("/deliveries", "/api/v1/deliveries")]
    paths += [f"{prefix}/{id}" for id in letters for prefix in ("/deliveries/letters", "/api/v1/dead-letters")]
    for path in dict.fromkeys(paths):
        answer = client.get(path)
        assert answer.status_code in (200, 303, 403, 404), (path, answer.status_code)
        yield path, answer.text


def asked(client: httpx.Client) -> Iterator[tuple[str, str]]:
    """Yields what changes answer: what a program asks for, and what is told where it cannot be."""
    base = f"/api/v1/workspaces/{WORKSPACE}"
    requests: list[tuple[str, str, Any]] = [
        ("PUT", "/api/v1/secrets/SIGNING", {"value": SET_BY_HAND}),
        ("PUT", "/api/v1/secrets/not%20a%20name", {"value": SET_BY_HAND}),
        ("PUT", "/api/v1/secrets/SIGNING", {"value": [SET_BY_HAND]}),
        ("POST", f"{base}/dry-run", None),
        ("POST", f"{base}/publish", {"note": "canaries", "keep_open": True}),
        ("POST", "/api/v1/deliveries/replay", {"which": "dead"}),
        ("POST", f"{base}/match", {"trigger": {"all": [{"field": "event_name", "is": "exists"}]}}),
    ]
    for method, path, content in requests:
        answer = client.request(method, path, json=content)
        assert answer.status_code < 500, (path, answer.text)
        yield f"{method} {path}", answer.text


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Places:
    folder = tmp_path_factory.mktemp("canaries")
    with Echo() as meta, Echo() as hook:
        container = prepared(folder, meta.endpoint, hook.endpoint)
        env = SECRETS | {"FIRSTHAND_TRUSTED_PROXIES": "127.0.0.0/8", "FIRSTHAND_DRAIN_S": "0"}
        with Server(folder / "data", container, env=env) as server:
            run(server)
            rich, session = filled(server.data)
            with httpx.Client(base_url=f"http://127.0.0.1:{server.admin_port}", timeout=60) as client:
                places = [*signed_in_by_hand(server, client)]
                client.cookies.set("firsthand_session", session)
                client.headers.update({"x-csrf-token": csrf(server, session), "sec-fetch-site": "same-origin"})
                places += [*asked(client), *looked_at(server, rich, client)]
            assert server.stop() == 0
        control = [each for each in stored(server.data) if each[0].startswith("control.db")]
        return [*places, *control, ("the log lines", server.log_file.read_text()), ("sessions", session)]


def signed_in_by_hand(server: Server, client: httpx.Client) -> Iterator[tuple[str, str]]:
    """Gives the password rightly, wrongly, and as a name."""
    for name, password in (("an-admin", PASSWORD), ("an-admin", f"{PASSWORD}x"), ("nobody", PASSWORD)):
        answer = client.post("/sign-in", data={"name": name, "password": password})
        assert answer.status_code in (303, 401)
        yield "/sign-in", answer.text + str(answer.headers)
        client.cookies.clear()


def csrf(server: Server, session: str) -> str:
    with Control(control_path(server.data)) as control:
        found = control.accounts.session(session)
    assert found is not None
    return found.csrf


def hits(places: Places, forms: set[str]) -> list[tuple[str, str]]:
    return sorted({(place, form) for place, text in places for form in forms if form in text and place != "sessions"})


def test_no_secret_is_anywhere(found: Places) -> None:
    secrets = (TOKEN, INTAKE, SIGNING, SET_BY_HAND, PASSWORD)
    assert hits(found, {form for secret in secrets for form in secret_forms(secret)}) == []


def test_no_session_is_anywhere(found: Places) -> None:
    (session,) = (text for place, text in found if place == "sessions")
    assert hits(found, {session}) == []


def test_no_personal_data_is_anywhere(found: Places) -> None:
    lowered = [(place, text.lower()) for place, text in found]
    told = hits(lowered, {form.lower() for form in PERSONAL})
    assert not told, "\n".join(map(str, told))


def test_the_canaries_were_there(found: Places) -> None:
    """Else the search would find nothing for want of anything to find."""
    everything = "\n".join(text for _, text in found)
    for trace in ("secret:META_TOKEN", "c***@***.example", "cannot map", "not for", "said", "Zq81"):
        assert trace in everything, trace
    assert len({place for place, _ in found if place.startswith("/")}) > 100


def test_a_second_factor_is_sealed(tmp_path: Path) -> None:
    """The secret stands in the page that shows it once, and then nowhere in the file."""
    browser = AdminBrowser(tmp_path)
    with Control(control_path(tmp_path)) as control:
        control.accounts.change("an-admin", keep="", password=hash_password(PASSWORD))
    browser = AdminBrowser(tmp_path)
    secret = browser.get("/account/second-factor").text.partition('name="secret" value="')[2][:32]
    sent = {"secret": secret, "password": PASSWORD, "code": pyotp.TOTP(secret).now()}
    assert browser.post("/account/second-factor", sent).status_code == 303
    files = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert secret.encode() not in files
