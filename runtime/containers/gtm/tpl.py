"""A template's text (.tpl): its sections, read as data. The JavaScript in it is kept as text and never run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from runtime.containers.gtm.entity import Entity, text_of
from runtime.model.manifest import Kind

_SECTION = re.compile(r"^___([A-Z_]+)___[ \t]*\r?$", re.MULTILINE)
_KINDS: dict[str, Kind] = {"TAG": "destination", "CLIENT": "client", "MACRO": "variable"}
_DEEPEST = 20


@dataclass(frozen=True)
class Declared:
    """A parameter as the template declares it."""

    name: str
    type: str
    label: str
    help: str


@dataclass
class CustomTemplate:
    """A custom or gallery template of the export."""

    entity: Entity
    kind: Kind | None
    """None where the text does not say."""
    title: str
    gallery: str
    """`owner/repository` in small letters, or ""."""
    modified: bool
    code: str
    permissions: str
    declared: list[Declared] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    """Sections that could not be read."""

    @property
    def types(self) -> set[str]:
        """The types by which instances refer to it."""
        reference = self.entity.raw.get("galleryReference")
        gallery_id = text_of(reference.get("galleryTemplateId")) if isinstance(reference, dict) else ""
        container, own = self.entity.text("containerId"), self.entity.id
        return {f"cvt_{part}" for part in (gallery_id, f"{container}_{own}" if own else "", own) if part}

    def answers_to(self, type: str) -> bool:
        """Tells whether an instance of that type is one of this template."""
        return type in self.types or bool(
            self.entity.id and re.fullmatch(rf"cvt_\d+_{re.escape(self.entity.id)}", type)
        )


def read_template(entity: Entity) -> CustomTemplate:
    """Returns what can be read of a template; never raises."""
    sections = _sections(entity.text("templateData"))
    unread: list[str] = []
    info = _json(sections, "INFO", dict, unread) or {}
    parameters = _json(sections, "TEMPLATE_PARAMETERS", list, unread) or []
    reference = entity.raw.get("galleryReference")
    gallery = reference if isinstance(reference, dict) else {}
    owner, repository = text_of(gallery.get("owner")), text_of(gallery.get("repository"))
    code = next((sections[name] for name in sections if name.startswith("SANDBOXED_JS")), "")
    return CustomTemplate(
        entity=entity,
        kind=_KINDS.get(text_of(info.get("type")).upper()),
        title=text_of(info.get("displayName")) or entity.name,
        gallery=f"{owner}/{repository}".lower() if owner and repository else "",
        modified=gallery.get("isModified") is True,
        code=code,
        permissions=sections.get("SERVER_PERMISSIONS", sections.get("WEB_PERMISSIONS", "")),
        declared=list(_declared(parameters, 0)),
        unread=unread,
    )


def _sections(text: str) -> dict[str, str]:
    parts = _SECTION.split(text)
    return {name: body.strip() for name, body in zip(parts[1::2], parts[2::2], strict=True)}


def _json(sections: dict[str, str], name: str, wanted: type, unread: list[str]) -> Any:
    try:
        found = orjson.loads(sections[name])
    except (KeyError, orjson.JSONDecodeError):
        unread.append(name)
        return None
    return found if isinstance(found, wanted) else None


def _declared(parameters: Any, depth: int) -> Iterator[Declared]:
    for each in parameters if isinstance(parameters, list) and depth < _DEEPEST else ():
        if not isinstance(each, dict):
            continue
        type, name = text_of(each.get("type")).upper(), text_of(each.get("name"))
        if name and type not in ("GROUP", "LABEL", ""):
            label = text_of(each.get("displayName")) or text_of(each.get("checkboxText")) or name
            yield Declared(name, type, label, text_of(each.get("help")))
        yield from _declared(each.get("subParams"), depth + 1)
        for choice in each["radioItems"] if isinstance(each.get("radioItems"), list) else ():
            if isinstance(choice, dict):
                yield from _declared(choice.get("subParams"), depth + 1)
