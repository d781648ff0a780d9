"""`firsthand container import-gtm`: a folder with a container, made of an export of Google Tag Manager."""

from __future__ import annotations

import os
from pathlib import Path

import orjson
import typer

from runtime.cli.output import printable
from runtime.cli.problem_text import problem_lines
from runtime.containers.draft import read_draft
from runtime.containers.export import CONTAINER
from runtime.containers.gtm.importer import REPORT, Imported
from runtime.containers.gtm.importer import import_gtm as import_export
from runtime.containers.gtm.secrets_file import SECRETS
from runtime.containers.templates import BUILT_IN, load_templates
from runtime.errors import OperatorError
from runtime.lua.script_check import ScriptCheck

_SHOWN = 8


def import_gtm(
    export: Path = typer.Argument(..., metavar="EXPORT.json", help="The file of Admin, Export Container."),
    out: Path | None = typer.Option(None, help="Folder to write to; default: one of the container's id."),
    name: str = typer.Option("", help="The container's id; default: made of its name in the export."),
    as_json: bool = typer.Option(False, "--json", help="Print the whole report as one JSON object."),
    force: bool = typer.Option(False, "--force", help="Write over files that say something else."),
) -> None:
    """Make a container of a Tag Manager server container's export, and a report of what became of everything in it.

    Tokens go to secrets.env. What has no counterpart becomes a stub that does nothing; its JavaScript is never run.
    """
    imported = import_export(_read(export), load_templates(BUILT_IN), name=name)
    folder = out or Path(imported.report.container)
    _write(folder, imported, force)
    draft = read_draft(folder / CONTAINER, ScriptCheck)
    if as_json:
        content = imported.report.as_dict() | {"folder": str(folder), "files": sorted(imported.files)}
        content |= {"valid": draft.valid, "problems": draft.problems}
        typer.echo(orjson.dumps(content, option=orjson.OPT_INDENT_2))
    else:
        typer.echo(printable_lines(_summary(imported, folder)))
        typer.echo(problem_lines(str(folder / CONTAINER), draft.problems).splitlines()[-1])
    raise typer.Exit(0 if draft.valid else 1)


def printable_lines(lines: list[str]) -> str:
    """Returns lines whose texts, which come from the export, cannot steer a terminal."""
    return "\n".join(printable(line) for line in lines)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise OperatorError(f"Cannot read {file}: {error.strerror}.", hint="Name a file that exists.") from error


def _write(folder: Path, imported: Imported, force: bool) -> None:
    other = [
        path for path, text in imported.files.items() if (folder / path).exists() and not _says(folder / path, text)
    ]
    if other and not force:
        hint = "Give another --out, or --force to write over it."
        raise OperatorError(f"{folder} has other content in {', '.join(other)}.", hint=hint)
    for path, text in imported.files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if path == SECRETS:
            _write_secrets(file, text)
        else:
            file.write_bytes(text.encode())


def _write_secrets(file: Path, text: str) -> None:
    """Writes a file that nobody else could read at any moment."""
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as secrets:
        secrets.write(text.encode())


def _says(path: Path, text: str) -> bool:
    return path.is_file() and path.read_bytes() == text.encode()


def _summary(imported: Imported, folder: Path) -> list[str]:
    report, counts = imported.report, imported.report.counts
    told = ", ".join(f"{count} {status}" for status, count in counts.items())
    lines = [f"{len(report.fates)} things in the export: {told}."]
    lost = [fate for fate in report.fates if fate.status == "unmapped"]
    for fate in lost[:_SHOWN]:
        lines.append(f"  not mapped: {fate.entity.kind} {fate.entity.name or fate.entity.id}: {fate.reasons[0]}")
    if len(lost) > _SHOWN:
        lines.append(f"  … and {len(lost) - _SHOWN} more")
    lines += [f"to do: {todo}" for todo in report.todo]
    if imported.has_secrets:
        lines.append(f"{folder / SECRETS} is for the tokens ({len(report.secrets)}); keep it out of version control.")
    return [*lines, f"{folder / REPORT} tells all of it."]
