"""`firsthand container`: the container file, checked before anything is live."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import orjson
import typer

from runtime.containers.check import check
from runtime.containers.interchange import load_container
from runtime.containers.templates import BUILT_IN, load_templates
from runtime.errors import ContainerInvalid, Problem
from runtime.lua.sandbox import Sandbox

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True)


@app.callback()
def container() -> None:
    """Work with container files."""


@app.command()
def validate(
    file: Path = typer.Argument(..., help="The container file.", exists=True, dir_okay=False),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object instead of lines."),
) -> None:
    """List every problem of a container file, with its path and a hint. Exit 1 where one is an error."""
    problems = find_problems(file)
    valid = not any(problem.severity == "error" for problem in problems)
    typer.echo(_as_json(valid, problems) if as_json else problem_lines(str(file), problems))
    raise typer.Exit(0 if valid else 1)


def problem_lines(file: str, problems: list[Problem]) -> str:
    """Returns a line for each problem, and one that says whether the file can be published."""
    errors = sum(problem.severity == "error" for problem in problems)
    warnings = len(problems) - errors
    counts = [_count(errors, "error"), _count(warnings, "warning")]
    summary = ": ".join(filter(None, [f"{file} is {'not ' if errors else ''}valid", ", ".join(filter(None, counts))]))
    return "\n".join([*(f"{problem.severity}: {problem}" for problem in problems), summary])


def find_problems(file: Path) -> list[Problem]:
    """Returns all problems of a container file and of the templates that lie beside it, in `templates/`."""
    problems: list[Problem] = []
    loaded = _attempt(lambda: load_container(file), problems)
    templates = _attempt(lambda: load_templates(BUILT_IN, file.parent / "templates"), problems)
    if loaded is None or templates is None:
        return problems
    return check(loaded, templates, compile_script=Sandbox().script)


def _attempt(load: Callable[[], T], problems: list[Problem]) -> T | None:
    try:
        return load()
    except ContainerInvalid as error:
        problems.extend(error.problems)
        return None


def _as_json(valid: bool, problems: list[Problem]) -> str:
    content: dict[str, Any] = {"valid": valid, "problems": problems}
    return orjson.dumps(content, option=orjson.OPT_INDENT_2).decode()


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' if number > 1 else ''}" if number else ""
