"""Secrets: which are set, by whom and when, what uses them. Values go in and never come out again."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pydantic import BaseModel, Field
from starlette.responses import Response

from admin_ui.call import Call
from admin_ui.drafts import is_rehearsal, writing
from admin_ui.forms_input import Input, Texts
from admin_ui.forms_secret import KINDS, new_name, new_value
from admin_ui.pages.container_draft import Content, live_content, open_at
from admin_ui.refusals import Refused
from admin_ui.routes import Entry
from runtime.errors import OperatorError
from runtime.store.control import Control
from runtime.store.secrets import LONGEST, SecretRow, key_file, new_vault, stored_name, vault_of
from runtime.text.secrets import VARIABLE_PREFIX
from runtime.text.vault import KEY_BYTES, Vault


class SecretShown(BaseModel):
    """A secret, without its value."""

    name: str
    set_at: float | None = Field(description="Unix seconds; null where the store has none of that name.")
    who: str
    ending: str = Field(description="Its last four characters, where it is long enough.")
    overridden: bool = Field(description="Whether an environment variable holds it; that one counts.")
    used_by: list[str] = Field(description="Workspace (or live) and part: `live: tags.meta`.")


class SecretsShown(BaseModel):
    """All secrets that are set or named."""

    rows: list[SecretShown]


class SecretGiven(BaseModel, extra="forbid"):
    """A secret's new value."""

    value: str = Field(min_length=1, max_length=LONGEST)


@dataclass(frozen=True)
class Known:
    """A secret as a form offers it."""

    name: str
    about: str
    """When it was set, and how it ends."""
    is_set: bool


def known_secrets(control: Control, content: Content) -> list[Known]:
    """Returns the secrets that a form offers: those that are set, and those that the draft names."""
    stored = {row.name: row for row in control.secrets.rows()}
    names = stored.keys() | from_environment() | {_stored(name) for name in _named(content)}
    return [_known(name, stored.get(name)) for name in sorted(filter(None, names))]


def _known(name: str, row: SecretRow | None) -> Known:
    if name in from_environment():
        return Known(name, f"from the environment variable {VARIABLE_PREFIX}{name}", True)
    if row is None:
        return Known(name, "not set yet", False)
    ends = f", ends in {row.ending}" if row.ending else ""
    return Known(name, f"set by {row.who}{ends}", True)


def from_environment() -> set[str]:
    """Returns the names of the secrets that environment variables hold."""
    return {name.removeprefix(VARIABLE_PREFIX) for name, value in os.environ.items() if _is_secret(name) and value}


def _is_secret(variable: str) -> bool:
    return variable.startswith(VARIABLE_PREFIX) and variable != VARIABLE_PREFIX


def _named(content: Content) -> set[str]:
    return {part.removeprefix("secrets.") for part in content.used if part.startswith("secrets.")}


def _stored(name: str) -> str:
    try:
        return stored_name(name)
    except OperatorError:
        return ""


def put_typed(call: Call, inputs: Iterable[Input], texts: Texts) -> None:
    """Puts the values that were typed into a form into the secret store. Refused to whoever may not do that."""
    typed = {
        new_name(input.name, texts, input.secret): value
        for input in inputs
        if input.kind in KINDS and (value := new_value(input.name, texts))
    }
    for name, value in typed.items():
        put(call, name, value)


def put(call: Call, name: str, value: str) -> None:
    """Sets a secret. Refused to whoever may not do that."""
    if not call.me.may("publisher"):
        raise Refused(403, "Secrets are set by publishers.", "Name the secret, and ask a publisher to set it.")
    with writing(call) as (control, _):
        control.secrets.put(name, value, _vault(call))


def _vault(call: Call) -> Vault:
    file = key_file(call.admin.data_dir, call.admin.settings.master_key_file)
    if is_rehearsal(call):
        return vault_of(file) or Vault(bytes(KEY_BYTES))
    return new_vault(file)


def _rows(call: Call) -> list[SecretShown]:
    with call.admin.read() as control:
        stored = {row.name: row for row in control.secrets.rows()}
        uses: dict[str, list[str]] = {}
        for where, content in _contents(call, control):
            for name in sorted(_named(content)):
                users = [f"{where}: {part}" for part in content.users(f"secrets.{name}")]
                uses.setdefault(_stored(name), []).extend(users)
    given = from_environment()
    return [
        _row(name, stored.get(name), name in given, uses.get(name, [])) for name in sorted(stored | uses.keys() | given)
    ]


def _contents(call: Call, control: Control) -> Iterator[tuple[str, Content]]:
    """Yields what is live and each draft, by name."""
    if live := live_content(call, control):
        yield "live", live[1]
    for workspace in control.workspaces.list():
        yield workspace.name, open_at(call, control, workspace).content


def _row(name: str, row: SecretRow | None, overridden: bool, used_by: list[str]) -> SecretShown:
    if row is None:
        return SecretShown(name=name, set_at=None, who="", ending="", overridden=overridden, used_by=used_by)
    return SecretShown(
        name=name, set_at=row.set_at, who=row.who, ending=row.ending, overridden=overridden, used_by=used_by
    )


def _page(call: Call) -> Response:
    try:
        rows = _rows(call)
    except OperatorError:
        rows = []
    can_set = call.me.may("publisher") and not call.admin.settings.read_only
    return call.page("container/secrets.html", section="container", rows=rows, can_set=can_set, prefix=VARIABLE_PREFIX)


def _set_form(call: Call) -> Response:
    name, value = call.value("name"), (call.form.get("value") or [""])[0]
    if call.value("remove"):
        with writing(call) as (control, _):
            control.secrets.remove(name)
        return call.go("/secrets", done=f"The secret {stored_name(name)} is removed.")
    put(call, name, value)
    return call.go("/secrets", done=f"The secret {stored_name(name)} is set. Servers take it up within a second.")


def _list_data(call: Call) -> Response:
    return call.data(SecretsShown(rows=_rows(call)).model_dump())


def _put_data(call: Call) -> Response:
    put(call, call.params["name"], call.sent(SecretGiven).value)
    return Response(status_code=204)


def _remove_data(call: Call) -> Response:
    with writing(call) as (control, _):
        control.secrets.remove(call.params["name"])
    return Response(status_code=204)


ROUTES = (
    Entry("GET", "/secrets", _page),
    Entry("POST", "/secrets", _set_form, "publisher"),
    Entry(
        "GET", "/api/v1/secrets", _list_data, gives=SecretsShown,
        summary="The secrets that are set or named, without their values.",
    ),
    Entry(
        "PUT", "/api/v1/secrets/{name}", _put_data, "publisher", takes=SecretGiven, status=204,
        summary="Sets a secret. Servers take it up within a second, also in what is live.",
    ),
    Entry(
        "DELETE", "/api/v1/secrets/{name}", _remove_data, "publisher", status=204,
        summary="Removes a secret. Tags that need it stop, and lose nothing.",
    ),
)  # fmt: skip
