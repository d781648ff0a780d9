"""A container's own templates as files of a draft: where each lies, how one begins, and how one is changed.

Text by path, like all files of a draft. Within a template, paths begin in its folder: `manifest.yaml`,
`destination.lua`, `modules/<id>_<name>.lua`, `examples/<name>.yaml`, `icon.svg`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files as resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import NamedTuple

from runtime.containers.check_scripts import OWN
from runtime.containers.files import Files
from runtime.containers.templates import BUILT_IN
from runtime.errors import OperatorError
from runtime.model.manifest import KIND_FOLDERS, Kind

ID = re.compile(r"[a-z][a-z0-9_]*")
LONGEST_ID = 60

_MARKS = ("TEMPLATE_ID", "TEMPLATE_NAME")
_ID_LINE = re.compile(r"^id:.*$", re.MULTILINE)


class Name(NamedTuple):
    """Kind and id of a template."""

    kind: Kind
    id: str

    @property
    def key(self) -> str:
        """`<kind>/<id>`, as everything else names it."""
        return f"{self.kind}/{self.id}"

    @property
    def folder(self) -> str:
        """Where it lies in a draft, with a slash at the end."""
        return f"{OWN}/{KIND_FOLDERS[self.kind]}/{self.id}/"

    @property
    def script(self) -> str:
        """The file of its script."""
        return f"{self.kind}.lua"


def named(kind: str, id: str) -> Name:
    """Returns a template's name; OperatorError where there is no such kind, or no template can have that id."""
    if kind not in KIND_FOLDERS:
        raise OperatorError(f"`{kind[:40]}` is no kind of template.", hint=f"It is one of {', '.join(KIND_FOLDERS)}.")
    if not ID.fullmatch(id) or len(id) > LONGEST_ID:
        hint = f"A small letter, then small letters, digits and `_`; at most {LONGEST_ID}."
        raise OperatorError(f"`{id[:LONGEST_ID]}` cannot be a template's id.", hint=hint)
    return Name(kind, id)


def own_templates(files: Files) -> list[Name]:
    """Returns the draft's own templates, as far as they have a folder, kinds in their order and ids sorted."""
    found = {tuple(path.split("/")[1:3]) for path in files if path.startswith(f"{OWN}/") and path.count("/") >= 3}
    return [
        Name(kind, id)
        for kind, folder in KIND_FOLDERS.items()
        for id in sorted(id for kinds, id in found if kinds == folder)
    ]


def own_files(files: Files, name: Name) -> dict[str, str]:
    """Returns the files of an own template; empty where there is none."""
    return {
        path.removeprefix(name.folder): text for path, text in sorted(files.items()) if path.startswith(name.folder)
    }


def built_in_files(name: Name) -> dict[str, str]:
    """Returns the files of a template that comes with Firsthand; empty where there is none."""
    folder = BUILT_IN / KIND_FOLDERS[name.kind] / name.id
    if not (folder / "manifest.yaml").is_file():
        return {}
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in _own_paths(folder)}


def with_template(files: Files, name: Name, content: Mapping[str, str]) -> dict[str, str]:
    """Returns a draft's files with these in the place of all those of the template; none = the template is removed."""
    kept = {path: text for path, text in files.items() if not path.startswith(name.folder)}
    return kept | {f"{name.folder}{path}": text for path, text in content.items()}


def scaffold_files(name: Name) -> dict[str, str]:
    """Returns what a new template begins with: manifest, script, icon, and examples that pass."""
    words = (name.id, name.id.replace("_", " ").capitalize())
    found = dict(_texts(resources("runtime.containers") / "scaffold" / name.kind, ""))
    for mark, word in zip(_MARKS, words, strict=True):
        found = {path: text.replace(mark, word) for path, text in found.items()}
    return found


def renamed(content: Mapping[str, str], old: str, new: str) -> dict[str, str]:
    """Returns a template's files under another id: its modules are named after it."""
    modules = [Path(path).stem for path in content if path.startswith("modules/")]
    own = [module for module in modules if module.startswith(f"{old}_")]
    names = re.compile(rf"\b(?:{'|'.join(map(re.escape, own))})\b") if own else None

    def with_names(text: str) -> str:
        return names.sub(lambda found: new + found[0].removeprefix(old), text) if names else text

    found = {with_names(path): with_names(text) for path, text in content.items()}
    return found | {"manifest.yaml": _ID_LINE.sub(f"id: {new}", found["manifest.yaml"], count=1)}


def _own_paths(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith((".", "_")))


def _texts(folder: Traversable, prefix: str) -> list[tuple[str, str]]:
    texts: list[tuple[str, str]] = []
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        if entry.is_dir():
            texts += _texts(entry, f"{prefix}{entry.name}/")
        else:
            texts.append((f"{prefix}{entry.name}", entry.read_text(encoding="utf-8")))
    return texts
