"""What all mappers share: the parts made so far, the ids given out, and what is known of the export as a whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from runtime.containers.gtm.entity import Entity
from runtime.containers.gtm.names import Ids
from runtime.containers.gtm.references import References
from runtime.containers.gtm.report import Report
from runtime.containers.gtm.stub_list import Stubs
from runtime.containers.gtm.tpl import CustomTemplate
from runtime.containers.gtm.vault import Vault
from runtime.containers.templates import Templates

PARTS = {"folder": "folders", "client": "clients", "tag": "tags", "trigger": "triggers", "variable": "variables",
         "builtInVariable": "variables", "transformation": "transformations"}  # fmt: skip
"""Part of the container by kind of entity."""
NO_VALUE = "gtm_no_value"
"""The own template of variables that have no counterpart."""
NEVER: dict[str, Any] = {"field": "event_name", "is": "exists", "not": True}
"""A condition that no event meets, since every event has a name."""


@dataclass
class Desk:
    """One import under way."""

    built_in: Templates
    report: Report
    vault: Vault
    entities: list[Entity]
    parts: dict[str, dict[str, dict[str, Any]]] = field(
        default_factory=lambda: {part: {} for part in dict.fromkeys(PARTS.values())}
    )
    """The container's parts, as container.yaml holds them."""
    files: dict[str, str] = field(default_factory=dict)
    """Own templates, text by path."""
    templates: list[CustomTemplate] = field(default_factory=list)
    uncertain: set[str] = field(default_factory=set)
    """Triggers of ours that never match because a condition could not be carried over."""
    references: References = field(init=False)
    stubs: Stubs = field(default_factory=Stubs)

    def __post_init__(self) -> None:
        self._ids = {part: Ids() for part in self.parts}
        self.ids = {
            (entity.kind, entity.position): self._ids[PARTS[entity.kind]].new(entity.name, _otherwise(entity))
            for entity in self.entities
            if entity.kind in PARTS
        }
        """The id of each entity that may become an instance, by kind and place."""

    def id(self, entity: Entity) -> str:
        """Returns the id of an entity of ours."""
        return self.ids[entity.kind, entity.position]

    def of(self, kind: str) -> list[Entity]:
        """Returns the entities of a kind, in the export's order."""
        return [entity for entity in self.entities if entity.kind == kind and entity.is_object]

    def has(self, kind: str, template: str) -> bool:
        """Tells whether there is a built-in template."""
        return self.built_in.get(kind, template) is not None

    def put(self, part: str, id: str, value: dict[str, Any]) -> str:
        """Adds an instance, without what says nothing; returns its path."""
        self.parts[part][id] = {key: given for key, given in value.items() if given not in (None, "", {}, [], ())}
        return f"{part}.{id}"

    def add(self, part: str, name: str, value: dict[str, Any], reason: str) -> str:
        """Adds an instance that no entity is, and tells of it; returns its id."""
        id = self._ids[part].new(name, part.removesuffix("s"))
        self.report.added.append((self.put(part, id, value), reason))
        return id

    def folder(self, entity: Entity) -> str:
        """Returns the folder of ours that an entity lies in, or ""."""
        wanted = entity.text("parentFolderId")
        folders = (self.id(folder) for folder in self.of("folder") if wanted and folder.id == wanted)
        return next((id for id in folders if id in self.parts["folders"]), "")

    def no_value(self, parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Returns a variable that never has a value and keeps what the export said."""
        kept = {key: part for key, part in self.references.described(parameters, fixed=True).items() if part}
        return {"template": NO_VALUE, "settings": {"parameters": kept} if kept else {}, **more}


def _otherwise(entity: Entity) -> str:
    """Returns the id of an entity without a usable name: by Tag Manager's id, which stays, else by its place."""
    digits = "".join(letter for letter in entity.id if letter.isascii() and letter.isalnum())
    return f"{entity.kind.lower()}-{digits[:20] or entity.position + 1}"
