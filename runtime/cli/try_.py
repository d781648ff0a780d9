"""`firsthand try`: one template on one input, in the real sandbox; what comes of it as JSON."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import orjson
import typer

from runtime.cli.trial import Bench, Trial
from runtime.containers.given_settings import check_settings
from runtime.containers.interchange import parse_document
from runtime.containers.shape import validated
from runtime.containers.templates import BUILT_IN, load_shared, load_template
from runtime.errors import ContainerInvalid, OperatorError, Problem
from runtime.explain.example import ExampleHit
from runtime.model.manifest import KIND_FOLDERS
from runtime.model.snapshot import Template
from runtime.text.jsons import decode_json
from runtime.text.malformed import Malformed


def try_template(
    template_dir: Path = typer.Argument(
        ..., metavar="TEMPLATE_DIR", help="The template's folder.", exists=True, file_okay=False
    ),
    event: Path = typer.Option(..., help="Event data, or a hit for a client, as JSON or YAML; - is standard input."),
    settings: Path | None = typer.Option(None, help="The template's settings, as JSON or YAML."),
) -> None:
    """Run one template in the real sandbox and print what comes of it. Exit 0 also where the script fails."""
    given = _read_map(event, "--event")
    values = _read_map(settings, "--settings") if settings else {}
    try:
        trial = _run(load_template(template_dir), template_dir, given, values)
    except ContainerInvalid as error:
        trial = _failed(error.problems)
    except OperatorError as error:
        trial = _failed([Problem(str(template_dir), error.message, error.hint)])
    typer.echo(orjson.dumps(trial.as_dict(), option=orjson.OPT_INDENT_2))


def _run(template: Template, folder: Path, given: dict[str, Any], settings: dict[str, Any]) -> Trial:
    manifest = template.manifest
    found = [problem for problem in check_settings("", manifest, settings) if problem.severity == "error"]
    if found:
        return _failed(found)
    if manifest.kind == "client" and "url" in given:
        _require(validated(ExampleHit, given)[1], "--event")
    shared = _shared_modules(folder)
    missing = [name for name in manifest.shared if name not in shared]
    if missing:
        return _failed([Problem("shared", f"there is no shared module `{missing[0]}`", "it lies in shared/")])
    return Bench(template, shared, settings, _time_of(given)).run(given)


def _time_of(given: dict[str, Any]) -> int:
    """Returns the time that the script sees, Unix microseconds: the event's own where it has one, else now."""
    time_s = given.get("event_time")
    if isinstance(time_s, int) and 0 < time_s < 2**40:
        return time_s * 1_000_000
    return time.time_ns() // 1000


def _shared_modules(folder: Path) -> dict[str, str]:
    """Returns the shared modules of the built-in templates, and of the folder of templates that this one lies in."""
    kinds = folder.resolve().parent
    library = kinds.parent
    if kinds.name not in KIND_FOLDERS.values() or library == BUILT_IN.resolve():
        return load_shared(BUILT_IN)
    return load_shared(BUILT_IN, library)


def _read_map(path: Path, option: str) -> dict[str, Any]:
    raw = _read(path, option)
    try:
        data = decode_json(raw)
    except Malformed:
        data = _read_yaml(raw, option)
    if not isinstance(data, dict):
        raise typer.BadParameter("a map of names and values is expected", param_hint=option)
    return data


def _read(path: Path, option: str) -> bytes:
    if str(path) == "-":
        return sys.stdin.buffer.read()
    try:
        return path.read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"cannot read {path}: {error.strerror}", param_hint=option) from error


def _read_yaml(raw: bytes, option: str) -> Any:
    try:
        data, problems = parse_document(raw)
    except ContainerInvalid as error:
        problems = list(error.problems)
        data = None
    _require(problems, option)
    return data


def _require(problems: list[Problem], option: str) -> None:
    if problems:
        raise typer.BadParameter("\n".join(str(problem) for problem in problems), param_hint=option)


def _failed(problems: tuple[Problem, ...] | list[Problem]) -> Trial:
    trial = Trial()
    trial.fail("error", "\n".join(str(problem).lstrip(".") for problem in problems))
    return trial
