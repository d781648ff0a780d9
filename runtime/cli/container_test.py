"""`firsthand container test`: runs templates' examples in the real edge, pipeline and sandbox. Nothing is sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
import typer

from runtime.cli.output import printable
from runtime.containers.check import check
from runtime.containers.check_scripts import OWN, script_files
from runtime.containers.interchange import load_container
from runtime.containers.snapshot import used_templates
from runtime.containers.templates import BUILT_IN, Templates, load_template, load_templates, shared_beside
from runtime.edge.rehearsal import rehearse
from runtime.errors import ContainerInvalid, Problem
from runtime.explain.differences import Difference, shown
from runtime.explain.examples import ExampleRunner
from runtime.explain.tested import Outcome, Tested, run_examples
from runtime.lua.script_check import ScriptCheck, file_beside
from runtime.model.manifest import KIND_FOLDERS
from runtime.model.snapshot import Template


@dataclass(frozen=True)
class Subject:
    """What is tested: templates, each with its folder, among all those that there are."""

    templates: Templates
    chosen: tuple[tuple[Template, Path], ...]


def container_test(
    target: Path = typer.Argument(..., metavar="FILE|TEMPLATE_DIR", help="A container file, or one template's folder."),
    everything: bool = typer.Option(False, "--all", help="All built-in templates too, not only those in use."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object instead of lines."),
) -> None:
    """Run the examples of a container's own templates and of those it uses, or of one template's folder.

    Exit 1 where one fails, where the container or a script has an error, or where there are no examples at all.
    """
    problems: list[Problem] = []
    tested: list[Tested] = []
    try:
        subject = _subject(target, everything, problems)
        if not _errors(problems):
            tested = list(_run(subject))
    except ContainerInvalid as error:
        problems.extend(error.problems)
    passed = not _errors(problems) and any(each.outcomes for each in tested) and not any(each.failed for each in tested)
    if as_json:
        content = {"passed": passed, "problems": problems, "templates": [each.as_dict() for each in tested]}
        typer.echo(orjson.dumps(content, option=orjson.OPT_INDENT_2, default=str))
    else:
        typer.echo("\n".join(_lines(problems, tested)))
    raise typer.Exit(0 if passed else 1)


def _subject(target: Path, everything: bool, problems: list[Problem]) -> Subject:
    if (target / "manifest.yaml").is_file():
        return _folder(target, problems)
    file = target / "container.yaml" if target.is_dir() else target
    if not file.is_file():
        where = "is a folder without manifest.yaml and container.yaml" if target.is_dir() else "does not exist"
        raise typer.BadParameter(f"{target} {where}", param_hint="FILE|TEMPLATE_DIR")
    return _container(file, everything, problems)


def _folder(folder: Path, problems: list[Problem]) -> Subject:
    template = load_template(folder)
    shared = shared_beside(folder)
    for name in template.manifest.shared:
        if name not in shared:
            problems.append(Problem("manifest.yaml: shared", f"there is no shared module `{name}`"))
    problems += ScriptCheck(shared, file_beside(template))(template)
    return Subject(Templates({template.key: template}, shared), ((template, folder),))


def _container(file: Path, everything: bool, problems: list[Problem]) -> Subject:
    container = load_container(file)
    templates = load_templates(BUILT_IN, file.parent / OWN)
    problems += check(container, templates, script_check=ScriptCheck)
    used = used_templates(container, templates) if not _errors(problems) else {}
    own = [template for template in templates.by_key.values() if _own_folder(file, template).is_dir()]
    script_check = ScriptCheck(templates.shared, script_files(templates))
    problems += [each for template in own if template.key not in used for each in script_check(template)]
    wanted = templates.by_key if everything else dict.fromkeys([*(each.key for each in own), *used])
    chosen = [templates.by_key[key] for key in wanted]
    return Subject(templates, tuple((template, _folder_of(file, template)) for template in chosen))


def _own_folder(file: Path, template: Template) -> Path:
    return file.parent / OWN / KIND_FOLDERS[template.manifest.kind] / template.manifest.id


def _folder_of(file: Path, template: Template) -> Path:
    own = _own_folder(file, template)
    return own if own.is_dir() else BUILT_IN / KIND_FOLDERS[template.manifest.kind] / template.manifest.id


def _run(subject: Subject) -> Iterator[Tested]:
    runner = ExampleRunner(subject.templates, rehearse)
    for template, folder in subject.chosen:
        yield run_examples(runner, template, folder)


def _errors(problems: Iterable[Problem]) -> bool:
    return any(problem.severity == "error" for problem in problems)


def _lines(problems: Sequence[Problem], tested: Sequence[Tested]) -> Iterator[str]:
    yield from (f"{problem.severity}: {printable(str(problem))}" for problem in problems)
    width = max((len(each.template) for each in tested), default=0)
    for each in tested:
        yield from _of_template(each, width)
    yield _summary(problems, tested)


def _of_template(tested: Tested, width: int) -> Iterator[str]:
    count, failed = len(tested.outcomes), len(tested.failed)
    name = tested.template.ljust(width)
    if not count:
        yield f"none  {name}  no examples: write one in {tested.folder / 'examples'}/"
        return
    mark = typer.style("FAIL", fg="red", bold=True) if failed else typer.style("ok  ", fg="green")
    yield f"{mark}  {name}  {f'{failed} of ' if failed else ''}{_count(count, 'example')}{' failed' if failed else ''}"
    for outcome in tested.failed:
        yield from _of_example(outcome)


def _of_example(outcome: Outcome) -> Iterator[str]:
    title = f" ({outcome.title})" if outcome.title else ""
    yield f"      {printable(outcome.file + title)}"
    yield from (f"        {printable(line)}" for line in outcome.problem.splitlines())
    for difference in outcome.differences:
        yield from (f"        {line}" for line in _of_difference(difference))


def _of_difference(difference: Difference) -> Iterator[str]:
    yield printable(difference.path) or "(whole)"
    for word, value, colour in (("expected", difference.expected, "green"), ("actual", difference.actual, "red")):
        first, *more = (printable(line) for line in shown(value).split("\n"))
        yield typer.style(f"  {word:<8}  {first}", fg=colour)
        yield from (typer.style(f"{'':12}{line}", fg=colour) for line in more)


def _summary(problems: Sequence[Problem], tested: Sequence[Tested]) -> str:
    examples, failed = sum(len(each.outcomes) for each in tested), sum(len(each.failed) for each in tested)
    if _errors(problems):
        return "no example was run: mend the errors first"
    if not examples:
        return "there are no examples, so nothing was tested"
    of = f"{_count(examples, 'example')} of {_count(sum(bool(each.outcomes) for each in tested), 'template')}"
    return f"{failed} of {of} failed" if failed else f"{of} passed"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
