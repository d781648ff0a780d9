"""Runs every example of a template and keeps what came of each, for people and for programs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.errors import OperatorError
from runtime.explain.differences import ABSENT, Difference
from runtime.explain.example import example_files, load_example
from runtime.explain.examples import ExampleRunner
from runtime.model.snapshot import Template


@dataclass(frozen=True)
class Outcome:
    """What came of one example."""

    file: str
    title: str
    differences: tuple[Difference, ...] = ()
    problem: str = ""
    """Why it could not be run at all."""

    @property
    def passed(self) -> bool:
        return not self.differences and not self.problem

    def as_dict(self) -> dict[str, Any]:
        """Returns plain JSON data; a side on which nothing stands has no key."""
        told = [_without_absent(each) for each in self.differences]
        return {"file": self.file, "title": self.title, "problem": self.problem, "differences": told}


@dataclass(frozen=True)
class Tested:
    """What came of a template's examples."""

    template: str
    """Its key: `destination/meta_capi`."""
    folder: Path
    outcomes: tuple[Outcome, ...]

    @property
    def failed(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if not outcome.passed]

    def as_dict(self) -> dict[str, Any]:
        """Returns plain JSON data with the failures."""
        failed = [outcome.as_dict() for outcome in self.failed]
        return {"template": self.template, "examples": len(self.outcomes), "failed": len(failed), "failures": failed}


def run_examples(runner: ExampleRunner, template: Template, folder: Path) -> Tested:
    """Returns what comes of each example of the template in that folder."""
    return Tested(template.key, folder, tuple(_run(runner, template, file) for file in example_files(folder)))


def _run(runner: ExampleRunner, template: Template, file: Path) -> Outcome:
    name, title = f"{file.parent.name}/{file.name}", ""
    try:
        example = load_example(file)
        title = example.title
        return Outcome(name, title, tuple(runner.run(template, example)))
    except OperatorError as error:
        return Outcome(name, title, problem=str(error).replace(f"{file.parent.parent}/", ""))


def _without_absent(difference: Difference) -> dict[str, Any]:
    sides = {"expected": difference.expected, "actual": difference.actual}
    return {"path": difference.path} | {name: value for name, value in sides.items() if value is not ABSENT}
