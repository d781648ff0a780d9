"""The stubs of an import, each with the entities that are its instances."""

from __future__ import annotations

from dataclasses import dataclass, field

from runtime.containers.gtm.entity import Entity
from runtime.containers.gtm.names import Ids
from runtime.containers.gtm.tpl import CustomTemplate
from runtime.model.manifest import Kind


@dataclass
class Stub:
    """One template without a counterpart, with all of its instances."""

    id: str
    kind: Kind
    title: str
    template: CustomTemplate | None
    """None where the export does not hold it."""
    instances: list[Entity] = field(default_factory=list)


@dataclass
class Stubs:
    """All stubs of an import, by kind and by what they stand for."""

    by_key: dict[tuple[Kind, str], Stub] = field(default_factory=dict)
    ids: Ids = field(default_factory=lambda: Ids(joint="_"))

    def of(self, kind: Kind, key: str, title: str, template: CustomTemplate | None) -> Stub:
        """Returns the stub of a template, a new one where there is none yet."""
        if (kind, key) not in self.by_key:
            self.by_key[kind, key] = Stub(self.ids.new(f"gtm {title}", "gtm_template"), kind, title, template)
        return self.by_key[kind, key]
