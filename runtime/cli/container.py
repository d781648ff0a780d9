"""`firsthand container`: the container file, from the first check to the version that is live."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import typer

from runtime.cli.container_export import export, schema
from runtime.cli.container_fields import container_fields
from runtime.cli.container_match import container_match
from runtime.cli.container_plan import apply, diff, plan
from runtime.cli.container_test import container_test
from runtime.cli.container_used_by import used_by
from runtime.cli.container_versions import publish, rollback, versions
from runtime.cli.dry_run import container_dry_run
from runtime.cli.environments import environment, environments
from runtime.cli.import_gtm import import_gtm
from runtime.cli.options import read_settings
from runtime.cli.problem_text import problem_lines
from runtime.containers.draft import read_draft
from runtime.containers.policy import policy_in_force
from runtime.lua.script_check import ScriptCheck

app = typer.Typer(no_args_is_help=True)
app.command("test")(container_test)
app.command("used-by")(used_by)
app.command("dry-run")(container_dry_run)
app.command("match")(container_match)
app.command("fields")(container_fields)
app.command("import-gtm")(import_gtm)


@app.callback()
def container() -> None:
    """Work with container files and the versions made of them."""


@app.command()
def validate(
    file: Path = typer.Argument(..., help="The container file.", exists=True, dir_okay=False),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object instead of lines."),
) -> None:
    """List every problem of a container file, with its path and a hint. Exit 1 where one is an error."""
    draft = read_draft(file, ScriptCheck, policy_in_force(read_settings()), now=datetime.now(UTC))
    content: dict[str, Any] = {"valid": draft.valid, "problems": draft.problems}
    if as_json:
        typer.echo(orjson.dumps(content, option=orjson.OPT_INDENT_2))
    else:
        typer.echo(problem_lines(str(file), draft.problems))
    raise typer.Exit(0 if draft.valid else 1)


for command in (plan, apply, diff, export, versions, publish, rollback, environments, environment, schema):
    app.command()(command)
