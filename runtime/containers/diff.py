"""What is different between two versions, or between one and a file: by instance and path, scripts as text.

Nothing is left out: two snapshots without a difference have the same bytes. What changed because another Firsthand
brings other built-in templates is told apart, for nobody wrote that.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import orjson

from runtime.containers.check_scripts import OWN, script_files
from runtime.containers.templates import Templates
from runtime.model.container import Container
from runtime.model.snapshot import Snapshot, Template

Kind = Literal["added", "removed", "changed", "reordered"]
PARTS = ("clients", "tags", "triggers", "variables", "transformations", "folders", "schemas")
"""The parts of a container that hold things by id; what was added to or removed from them is told whole."""


@dataclass(frozen=True)
class Change:
    """One place that differs."""

    change: Kind
    path: str
    """Dotted, as problems name places; in a template's file `file: path`."""
    before: Any = None
    after: Any = None
    text: str = ""
    """Unified diff, in place of before and after, where there are lines."""

    def as_dict(self) -> dict[str, Any]:
        """Returns what there is to say, as JSON types."""
        said: dict[str, Any] = {"change": self.change, "path": self.path}
        if self.text:
            return said | {"diff": self.text}
        if self.change != "added":
            said["before"] = self.before
        if self.change != "removed":
            said["after"] = self.after
        return said


@dataclass(frozen=True)
class Changes:
    """All that differs."""

    own: list[Change] = field(default_factory=list)
    built_in: list[Change] = field(default_factory=list)
    """What comes with this Firsthand: other code of built-in templates that both have."""

    def __bool__(self) -> bool:
        return bool(self.own or self.built_in)

    def as_dict(self) -> dict[str, Any]:
        """Returns both lists, as JSON types."""
        return {name: [each.as_dict() for each in vars(self)[name]] for name in ("own", "built_in")}


def compare(before: Snapshot | None, after: Snapshot) -> Changes:
    """Returns what changes from one to the other; from None, all is added."""
    changes = Changes(list(_containers(_plain(before), _plain(after))))
    for file, in_both, found in _files(before, after):
        if file.startswith(f"{OWN}/"):
            changes.own.extend(found)
        elif in_both:  # A built-in template that comes or goes does so with the instance that names it.
            changes.built_in.extend(found)
    if not changes and before and before.hash != after.hash:
        changes.built_in.append(Change("changed", "hash", before.hash, after.hash))
    return changes


def _plain(snapshot: Snapshot | None) -> dict[str, Any]:
    return snapshot.container.model_dump(mode="json", by_alias=True, exclude_defaults=True) if snapshot else {}


def _containers(before: dict[str, Any], after: dict[str, Any]) -> Iterator[Change]:
    for name in Container.model_fields:
        if name in PARTS:
            yield from walk(before.get(name, {}), after.get(name, {}), name)
        else:
            old, new = ({name: each[name]} if name in each else {} for each in (before, after))
            yield from walk(old, new)


def _files(before: Snapshot | None, after: Snapshot) -> Iterator[tuple[str, bool, Iterator[Change]]]:
    """Yields for each script its file, whether both have it, and what differs in it and its manifest."""
    old, new = (each.templates if each else {} for each in (before, after))
    old_shared, new_shared = (each.shared if each else {} for each in (before, after))
    file_of = script_files(Templates({**old, **new}, {**old_shared, **new_shared}))
    for key in sorted({*old, *new}):
        file = file_of(key)
        yield file, key in old and key in new, _template(file, old.get(key), new.get(key))
    for name in sorted({*old_shared, *new_shared}):
        file = file_of(f"shared/{name}")
        in_both = name in old_shared and name in new_shared
        yield file, in_both, _script(file, old_shared.get(name), new_shared.get(name))


def walk(before: Any, after: Any, path: str = "") -> Iterator[Change]:
    """Yields where two structures of JSON types differ. 1, 1.0 and true are three things, as in their bytes."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _maps(before, after, path)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from walk(old, new, _join(path, str(index)))
    elif orjson.dumps(before) != orjson.dumps(after):
        lines = isinstance(before, str) and isinstance(after, str) and "\n" in before + after
        yield Change("changed", path, before, after, unified(path, before, after) if lines else "")


def _maps(before: Mapping[str, Any], after: Mapping[str, Any], path: str) -> Iterator[Change]:
    for name in dict.fromkeys([*before, *after]):
        place = _join(path, name)
        if name not in after:
            yield Change("removed", place, before=before[name])
        elif name not in before:
            yield Change("added", place, after=after[name])
        else:
            yield from walk(before[name], after[name], place)
    both = before.keys() & after.keys()
    old, new = ([name for name in each if name in both] for each in (before, after))
    if old != new:
        yield Change("reordered", path, list(before), list(after))


def _template(script: str, before: Template | None, after: Template | None) -> Iterator[Change]:
    file = f"{script.rpartition('/')[0]}/manifest.yaml"
    old, new = (_manifest(each) for each in (before, after))
    if old and new:
        yield from (replace(each, path=f"{file}: {each.path}") for each in walk(old, new))
    else:
        yield Change("added" if new else "removed", file, old, new)
    yield from _script(script, before.source if before else None, after.source if after else None)


def _manifest(template: Template | None) -> dict[str, Any] | None:
    return template.manifest.model_dump(mode="json", by_alias=True, exclude_defaults=True) if template else None


def _script(file: str, before: str | None, after: str | None) -> Iterator[Change]:
    if before != after:
        change: Kind = "added" if before is None else "removed" if after is None else "changed"
        yield Change(change, file, before, after, unified(file, before or "", after or ""))


def unified(path: str, before: str, after: str) -> str:
    """Returns the difference of two texts line by line, with three lines around each."""
    names = (f"{path} (before)", f"{path} (after)")
    old, new = (each.split("\n") if each else [] for each in (before, after))
    return "\n".join(difflib.unified_diff(old, new, *names, lineterm=""))


def _join(path: str, part: str) -> str:
    return f"{path}.{part}" if path else part
