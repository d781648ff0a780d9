"""The rows of a section's list: what each part is in a few words, how it stands, and which rows were asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import orjson
from pydantic import BaseModel, Field

from admin_ui.pages.container_draft import Content
from admin_ui.pages.container_sections import Section
from runtime.model.manifest import Manifest
from runtime.text.secrets import is_reference

Part = dict[str, Any]
Status = Literal["", "paused", "dry_run", "problems", "unused"]
LISTED = 3


class PartsAsked(BaseModel):
    """Which parts to list. Everything given must hold."""

    q: str = Field("", max_length=200, description="Stands somewhere in the part: its name, note, settings.")
    folder: str = Field("", max_length=64)
    template: str = Field("", max_length=100)
    status: Status = ""


class PartRow(BaseModel):
    """One part in a list."""

    id: str
    template: str
    template_name: str
    facts: list[str] = Field(description="What it is, in a few words.")
    folder: str
    note: str
    states: list[Status] = Field(description="paused, dry_run, problems, unused.")
    errors: int
    warnings: int
    used_by: int = Field(description="Parts that name it.")


def rows(content: Content, section: Section, asked: PartsAsked) -> list[PartRow]:
    """Returns the rows that were asked for, in the order in which people look for them."""
    parts = content.parts(section.key).items()
    found = [row_of(content, section, id, part) for id, part in parts if not asked.q or _holds(id, part, asked.q)]
    return sorted((row for row in found if _is_asked(row, asked)), key=lambda row: _place(content, section, row))


def row_of(content: Content, section: Section, id: str, part: Part) -> PartRow:
    """Returns a part's row."""
    manifest = manifest_of(content, section, part)
    problems = content.problems.get(f"{section.key}.{id}", ())
    errors = sum(problem.severity == "error" for problem in problems)
    users = len(content.users(f"{section.key}.{id}"))
    template = _text(part, "template")
    states: list[Status] = [name for name in ("paused", "dry_run") if part.get(name) is True]
    states += ["problems"] if problems else []
    if section.has_uses and section.key != "tags" and not users and content.draft.container is not None:
        states.append("unused")
    return PartRow(
        id=id, template=template, template_name=manifest.name if manifest else template,
        facts=list(_FACTS[section.key](part, manifest, content, id)), folder=_text(part, "folder"),
        note=_text(part, "note"), states=states, errors=errors, warnings=len(problems) - errors, used_by=users,
    )  # fmt: skip


def manifest_of(content: Content, section: Section, part: Part) -> Manifest | None:
    """Returns the manifest of a part's template; None where it has none, or one that is not known."""
    if section.kind is None:
        return None
    template = content.templates.get(section.kind, _text(part, "template"))
    return template.manifest if template else None


def _holds(id: str, part: Part, words: str) -> bool:
    text = f"{id} {orjson.dumps(part).decode()}".lower()
    return all(word in text for word in words.lower().split())


def _is_asked(row: PartRow, asked: PartsAsked) -> bool:
    return (
        asked.folder in ("", row.folder)
        and asked.template in ("", row.template)
        and (not asked.status or asked.status in row.states)
    )


def _place(content: Content, section: Section, row: PartRow) -> tuple[float, str]:
    """Sorts by name; what is asked in an order of its own, by that."""
    part = content.parts(section.key)[row.id]
    if section.key == "clients":
        return -_number(part, "priority", 100), row.id.lower()
    return _number(part, "order", 0) if section.key == "transformations" else 0, row.id.lower()


def _number(part: Part, key: str, default: float) -> float:
    value = part.get(key, default)
    return value if isinstance(value, int | float) else default


def _text(part: Part, key: str) -> str:
    value = part.get(key)
    return value if isinstance(value, str) else ""


def _list(part: Part, key: str) -> list[str]:
    value = part.get(key)
    return [str(each) for each in value] if isinstance(value, list) else []


def _few(names: list[str]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return f"{', '.join(names[:LISTED])}{more}"


def _client(part: Part, manifest: Manifest | None, content: Content, id: str) -> Iterator[str]:
    field = manifest.field("paths") if manifest else None
    paths = _list(_settings(part), "paths") or list(field.default or () if field else ())
    yield _few([str(path) for path in paths]) or "no path"
    yield f"priority {_number(part, 'priority', 100):g}"


def _tag(part: Part, manifest: Manifest | None, content: Content, id: str) -> Iterator[str]:
    triggers, exceptions = _list(part, "triggers"), _list(part, "exceptions")
    yield f"on {_few(triggers)}" if triggers else "fires never: it has no trigger"
    if exceptions:
        yield f"not on {_few(exceptions)}"


def _trigger(part: Part, manifest: Manifest | None, content: Content, id: str) -> Iterator[str]:
    yield said(part) or "every event"


def said(group: Any, depth: int = 0) -> str:
    """Returns a group of conditions in words, cut where it goes deep."""
    if not isinstance(group, dict) or depth > LISTED:
        return "…"
    if "is" in group:
        return _condition(group)
    words = {"all": " and ", "any": " or ", "not": " or "}
    found = []
    for key, word in words.items():
        members = group.get(key)
        if isinstance(members, list) and members:
            more = " …" if len(members) > LISTED else ""
            inner = word.join(said(member, depth + 1) for member in members[:LISTED]) + more
            found.append(f"not ({inner})" if key == "not" else f"({inner})" if depth and len(members) > 1 else inner)
    return " and ".join(found)


def _condition(condition: Part) -> str:
    what = _text(condition, "field") or f"{{{{{_text(condition, 'variable')}}}}}"
    value = "" if "value" not in condition else f" {orjson.dumps(condition['value']).decode()[:40]}"
    return f"{what} {'not ' if condition.get('not') is True else ''}{condition['is']}{value}"


def _instance(part: Part, manifest: Manifest | None, content: Content, id: str) -> Iterator[str]:
    for name, value in list(_settings(part).items())[:LISTED]:
        field = manifest.field(name) if manifest else None
        text = value if isinstance(value, str) else orjson.dumps(value).decode()
        if field and "secret" in (field.type, field.items) and not is_reference(value):
            text = "(hidden)"
        yield f"{name}: {text[:60]}{'…' if len(text) > 60 else ''}"


def _transformation(part: Part, manifest: Manifest | None, content: Content, id: str) -> Iterator[str]:
    tags, triggers = _list(part, "tags"), _list(part, "triggers")
    yield f"for {_few(tags)}" if tags else "for all tags"
    if triggers:
        yield f"on {_few(triggers)}"
    yield from _instance(part, manifest, content, id)


def _schema(part: Part, manifest: Manifest | None, content: Content, id: str) -> Iterator[str]:
    yield _few(_list(part, "events")) or "every event"
    yield {"pass": "counts only", "dead_letter": "holds back"}.get(_text(part, "on_violation"), "marks")


def _folder(part: Part, manifest: Manifest | None, content: Content, id: str) -> Iterator[str]:
    counts: dict[str, int] = {}
    for user in content.users(f"folders.{id}"):
        counts[user.partition(".")[0]] = counts.get(user.partition(".")[0], 0) + 1
    yield ", ".join(f"{count} {section}" for section, count in counts.items()) or "empty"


def _settings(part: Part) -> Part:
    value = part.get("settings")
    return value if isinstance(value, dict) else {}


_FACTS = {
    "clients": _client, "tags": _tag, "triggers": _trigger, "variables": _instance,
    "transformations": _transformation, "schemas": _schema, "folders": _folder,
}  # fmt: skip
