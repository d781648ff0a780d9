"""An example gives the same bytes at every run: twice in one sandbox, and in a fresh one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contracts.support import FOLDERS, asking_all, bytes_of, examples_of, runner_of, template_of
from tests.support.templates import name_of

EXAMPLES = [(folder, name) for folder in FOLDERS for name in examples_of(folder)]


def test_there_are_examples() -> None:
    assert len(EXAMPLES) > 50


@pytest.mark.parametrize(("folder", "name"), EXAMPLES, ids=[f"{name_of(folder)}/{name}" for folder, name in EXAMPLES])
def test_every_run_gives_the_same_bytes(folder: Path, name: str) -> None:
    template, example = template_of(folder), asking_all(examples_of(folder)[name])
    runner = runner_of(template)
    program = runner.program(template, example)
    first, second = (bytes_of(runner.outcome(program, template, example)) for _ in range(2))
    fresh = bytes_of(runner.outcome(runner.program(template, example), template, example))
    assert first == second == fresh
