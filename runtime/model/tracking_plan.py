"""The tracking plan: what the data of an event should look like, and what becomes of an event that does not."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field as Declared

from runtime.model.part import Part


class EventSchema(Part):
    """What events of some names must look like, as JSON Schema (draft 2020-12, unless `$schema` names another).

    It is asked of the event data as tags see it, before any transformation: what the client made, and what was filled
    in from the hit.
    """

    events: tuple[str, ...] = ()
    """Event names; empty = every event."""
    json_schema: dict[str, Any] = Declared(alias="schema")
    on_violation: Literal["pass", "annotate", "dead_letter"] = "annotate"
    """pass: counted only · annotate: the event carries the list of its violations as `x-schema-violations` too ·
    dead_letter: no tag sees the event; it is listed, and can be replayed once the plan or the sender is mended."""
    folder: str = ""
    """A folder's id."""
    note: str = ""
