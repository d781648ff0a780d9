"""What every page of a draft has: its sections, and whether anything can be changed here."""

from __future__ import annotations

from typing import Any

from admin_ui.call import Call
from admin_ui.pages.container_draft import Opened
from admin_ui.pages.container_sections import SECTIONS
from admin_ui.refusals import Refused


def may_edit(call: Call) -> bool:
    """Tells whether the pages offer to change anything."""
    return call.me.may("editor") and not call.admin.settings.read_only


def frame(call: Call, draft: Opened) -> dict[str, Any]:
    """Returns what every page of a draft shows around its own."""
    counts = {key: len(draft.content.parts(key)) for key in SECTIONS}
    own = sum(path.endswith("/manifest.yaml") for path in draft.content.files)
    return {
        "section": "container", "draft": draft, "workspace": draft.workspace, "content": draft.content,
        "counts": counts | {"templates": own}, "sections": SECTIONS, "may_edit": may_edit(call),
        "read_only": call.admin.settings.read_only,
    }  # fmt: skip


def number_of(call: Call, name: str) -> int | None:
    """Returns the number that a form names, such as a revision; None where it names none."""
    text = call.value(name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise Refused(422, f"`{name}` is no number.", "Load the page again.")
    return int(text)
