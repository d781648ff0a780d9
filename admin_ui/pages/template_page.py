"""The page of one template: its files in editors, and beside them what its script makes of an event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from admin_ui.call import Call
from admin_ui.pages.container_draft import built_in
from admin_ui.pages.container_frame import frame, number_of
from admin_ui.pages.template_asking import Answer, sources
from admin_ui.pages.template_files import OpenTemplate, sheets
from runtime.explain.kit_docs import completions
from runtime.explain.template_problems import marked


def editor_page(
    call: Call, template: OpenTemplate, *, files: Mapping[str, str] | None = None, answer: Answer | None = None
) -> Response:
    """Returns the page of one template; `files` are what stands in its editor, `answer` what a run or a test told."""
    files = template.files if files is None else files
    shown = (template.draft.content.templates if template.is_own else built_in()).get(*template.name)
    if call.me.may("editor"):
        call.admin.workbench.warm()
    event = (call.query.get("event") or call.value("event"))[:100]
    found = answer["problems"] if answer else marked(template.problems, template.name, template.files)
    context: dict[str, Any] = frame(call, template.draft)
    context |= {"may_edit": context["may_edit"] and template.is_own}
    return call.page(
        "templates/show.html", subject=template, name=template.name, manifest=shown.manifest if shown else None,
        sheets=sheets(template.name, files), found=found, answer=answer,
        sources=sources(files, event), event=event, kit=completions(), open=call.query.get("open", ""),
        revision=number_of(call, "revision") or template.draft.revision, instance=call.value("instance"),
        source=call.value("source"), **context,
    )  # fmt: skip
