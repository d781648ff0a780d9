"""How a part's form is shown: each problem beside its input, what uses the part, what its template's script may do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response

from admin_ui.call import Call
from admin_ui.forms_input import Group, Input, Texts
from admin_ui.pages.container_draft import Opened
from admin_ui.pages.container_frame import frame
from admin_ui.pages.container_secrets import known_secrets
from admin_ui.pages.container_sections import Section
from admin_ui.pages.parts_rows import row_of
from admin_ui.pages.parts_shown import own_path
from runtime.errors import Problem
from runtime.model.manifest import Manifest
from runtime.text.secrets import reference

Part = dict[str, Any]
BLANK_ROWS = 3


@dataclass(frozen=True)
class Form:
    """A part in a form."""

    draft: Opened
    section: Section
    id: str
    """"" for a new one."""
    before: Part
    """As the revision has it that the form was made of."""
    manifest: Manifest | None
    groups: list[Group]
    texts: Texts
    problems: list[Problem] = field(default_factory=list)
    """Paths begin in the part."""

    @property
    def inputs(self) -> list[Input]:
        """All inputs."""
        return [input for group in self.groups for input in group.inputs]


def show(call: Call, form: Form, *, status: int = 200, blank: str = "") -> Response:
    """Shows a form. `blank` names an input of rows that gets more empty ones."""
    draft, section = form.draft, form.section
    with call.admin.read() as control:
        secrets = known_secrets(control, draft.content)
    by_input, others = _beside(form.inputs, form.problems)
    return call.page(
        "container/part.html", status=status, form=form, list=section, id=form.id, texts=form.texts,
        by_input=by_input, others=others, secrets=secrets, blank=blank, blank_rows=BLANK_ROWS, view_buttons=True,
        known=[reference(secret.name) for secret in secrets],
        row=row_of(draft.content, section, form.id, form.before) if form.id else None,
        users=draft.content.users(f"{section.key}.{form.id}"), permissions=_permissions(form.manifest),
        variables=list(draft.content.parts("variables")), **frame(call, draft),
    )  # fmt: skip


def _permissions(manifest: Manifest | None) -> list[tuple[str, list[str], str]]:
    """Returns what a template's script may do: what, of which names, and why."""
    if manifest is None:
        return []
    found = []
    for what, asked in manifest.permissions:
        if asked is None:
            continue
        plain = asked.model_dump()
        why = plain.pop("why")
        names = [f"{name}" for each in plain.values() for name in ([each] if isinstance(each, str) else each)]
        found.append((what, names, why))
    return found


def inside(prefix: str, problem: Problem) -> Problem:
    path = own_path(problem.path.removeprefix(prefix).removeprefix("."))
    return Problem(path, problem.message, problem.hint, severity=problem.severity)


def _beside(inputs: Iterable[Input], problems: Iterable[Problem]) -> tuple[dict[str, list[Problem]], list[Problem]]:
    """Returns the problems by the input that they stand beside, and those that belong to none."""
    names = sorted((input.name for input in inputs), key=len, reverse=True)
    beside: dict[str, list[Problem]] = {}
    others = []
    for problem in problems:
        within = next((name for name in names if f"{problem.path}.".startswith(f"{name}.")), None)
        above = next((name for name in reversed(names) if problem.path and name.startswith(f"{problem.path}.")), None)
        if name := within or above:
            beside.setdefault(name, []).append(problem)
        else:
            others.append(problem)
    return beside, others
