"""A container with all that belongs to it, read and checked as a whole: what would be published of it.

Files on disk and the files of a workspace are read by the same code, so that both have the same problems.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from runtime.containers.check import check, require_valid
from runtime.containers.check_scripts import OWN, MakeScriptCheck
from runtime.containers.export import CONTAINER
from runtime.containers.files import Files, as_folder, collect_files
from runtime.containers.in_order import in_order
from runtime.containers.interchange import load_container
from runtime.containers.policy import policy_problems
from runtime.containers.snapshot import build_snapshot
from runtime.containers.templates import BUILT_IN, Templates, load_templates
from runtime.errors import ContainerInvalid, Problem
from runtime.model.container import Container
from runtime.model.policy import NO_POLICY, Policy
from runtime.model.snapshot import Snapshot

T = TypeVar("T")


@dataclass(frozen=True)
class Draft:
    """What a file says, as far as it can be read, and all that is wrong with it."""

    container: Container | None
    templates: Templates | None
    problems: list[Problem]
    files: Files | None = None
    """The files themselves, as far as they are text."""

    @property
    def valid(self) -> bool:
        """Whether it can be published: warnings do not keep it from that."""
        return not any(problem.severity == "error" for problem in self.problems)

    def snapshot(self) -> Snapshot:
        """Returns what would be published, without a number; ContainerInvalid where there is an error."""
        require_valid(self.problems)
        assert self.container is not None  # what cannot be read is among the problems
        assert self.templates is not None
        return build_snapshot(self.container, self.templates, number=0)


def read_draft(
    file: Path, script_check: MakeScriptCheck, policy: Policy = NO_POLICY, *, now: datetime | None = None
) -> Draft:
    """Returns what a container file and the templates beside it, in `templates/`, say together.

    What the policy takes from the templates is among the problems, as warnings; with `now` also what is over.
    """
    problems: list[Problem] = []
    container = _attempt(lambda: load_container(file), problems)
    templates = _attempt(lambda: load_templates(BUILT_IN, file.parent / OWN), problems)
    if container is not None and templates is not None:
        problems += check(container, templates, script_check=script_check, now=now)
        problems += policy_problems(container, templates, policy)
    return Draft(
        container, templates, in_order(problems, container), None if container is None else collect_files(file)
    )


def read_files(
    files: Files, script_check: MakeScriptCheck, policy: Policy = NO_POLICY, *, now: datetime | None = None
) -> Draft:
    """Returns what the files of a draft say together; problems name them by their own paths."""
    with as_folder(files) as folder:
        draft = read_draft(folder / CONTAINER, script_check, policy, now=now)
    beside = f"{folder}/"
    problems = [
        replace(each, path=each.path.replace(beside, ""), message=each.message.replace(beside, ""))
        for each in draft.problems
    ]
    return replace(draft, problems=problems)


def _attempt(load: Callable[[], T], problems: list[Problem]) -> T | None:
    try:
        return load()
    except ContainerInvalid as error:
        problems.extend(error.problems)
        return None
