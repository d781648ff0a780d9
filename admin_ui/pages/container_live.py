"""What is live, to look at: there is no draft in which it could be changed."""

from __future__ import annotations

from typing import NamedTuple

from admin_ui.call import Call
from admin_ui.pages.container_draft import live_content
from admin_ui.pages.container_sections import SECTIONS, Section
from admin_ui.pages.parts_rows import PartRow, PartsAsked, rows
from runtime.store.control import Control


class Live(NamedTuple):
    """The live version."""

    number: int
    name: str
    sections: list[tuple[Section, list[PartRow]]]
    """Those that have parts."""


def live_sections(call: Call, control: Control) -> Live | None:
    """Returns what the live version holds; None where nothing is live."""
    found = live_content(call, control)
    if found is None:
        return None
    number, content = found
    listed = [(section, rows(content, section, PartsAsked())) for section in SECTIONS.values()]
    return Live(number, str(content.data.get("container", "")), [each for each in listed if each[1]])
