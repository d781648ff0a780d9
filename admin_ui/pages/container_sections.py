"""The sections of a container: what each is called, which model its parts have, and whose templates they use."""

from __future__ import annotations

from typing import NamedTuple

from runtime.model.container import Client, Folder, Tag, Transformation, Trigger, Variable
from runtime.model.manifest import Kind
from runtime.model.part import Part
from runtime.model.tracking_plan import EventSchema


class Section(NamedTuple):
    """One list of parts."""

    key: str
    """As in container.yaml and in addresses."""
    title: str
    one: str
    """What one of its parts is called."""
    model: type[Part]
    kind: Kind | None
    """Of the templates that its parts are made of; None where they are made of none."""
    about: str
    """What such parts are for, said where there are none."""

    @property
    def has_uses(self) -> bool:
        """Whether other parts name its parts."""
        return self.key in ("tags", "triggers", "variables", "folders")

    @property
    def can_pause(self) -> bool:
        """Whether its parts can be paused, or only build what they would send."""
        return self.key == "tags"


_ALL = (
    Section(
        "clients", "Clients", "client", Client, "client",
        "A client claims requests and makes events of them. Add the one that reads what your pixel or shop sends.",
    ),
    Section(
        "tags", "Tags", "tag", Tag, "destination",
        "A tag sends events to a destination when one of its triggers matches. Add one for each place to send to.",
    ),
    Section(
        "triggers", "Triggers", "trigger", Trigger, None,
        "A trigger says for which events a tag fires. Add one, and name it in a tag.",
    ),
    Section(
        "variables", "Variables", "variable", Variable, "variable",
        "A variable is a named value of an event or its request. Settings and conditions name it as {{variable}}.",
    ),
    Section(
        "transformations", "Transformations", "transformation", Transformation, "transformation",
        "A transformation changes, removes or hashes fields of events before tags see them.",
    ),
    Section(
        "schemas", "Schemas", "schema", EventSchema, None,
        "A schema says what events should look like. What breaks it is counted, marked or held back.",
    ),
    Section(
        "folders", "Folders", "folder", Folder, None,
        "A folder keeps parts together for people; it changes nothing that happens.",
    ),
)  # fmt: skip

SECTIONS: dict[str, Section] = {section.key: section for section in _ALL}
