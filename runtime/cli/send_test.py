"""`firsthand send-test`: one made-up purchase to a tag's destination, which no figure here counts."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import typer

from runtime.cli.isolated import isolated
from runtime.cli.options import read_settings
from runtime.cli.output import printable
from runtime.containers.policy import policy_in_force
from runtime.containers.read_only import require_writable
from runtime.containers.versions import read_version, require_live
from runtime.errors import OperatorError
from runtime.explain.programs import Programs
from runtime.explain.send_test import Sent, send_test
from runtime.http.transport import Sender
from runtime.lua.sandbox import Sandbox
from runtime.lua.values import Watch
from runtime.model.snapshot import Snapshot
from runtime.settings import Settings
from runtime.store.control import Control
from runtime.store.files import control_path
from runtime.store.secrets import key_file, take_in
from runtime.text.secrets import secret_value


def send_one(
    tag: str = typer.Argument(help="The tag's id."),
    workspace: str = typer.Option("", help="Take the tag as this draft has it; default: the live version."),
    code: str = typer.Option("", help="The vendor's test event code, where it wants one."),
    event: Path | None = typer.Option(None, help="JSON file with event data, over that of the made-up purchase."),
    who: str = typer.Option("", hidden=True, help="In whose name it stands in the audit log."),
    data: Path | None = typer.Option(None, help="Data folder; default $FIRSTHAND_DATA_DIR or ./data."),
    json: bool = typer.Option(False, "--json", help="Print one JSON object."),
) -> None:
    """Send one test event to a tag's destination, once. Exit 1 where it was not delivered.

    Meta counts test events as production data.
    """
    settings = read_settings(data)
    given = _event(event) if event else {}
    snapshot = _prepared(settings, tag, workspace, who)
    printed = isolated(lambda watch: asyncio.run(_send(settings, snapshot, tag, code, given, watch)))
    typer.echo(printed if json else _text(orjson.loads(printed)))
    raise typer.Exit(0 if orjson.loads(printed).get("state") == "delivered" else 1)


def _prepared(settings: Settings, tag: str, workspace: str, who: str) -> Snapshot:
    """Returns the version to send by, with its secrets known to this process, and notes in the audit log who sends."""
    if workspace:
        require_writable(settings)
    path = control_path(settings.data_dir)
    if not path.exists():
        raise OperatorError("Nothing is published yet.", hint="Give --data, or set FIRSTHAND_DATA_DIR.")
    with Control(path, who=who) as control:
        take_in(control.secrets, key_file(settings.data_dir, settings.master_key_file))
        number = -control.workspaces.get(workspace).latest.number if workspace else 0
        snapshot = read_version(control, number) if number else require_live(control)
        if tag in snapshot.container.tags:
            control.tell_test({"tag": tag, "version": number or snapshot.number})
    return snapshot


async def _send(
    settings: Settings, snapshot: Snapshot, tag: str, code: str, event: dict[str, Any], watch: Watch
) -> Sent:
    sandbox = partial(Sandbox, watch=watch)
    programs = Programs(control_path(settings.data_dir), sandbox, policy=policy_in_force(settings))
    async with aclosing(Sender(settings.allow_addresses)) as sender:
        return await send_test(
            snapshot, tag, programs=programs, send=sender.send, secret=_secret, code=code, event=event
        )  # fmt: skip


def _secret(name: str) -> str:
    return secret_value(name).reveal()


def _event(path: Path) -> dict[str, Any]:
    try:
        given = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise OperatorError(f"{path} holds no JSON: {error}.") from None
    if not isinstance(given, dict):
        raise OperatorError(f"{path} holds no event: it must be an object.")
    return given


def _text(sent: dict[str, Any]) -> str:
    if sent.get("error"):
        return f"Not sent: {printable(sent['error']['message'])}"
    lines = [f"{sent['tag']}: {sent['state']}" + (f", HTTP {sent['status']}" if sent["status"] else "")]
    lines += [printable(sent["reason"])] if sent["reason"] else []
    lines += [f"Event id {sent['event_id']}."]
    lines += [f"Answer: {printable(sent['answer'])}"] if sent["answer"] else []
    return "\n".join([*lines, *sent["notes"]])
