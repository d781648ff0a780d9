"""The API: its document is what the routes are, everything in it is described, and it does what the document says."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from admin_ui.openapi import FILE, document, text
from admin_ui.pages.container_sections import SECTIONS
from admin_ui.routes import Entry
from admin_ui.sections import entries
from runtime.store.control import Control
from runtime.store.files import control_path
from tests.support.rich_history import Rich
from tests.support.site import Site, serve

API = [entry for entry in entries() if entry.is_api]
CONFIG = Path(__file__).with_name("schemathesis.toml")
SECONDS = 50

NO_TWIN = {
    "/sign-in": "Programs have tokens: they sign in with each request.",
    "/sign-out": "A program has no session.",
    "/prove": "A program has no password to give again.",
    "/welcome/{secret}": "A one-time link is for the person who got it.",
    "/account/password": "A password is its person's alone.",
    "/account/second-factor": "So is a second factor.",
    "/account/second-factor/remove": "So is a second factor.",
    "/account/sessions": "A program has no session; those of users: DELETE /api/v1/sessions.",
}
"""Forms that no program needs, and why."""

TWINS: dict[str, tuple[str, ...]] = {
    "/deliveries/replay": ("POST /api/v1/deliveries/replay",),
    "/deliveries/jobs/{number}/cancel": ("DELETE /api/v1/jobs/{number}",),
    "/preview": ("POST /api/v1/previews",),
    "/preview/end": ("DELETE /api/v1/previews",),
    "/w/{workspace}/match": ("POST /api/v1/workspaces/{workspace}/match",),
    "/w/{workspace}/dry-run": ("POST /api/v1/workspaces/{workspace}/dry-run",),
    "/w/{workspace}/publish": ("POST /api/v1/workspaces/{workspace}/publish",),
    "/versions/{number}/point": ("POST /api/v1/versions/point",),
    "/environments": ("PUT /api/v1/environments/{name}", "DELETE /api/v1/environments/{name}"),
    "/invitations": ("POST /api/v1/invitations",),
    "/invitations/withdraw": ("DELETE /api/v1/invitations/{id}",),
    "/tokens": ("POST /api/v1/tokens",),
    "/tokens/revoke": ("DELETE /api/v1/tokens/{id}",),
    "/users/{user}": ("PATCH /api/v1/users/{user}",),
    "/container": ("POST /api/v1/workspaces",),
    "/install/check": ("POST /api/v1/doctor",),
    "/install/test": ("POST /api/v1/send-test",),
    "/install/destination": ("POST /api/v1/workspaces",),
    "/secrets": ("PUT /api/v1/secrets/{name}", "DELETE /api/v1/secrets/{name}"),
    "/w/{workspace}": ("PATCH /api/v1/workspaces/{workspace}/settings",),
    "/w/{workspace}/rename": ("PATCH /api/v1/workspaces/{workspace}",),
    "/w/{workspace}/restore": ("POST /api/v1/workspaces/{workspace}/restore",),
    "/w/{workspace}/discard": ("DELETE /api/v1/workspaces/{workspace}",),
    "/w/{workspace}/merge": ("POST /api/v1/workspaces/{workspace}/merge",),
    "/w/{workspace}/file": ("PUT /api/v1/workspaces/{workspace}/files",),
    "/w/{workspace}/edit": ("PUT /api/v1/workspaces/{workspace}/files",),
    "/w/{workspace}/templates": ("PUT /api/v1/workspaces/{workspace}/templates/{kind}/{id}",),
    "/w/{workspace}/templates/{kind}/{id}": ("PUT /api/v1/workspaces/{workspace}/templates/{kind}/{id}",),
    "/w/{workspace}/templates/{kind}/{id}/delete": ("DELETE /api/v1/workspaces/{workspace}/templates/{kind}/{id}",),
    "/w/{workspace}/templates/{kind}/{id}/run": ("POST /api/v1/workspaces/{workspace}/templates/{kind}/{id}/run",),
    "/w/{workspace}/templates/{kind}/{id}/test": ("POST /api/v1/workspaces/{workspace}/templates/{kind}/{id}/test",),
    **{
        f"/w/{{workspace}}/{section}{form}": (f"{method} /api/v1/workspaces/{{workspace}}/{section}/{{id}}",)
        for section in SECTIONS
        for form, method in (("", "PUT"), ("/new", "PUT"), ("/{id}", "PUT"), ("/delete", "DELETE"))
    },
    **{
        f"/w/{{workspace}}/{section}/{{id}}/rename": ("POST /api/v1/workspaces/{workspace}/rename",)
        for section in SECTIONS
    },
}
"""Forms to the routes of the API that do the same."""


def test_the_committed_document_is_what_the_routes_are() -> None:
    assert FILE.read_text(encoding="utf-8") == text(), "run `make docs`"


@pytest.mark.parametrize("entry", API, ids=lambda entry: f"{entry.method} {entry.path}")
def test_every_route_is_described(entry: Entry) -> None:
    assert entry.summary[-1:] in (".", "?"), "its summary is a sentence"
    assert entry.gives is not None or entry.status == 204, "`gives` names the model of its answer"


def test_models_have_names_of_their_own() -> None:
    """Else one would stand in the document in place of the other."""
    models = {model for entry in API for kind in (entry.query, entry.takes, entry.gives) for model in _models(kind)}
    assert [name for name, n in Counter(model.__name__ for model in models).items() if n > 1] == []


def _models(kind: Any, above: tuple[Any, ...] = ()) -> Iterator[type[BaseModel]]:
    """Yields a model and those inside it; a model may hold itself."""
    if isinstance(kind, type) and issubclass(kind, BaseModel) and kind not in above:
        yield kind
        for field in kind.model_fields.values():
            yield from _models(field.annotation, (*above, kind))
    for inner in get_args(kind):
        yield from _models(inner, above)


def test_operations_have_ids_of_their_own() -> None:
    operations = [each for path in document(entries())["paths"].values() for each in path.values()]
    ids = Counter(each["operationId"] for each in operations)
    assert [id for id, n in ids.items() if n > 1] == []


def test_whatever_a_page_changes_a_program_can_change_too() -> None:
    known = {f"{entry.method} {entry.path}" for entry in API}
    forms = [entry.path for entry in entries() if entry.changes and not entry.is_api]
    assert [path for path in forms if path not in TWINS and path not in NO_TWIN] == []
    assert [twin for path in forms for twin in TWINS.get(path, ()) if twin not in known] == []
    assert sorted({*TWINS, *NO_TWIN} - set(forms)) == [], "these forms are gone"


@pytest.fixture
def scratch(rich: Rich, tmp_path: Path) -> Iterator[Site]:
    """A copy that may be changed, served."""
    with serve(Path(shutil.copytree(rich.data, tmp_path / "data"))) as served:
        yield served


@pytest.mark.skipif(
    os.environ.get("FIRSTHAND_FUZZ") != "full",
    reason="takes minutes, and is not yet clean for every route: FIRSTHAND_FUZZ=full runs it",
)
def test_it_does_what_its_document_says(scratch: Site, tmp_path: Path) -> None:
    """Right and wrong requests of every route: no mistakes of ours, no answer that is not in the document."""
    with Control(control_path(scratch.data), who="ann") as control:
        token = control.accounts.add_token("fuzz", "admin", "ann")
    report = tmp_path / "report.json"
    program = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run", str(FILE.resolve())]
    options = [
        "--url", scratch.url, "--header", f"Authorization:Bearer {token}", "--checks", "all", "--no-color",
        "--max-time", str(SECONDS), "--max-examples", "20", "--generation-deterministic", "--continue-on-failure",
        "--report-json-path", str(report), "--output-sanitize", "false",
    ]  # fmt: skip
    ran = subprocess.run(
        [*program, *options], cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS * 6, check=False
    )
    assert ran.returncode == 0, ran.stdout[-20_000:] + ran.stderr[-5_000:]
    found = json.loads(report.read_text())
    assert found["operations"]["tested"] == len(API)
    assert found["test_cases"]["generated"] > 300
