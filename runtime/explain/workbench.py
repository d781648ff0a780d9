"""What a template's editor asks about it while it is written: is it sound, do its examples pass, what does it make of
this event. Runs scripts that nobody has run yet, so it belongs into a process of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import orjson
from pydantic import BaseModel

from runtime.containers.check_scripts import OWN, script_files
from runtime.containers.export import CONTAINER
from runtime.containers.interchange import load_container
from runtime.containers.own_templates import Name, built_in_files, named, own_files
from runtime.containers.policy import policy_in_force
from runtime.containers.templates import BUILT_IN, Templates, load_templates
from runtime.errors import ContainerInvalid, OperatorError, Problem
from runtime.explain.example_client import Receive
from runtime.explain.examples import ExampleRunner
from runtime.explain.programs import Programs
from runtime.explain.put_away import careful_sandbox
from runtime.explain.template_problems import Marked, marked, of_fault
from runtime.explain.tested import Outcome, run_examples
from runtime.explain.tryout_input import Asked, run
from runtime.lua.script_check import ScriptCheck
from runtime.lua.values import Watch
from runtime.model.container import Container
from runtime.model.manifest import KIND_FOLDERS
from runtime.model.policy import Policy
from runtime.model.snapshot import Template
from runtime.store.files import control_path

Record = dict[str, Any]


class Job(BaseModel, extra="forbid"):
    """One question."""

    do: Literal["check", "test", "run"]
    kind: str
    id: str
    files: dict[str, str]
    """Of the draft, as it stands in the editor."""
    asked: Asked = Asked()
    """For `run`: on what."""


@dataclass(frozen=True)
class Outcomes:
    """The answer."""

    problems: list[Marked]
    examples: list[Record] | None = None
    """Of `test`: what came of each; None where they were not run."""
    run: Record | None = None
    """Of `run`: what came of it; None where it could not be run."""

    def as_json(self) -> bytes:
        """Returns the answer as JSON; `error` is that of the process, which came to its end."""
        content = {"problems": self.problems, "examples": self.examples, "run": self.run, "error": None}
        return orjson.dumps(content, default=str, option=orjson.OPT_NON_STR_KEYS)


class Workbench:
    """Answers questions about the templates of drafts."""

    def __init__(self, data_dir: Path, receive: Receive, policy: Policy | None = None) -> None:
        self._data_dir, self._receive = data_dir, receive
        self._policy = policy_in_force() if policy is None else policy
        load_templates(BUILT_IN)  # What it reads is remembered, also by the processes that are forked.

    def perform(self, job: Job, folder: Path, watch: Watch) -> Outcomes:
        """Returns the answer. `folder` holds the job's files."""
        name = named(job.kind, job.id)
        files = own_files(job.files, name) or built_in_files(name)
        if not files:
            raise OperatorError(f"There is no template {name.key}.", hint="See the list of templates.")
        container, templates, problems = _load(folder)
        template = templates.get(name.kind, name.id) if templates else None
        if templates and template is None:
            problems.append(Problem(f"{name.folder}manifest.yaml", "the template cannot be read"))
        if templates is None or template is None:
            return Outcomes(marked(_beside(problems, folder), name, files))
        problems += _script_problems(template, templates, watch)
        outcomes = Outcomes(marked(_beside(problems, folder), name, files))
        if job.do == "test" and not _errors(problems):
            return Outcomes(outcomes.problems, self._test(template, templates, folder))
        if job.do == "run":
            return self._run(job, name, template, templates, container, outcomes, watch, files)
        return outcomes

    def _test(self, template: Template, templates: Templates, folder: Path) -> list[Record]:
        place = Path(KIND_FOLDERS[template.manifest.kind], template.manifest.id)
        own = folder / OWN / place
        runner = ExampleRunner(templates, self._receive)
        found = run_examples(runner, template, own if own.is_dir() else BUILT_IN / place)
        return [_example(outcome) for outcome in found.outcomes]

    def _run(
        self,
        job: Job,
        name: Name,
        template: Template,
        templates: Templates,
        container: Container | None,
        outcomes: Outcomes,
        watch: Watch,
        files: Mapping[str, str],
    ) -> Outcomes:
        sandbox = partial(careful_sandbox(self._data_dir), watch=watch)
        programs = Programs(control_path(self._data_dir), sandbox, policy=self._policy)
        try:
            record = run(job.asked, template, templates, container, files, programs, self._data_dir, self._receive)
        except ContainerInvalid as error:
            return Outcomes([*outcomes.problems, *marked(error.problems, name, files)])
        except OperatorError as error:
            return Outcomes([*outcomes.problems, *marked([Problem("", error.message, error.hint)], name, files)])
        fault = of_fault(record["error"]["message"], name) if record["error"] else None
        return Outcomes([*outcomes.problems, *([fault] if fault else [])], run=record)


def _load(folder: Path) -> tuple[Container | None, Templates | None, list[Problem]]:
    problems: list[Problem] = []
    container = templates = None
    with suppress(ContainerInvalid):  # The draft's own pages tell of it; a template is written without one too.
        container = load_container(folder / CONTAINER)
    try:
        templates = load_templates(BUILT_IN, folder / OWN)
    except ContainerInvalid as error:
        problems = list(error.problems)
    return container, templates, problems


def _script_problems(template: Template, templates: Templates, watch: Watch) -> list[Problem]:
    file = f"{OWN}/{KIND_FOLDERS[template.manifest.kind]}/{template.manifest.id}/manifest.yaml: shared"
    lacking = [name for name in template.manifest.shared if name not in templates.shared]
    problems = [Problem(file, f"there is no shared module `{name}`") for name in lacking]
    return problems + ScriptCheck(templates.shared, script_files(templates), watch)(template)


def _beside(problems: list[Problem], folder: Path) -> list[Problem]:
    """Returns the problems without the name of the folder that the files lie in for the moment."""
    beside = f"{folder}/"
    return [
        Problem(each.path.replace(beside, ""), each.message.replace(beside, ""), each.hint, each.severity)
        for each in problems
    ]


def _errors(problems: list[Problem]) -> bool:
    return any(problem.severity == "error" for problem in problems)


def _example(outcome: Outcome) -> Record:
    return outcome.as_dict() | {"passed": outcome.passed}
