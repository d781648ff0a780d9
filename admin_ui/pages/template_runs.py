"""Runs a template while it is written: on an event, and through its examples. Nothing is sent or stored, and no script
runs in the admin process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, Field
from starlette.responses import Response

from admin_ui.call import Call
from admin_ui.pages.template_asking import Answer, ask, asked_of, passed
from admin_ui.pages.template_files import OpenTemplate, open_template, sent_files
from admin_ui.pages.template_page import editor_page
from admin_ui.refusals import Refused
from admin_ui.routes import Entry
from runtime.explain.tryout_input import Asked


class RunAsked(Asked):
    """On what a script is run, and with which text."""

    files: dict[str, str] | None = Field(None, description="All of the template's files; default: as they are saved.")


class TestAsked(BaseModel, extra="forbid"):
    """Which text is tested."""

    files: dict[str, str] | None = Field(None, description="All of the template's files; default: as they are saved.")


class Marked(BaseModel):
    """A problem with its place in a file of the template; 0 = it has none."""

    file: str
    line: int
    column: int
    path: str
    message: str
    hint: str
    severity: str


class RunGiven(BaseModel):
    """What came of it."""

    problems: list[Marked]
    run: dict[str, Any] | None
    error: dict[str, str] | None = Field(description="Why the process of the script came to its end, where it did.")


class TestGiven(BaseModel):
    """What came of the examples."""

    passed: bool
    problems: list[Marked]
    examples: list[dict[str, Any]] | None
    error: dict[str, str] | None


def _files(call: Call, template: OpenTemplate) -> Mapping[str, str]:
    return sent_files(call, template.name, template.files) if template.is_own else template.files


def _run(call: Call) -> Response:
    template = open_template(call)
    files = _files(call, template)
    answer = ask(call, template, "run", files, asked_of(call))
    return _shown(call, template, files, answer, "templates/_run.html")


def _test(call: Call) -> Response:
    template = open_template(call)
    files = _files(call, template)
    answer = ask(call, template, "test", files)
    return _shown(call, template, files, answer, "templates/_test.html")


def _shown(call: Call, template: OpenTemplate, files: Mapping[str, str], answer: Answer, part: str) -> Response:
    """Returns the part of the page that tells of the answer; the whole page, as it was sent, without JavaScript."""
    if call.is_partial:
        return call.page(part, answer=answer)
    return editor_page(call, template, files=files, answer=answer)


def _content(template: OpenTemplate, files: dict[str, str] | None) -> Mapping[str, str]:
    if files is not None and not template.is_own:
        raise Refused(409, "This template comes with Firsthand and cannot be changed.", "Copy it as your own.")
    return template.files if files is None else files


def _run_data(call: Call) -> Response:
    template, asked = open_template(call), call.sent(RunAsked)
    answer = ask(call, template, "run", _content(template, asked.files), asked)
    return call.data({name: answer[name] for name in ("problems", "run", "error")})


def _test_data(call: Call) -> Response:
    template, asked = open_template(call), call.sent(TestAsked)
    answer = ask(call, template, "test", _content(template, asked.files))
    told = {name: answer[name] for name in ("problems", "examples", "error")}
    return call.data({"passed": passed(answer), **told})


_API = "/api/v1/workspaces/{workspace}/templates/{kind}/{id}"
ROUTES = (
    Entry("POST", "/w/{workspace}/templates/{kind}/{id}/run", _run, "editor"),
    Entry("POST", "/w/{workspace}/templates/{kind}/{id}/test", _test, "editor"),
    Entry(
        "POST", f"{_API}/run", _run_data, "editor", takes=RunAsked, gives=RunGiven,
        summary="What a template's script makes of a stored event or an example: item, request, logs, fault. Nothing is"
        " sent.",
    ),
    Entry(
        "POST", f"{_API}/test", _test_data, "editor", takes=TestAsked, gives=TestGiven,
        summary="Runs a template's examples.",
    ),
)  # fmt: skip
