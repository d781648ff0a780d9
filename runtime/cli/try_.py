"""`firsthand try`: one template on one input, in the real sandbox; what comes of it as JSON."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import typer

from runtime.cli.isolated import isolated
from runtime.cli.options import read_settings
from runtime.cli.trial import Bench, Trial
from runtime.containers.given_settings import check_settings
from runtime.containers.interchange import MAX_DEPTH, parse_document
from runtime.containers.policy import policy_in_force
from runtime.containers.shape import validated
from runtime.containers.templates import load_template, shared_beside
from runtime.errors import ContainerInvalid, OperatorError, Problem
from runtime.explain.example import ExampleHit
from runtime.explain.example_lookup import GivenAnswer
from runtime.lua.script_check import ScriptCheck, explain, file_beside
from runtime.lua.values import Watch
from runtime.model.snapshot import Template
from runtime.text.jsons import decode_json
from runtime.text.malformed import Malformed

_MANY = 1 << 24
"""Keys and characters of what is read here. What is too much for a script is the sandbox's to tell."""


def try_template(
    template_dir: Path = typer.Argument(
        ..., metavar="TEMPLATE_DIR", help="The template's folder.", exists=True, file_okay=False
    ),
    event: Path = typer.Option(
        ..., help="Event data, or a hit for a client, or an example of the template; JSON or YAML; - is standard input."
    ),
    settings: Path | None = typer.Option(None, help="The template's settings, as JSON or YAML."),
    answer: Path | None = typer.Option(
        None, help="What the server answers to a variable's look-up: status, and body or json; or failed."
    ),
) -> None:
    """Run one template in the real sandbox and print what comes of it. Exit 0 also where the script fails."""
    given = _read_map(event, "--event")
    values = _read_map(settings, "--settings") if settings else {}
    answers = _answers([_read_map(answer, "--answer")], "--answer") if answer else _answers_of_example(given)
    given, values = _of_example(given, values)
    _check_hit(template_dir, given)
    typer.echo(isolated(lambda watch: _outcome(template_dir, given, values, answers, watch)))


def _of_example(given: dict[str, Any], values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns the input and the settings that an example file holds; settings that were given come first. Anything
    else than an example is the input itself."""
    inner = given.get("event", given.get("hit"))
    if "expect" not in given or not isinstance(inner, dict):
        return given, values
    own = given.get("settings")
    return inner, (own if isinstance(own, dict) else {}) | values


def _answers_of_example(given: dict[str, Any]) -> list[GivenAnswer]:
    answers = given.get("lookups") if "expect" in given else None
    return _answers(answers, "--event") if isinstance(answers, list) else []


def _answers(given: list[Any], option: str) -> list[GivenAnswer]:
    read = [validated(GivenAnswer, each) for each in given]
    _require([problem for _, problems in read for problem in problems], option)
    return [answer for answer, _ in read if answer is not None]


def _check_hit(folder: Path, given: dict[str, Any]) -> None:
    """Refuses a client's request that is none; a template that cannot be loaded is told of later."""
    try:
        manifest = load_template(folder).manifest
    except (ContainerInvalid, OperatorError):
        return
    if manifest.kind == "client" and "url" in given:
        _require(validated(ExampleHit, given)[1], "--event")


def _outcome(
    folder: Path, given: dict[str, Any], settings: dict[str, Any], answers: Sequence[GivenAnswer], watch: Watch
) -> Trial:
    try:
        return _run(load_template(folder), folder, given, settings, answers, watch)
    except ContainerInvalid as error:
        return _failed(error.problems)
    except OperatorError as error:
        return _failed([Problem(str(folder), error.message, error.hint)])


def _run(
    template: Template,
    folder: Path,
    given: dict[str, Any],
    settings: dict[str, Any],
    answers: Sequence[GivenAnswer],
    watch: Watch,
) -> Trial:
    manifest = template.manifest
    found = [problem for problem in check_settings("", manifest, settings) if problem.severity == "error"]
    if found:
        return _failed(found)
    shared = shared_beside(folder)
    missing = [name for name in manifest.shared if name not in shared]
    if missing:
        return _failed([Problem("shared", f"there is no shared module `{missing[0]}`", "it lies in shared/")])
    problems = ScriptCheck(shared, file_beside(template), watch)(template)
    bench = Bench(template, shared, settings, _time_of(given), policy_in_force(read_settings()), watch, answers)
    return _explained(bench.run(given), problems)


def _explained(trial: Trial, problems: list[Problem]) -> Trial:
    """Tells of an error in the words of the script's check where that found it, and in the logs which other lines of
    the script cannot go well. A function that the trial did not need is not missed."""
    if trial.error is not None and trial.error["fault"] == "error":
        trial.error["message"], problems = explain(trial.error["message"], problems)
    trial.logs += [f"check: {problem}" for problem in problems if ":" in problem.path]
    return trial


def _time_of(given: dict[str, Any]) -> int:
    """Returns the time that the script sees, Unix microseconds: the event's own where it has one, else now."""
    time_s = given.get("event_time")
    if isinstance(time_s, int) and 0 < time_s < 2**40:
        return time_s * 1_000_000
    return time.time_ns() // 1000


def _read_map(path: Path, option: str) -> dict[str, Any]:
    raw = _read(path, option)
    try:
        data = decode_json(raw, max_depth=MAX_DEPTH, max_keys=_MANY, max_text=_MANY)
        orjson.dumps(data)
    except (Malformed, TypeError):  # also a number past 64 bits; the other reader tells where what is
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
