"""Asks the workbench about a template: what a form wants to know, and what can be asked at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from admin_ui.call import Call
from admin_ui.pages.template_files import OpenTemplate, examples_of
from admin_ui.refusals import Refused
from runtime.containers.files import require_files
from runtime.errors import Problem
from runtime.explain.tryout_input import Asked

Answer = dict[str, Any]

_EVENT, _EXAMPLE = "event", "example:"


def ask(call: Call, template: OpenTemplate, do: str, files: Mapping[str, str], asked: Asked | None = None) -> Answer:
    """Returns the workbench's answer about a template with these files."""
    job = {
        "do": do, "kind": template.name.kind, "id": template.name.id, "files": dict(template.draft_files(files)),
        "asked": (asked or Asked()).model_dump(exclude={"files"}),
    }  # fmt: skip
    answer: Answer = call.admin.workbench.ask(job, call.me.session or call.me.name)
    return {"problems": [], "run": None, "examples": None} | answer


def require_harmless(call: Call, template: OpenTemplate, files: Mapping[str, str]) -> None:
    """Raises Refused where already the check of a script hangs or crashes: whoever opens the draft checks it again.
    ContainerInvalid where files cannot be those of a draft."""
    require_files(template.draft_files(files))
    error = ask(call, template, "check", files)["error"]
    if error is not None:
        path = f"{template.name.folder}{template.name.script}"
        hint = "What stands outside of functions runs when the script is loaded: look there."
        problem = Problem(path, f"{error['fault']}: {error['message']}", hint)
        raise Refused(422, "Not saved: the check of this script could not come to its end.", hint, (problem,))


def asked_of(call: Call) -> Asked:
    """Returns on what a form wants a script to be run."""
    source = call.value("source")
    if source.startswith(_EXAMPLE):
        return Asked(example=source.removeprefix(_EXAMPLE))
    return Asked(event=call.value("event"), instance=call.value("instance"))


def passed(answer: Answer) -> bool:
    """Tells whether there are examples and all of them passed."""
    return bool(answer["examples"]) and all(each["passed"] for each in answer["examples"])


def sources(files: Mapping[str, str], event: str) -> list[tuple[str, str]]:
    """Returns what a script can be run on, as values of the form and in words; what shows most comes first."""
    paths = sorted(examples_of(files), key=lambda path: "request:" not in files[path])
    found = [(f"{_EXAMPLE}{path}", path) for path in paths]
    stored = (_EVENT, "a stored event")
    return [stored, *found] if event or not found else [*found, stored]
