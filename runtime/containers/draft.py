"""A container file with all that lies beside it, read and checked as a whole: what would be published of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from runtime.containers.check import check, require_valid
from runtime.containers.check_scripts import OWN, MakeScriptCheck
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


def read_draft(file: Path, script_check: MakeScriptCheck, policy: Policy = NO_POLICY) -> Draft:
    """Returns what a container file and the templates beside it, in `templates/`, say together.

    What the policy takes from the templates is among the problems, as warnings.
    """
    problems: list[Problem] = []
    container = _attempt(lambda: load_container(file), problems)
    templates = _attempt(lambda: load_templates(BUILT_IN, file.parent / OWN), problems)
    if container is not None and templates is not None:
        problems += check(container, templates, script_check=script_check)
        problems += policy_problems(container, templates, policy)
    return Draft(container, templates, problems)


def _attempt(load: Callable[[], T], problems: list[Problem]) -> T | None:
    try:
        return load()
    except ContainerInvalid as error:
        problems.extend(error.problems)
        return None
