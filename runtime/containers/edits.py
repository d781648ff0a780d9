"""Edits of a draft, part by part, as an editor makes them: what one page or one command changes, and no more.

They take files and return files. The text of container.yaml keeps the order and the comments that it had.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any, Literal, TypeAlias

from runtime.containers.export import CONTAINER
from runtime.containers.files import Files
from runtime.containers.hints import suggest
from runtime.containers.interchange import parse_document
from runtime.containers.yaml_edit import rename_key, rewrite
from runtime.errors import ContainerInvalid, OperatorError
from runtime.text.references import is_id, rename_variable

Path: TypeAlias = str | Sequence[str]
"""Keys from the top, as a sequence, or with dots between them: `tags.meta`, `tags.meta.settings.pixel_id`."""

Kind = Literal["clients", "tags", "triggers", "variables", "transformations", "folders", "schemas"]


def container_data(files: Files) -> dict[str, Any]:
    """Returns what container.yaml says, JSON types only; ContainerInvalid where it cannot be read."""
    data, problems = parse_document(files.get(CONTAINER, "").encode("utf-8", "surrogatepass"))
    if problems:
        raise ContainerInvalid(problems)
    return data if isinstance(data, dict) else {}


def with_data(files: Files, data: Mapping[str, Any]) -> dict[str, str]:
    """Returns the files with a container.yaml that says this."""
    return {**files, CONTAINER: rewrite(files.get(CONTAINER, ""), data)}


def set_part(files: Files, path: Path, value: Any) -> dict[str, str]:
    """Returns the files with a value at a path of container.yaml; maps on the way to it are made.

    OperatorError where something else than a map lies on the way.
    """
    data = deepcopy(container_data(files))
    *way, last = _keys(path)
    _holder(data, way, make=True)[last] = value
    return with_data(files, data)


def remove_part(files: Files, path: Path) -> dict[str, str]:
    """Returns the files without what lies at a path of container.yaml; OperatorError where nothing does."""
    data = deepcopy(container_data(files))
    *way, last = _keys(path)
    holder = _holder(data, way)
    if last not in holder:
        raise _nothing([*way, last], holder)
    del holder[last]
    return with_data(files, data)


def rename_part(files: Files, kind: Kind, old: str, new: str) -> dict[str, str]:
    """Returns the files with a part called otherwise, and with the new name wherever something names it.

    OperatorError where there is no such part, the new name is taken, or it is no name.
    """
    data = deepcopy(container_data(files))
    parts = _holder(data, [kind])
    if old not in parts:
        raise _nothing([kind, old], parts)
    if new in parts or not is_id(new):
        why = "exists already" if new in parts else "cannot be a name: a letter, then letters, digits, `_` and `-`"
        raise OperatorError(f"{kind}.{new} {why}.", hint="Choose another name.")
    renamed = {**files, CONTAINER: rename_key(files[CONTAINER], (kind, old), new)}
    data[kind] = {new if id == old else id: part for id, part in parts.items()}
    _RENAMED[kind](data, lambda name: new if name == old else name)
    return with_data(renamed, data)


Rename: TypeAlias = Callable[[Any], Any]


def _nowhere(data: dict[str, Any], name: Rename) -> None:
    """Nothing names a part of this kind."""


def _in_folders(data: dict[str, Any], name: Rename) -> None:
    for parts in data.values():
        for part in _maps(parts):
            _one(part, "folder", name)


def _in_triggers(data: dict[str, Any], name: Rename) -> None:
    for part in (*_maps(data.get("tags")), *_maps(data.get("transformations"))):
        for key in ("triggers", "exceptions"):
            _each(part, key, name)


def _in_tags(data: dict[str, Any], name: Rename) -> None:
    for part in _maps(data.get("transformations")):
        _each(part, "tags", name)
    for part in _maps(data.get("tags")):
        for role in ("setup", "teardown"):
            if isinstance(part.get(role), dict):
                _one(part[role], "tag", name)


def _in_variables(data: dict[str, Any], name: Rename) -> None:
    for trigger in _maps(data.get("triggers")):
        _in_conditions(trigger, name)
    for kind in ("tags", "variables", "transformations"):
        for part in _maps(data.get(kind)):
            if "settings" in part:
                part["settings"] = _in_texts(part["settings"], lambda text: rename_variable(text, name))


def _in_conditions(group: dict[str, Any], name: Rename) -> None:
    _one(group, "variable", name)
    for key in ("all", "any", "not"):
        members = group.get(key)
        for member in members if isinstance(members, list) else ():
            if isinstance(member, dict):
                _in_conditions(member, name)


_RENAMED: dict[str, Callable[[dict[str, Any], Rename], None]] = {
    "clients": _nowhere,
    "schemas": _nowhere,
    "transformations": _nowhere,
    "folders": _in_folders,
    "triggers": _in_triggers,
    "tags": _in_tags,
    "variables": _in_variables,
}


def _in_texts(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_in_texts(part, change) for part in value]
    return {key: _in_texts(part, change) for key, part in value.items()} if isinstance(value, dict) else value


def _one(part: dict[str, Any], key: str, name: Rename) -> None:
    if isinstance(part.get(key), str):
        part[key] = name(part[key])


def _each(part: dict[str, Any], key: str, name: Rename) -> None:
    if isinstance(part.get(key), list):
        part[key] = [name(each) for each in part[key]]


def _maps(parts: Any) -> list[dict[str, Any]]:
    return [part for part in parts.values() if isinstance(part, dict)] if isinstance(parts, dict) else []


def _keys(path: Path) -> list[str]:
    keys = path.split(".") if isinstance(path, str) else list(path)
    if not all(keys) or not keys:
        raise OperatorError(f"`{'.'.join(keys)}` is no path.", hint="Name a place: tags.meta.settings.pixel_id")
    return keys


def _holder(data: dict[str, Any], way: list[str], *, make: bool = False) -> dict[str, Any]:
    """Returns the map at the end of a way."""
    for place, key in enumerate(way):
        if make and data.get(key) is None:
            data[key] = {}
        inner = data.get(key)
        if not isinstance(inner, dict):
            raise _nothing(way[: place + 1], data) if key not in data else _no_map(way[: place + 1])
        data = inner
    return data


def _no_map(way: list[str]) -> OperatorError:
    return OperatorError(f"{'.'.join(way)} is no map, so nothing lies in it.", hint="Set it as a whole.")


def _nothing(way: list[str], holder: Mapping[str, Any]) -> OperatorError:
    return OperatorError(f"There is no {'.'.join(way)}.", hint=suggest(way[-1], holder))
