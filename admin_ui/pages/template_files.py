"""A template as its editor sees it: files in their order, and as the form sends them back."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from admin_ui.call import Call
from admin_ui.pages.container_draft import Opened, opened
from admin_ui.refusals import Refused
from runtime.containers.files import Files
from runtime.containers.own_templates import Name, built_in_files, named, own_files, scaffold_files, with_template
from runtime.errors import OperatorError, Problem

_MODES = {".lua": "lua", ".yaml": "yaml", ".json": "json"}
_FOLDERS = {"modules": ".lua", "examples": ".yaml"}
_STEM = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,80}")
_MODULE = "local {name} = {{}}\n\n\nreturn {name}\n"


class Sheet(NamedTuple):
    """One file."""

    path: str
    text: str
    mode: str
    """How it is coloured: lua, yaml, json or text."""
    folder: str
    """modules, examples, or "" for what has its one name."""
    stem: str
    """Its name within the folder, which can be changed."""


@dataclass(frozen=True)
class OpenTemplate:
    """One template at one revision of a draft."""

    draft: Opened
    name: Name
    is_own: bool
    files: Mapping[str, str]

    @property
    def address(self) -> str:
        """The path of its page."""
        return f"/w/{self.draft.workspace.name}/templates/{self.name.key}"

    @property
    def problems(self) -> list[Problem]:
        """What the draft's check says about its files."""
        return [each for each in self.draft.content.draft.problems if each.path.startswith(self.name.folder)]

    @property
    def users(self) -> list[str]:
        """The draft's parts that are made of it: `tags.meta`."""
        return self.draft.content.users(f"templates.{self.name.key}")

    @property
    def instances(self) -> list[str]:
        """Their ids."""
        return [part.partition(".")[2] for part in self.users]

    def draft_files(self, content: Mapping[str, str]) -> Files:
        """Returns the draft's files with these in the place of the template's."""
        files = self.draft.content.files
        return with_template(files, self.name, content) if self.is_own else files


def open_template(call: Call, revision: int | None = None) -> OpenTemplate:
    """Returns the template that the path names; OperatorError where there is none."""
    draft = opened(call, revision)
    name = named(call.params["kind"], call.params["id"])
    own = own_files(draft.content.files, name)
    files = own or built_in_files(name)
    if not files:
        hint = "The list of templates has those that there are."
        raise OperatorError(f"There is no {name.kind} template `{name.id}` here.", hint=hint)
    return OpenTemplate(draft, name, bool(own), files)


def sheets(name: Name, files: Mapping[str, str]) -> list[Sheet]:
    """Returns a template's files as its editor lists them: what one writes most comes first."""
    order = [name.script, "manifest.yaml"]
    first = [path for path in order if path in files]
    inner = [path for folder in _FOLDERS for path in sorted(files) if _folder_of(path) == folder]
    others = [path for path in sorted(files) if path not in {*first, *inner}]
    return [_sheet(path, files[path]) for path in (*first, *inner, *others)]


def examples_of(files: Mapping[str, str]) -> list[str]:
    """Returns the paths of a template's examples."""
    return [path for path in sorted(files) if _folder_of(path) == "examples"]


def sent_files(call: Call, name: Name, before: Mapping[str, str]) -> dict[str, str]:
    """Returns a template's files as a form has them, with what it adds. Refused where two would have one name.

    Browsers send every line end as two characters; a text that is otherwise as it was stays as it was.
    """
    found = list(_sent(call, before)) + [each for each in [_added(call, name)] if each]
    twice = [path for path, times in Counter(path for path, _ in found).items() if times > 1]
    if twice:
        raise Refused(422, f"Two files would be called {', '.join(twice)}.", "Give one of them another name.")
    return dict(found)


def _sent(call: Call, before: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    removed = set(call.form.get("remove", []))
    paths, stems, texts = (call.form.get(each, []) for each in ("path", "stem", "text"))
    if not len(paths) == len(stems) == len(texts):
        raise Refused(400, "This form is not whole.", "Load the page again.")
    for path, stem, text in zip(paths, stems, texts, strict=True):
        if path not in removed:
            plain, old = text.replace("\r\n", "\n"), before.get(path, "")
            yield _path(path, stem), old if old.replace("\r\n", "\n") == plain else plain


def _path(path: str, stem: str) -> str:
    folder = _folder_of(path)
    return _inner(folder, stem) if folder else path


def _inner(folder: str, stem: str) -> str:
    if not _STEM.fullmatch(stem.strip()):
        hint = "Letters, digits, `_`, `.`, `+` and `-`; the first one is none of the signs."
        raise Refused(422, f"`{stem[:80]}` cannot be the name of a file in {folder}/.", hint)
    return f"{folder}/{stem.strip()}{_FOLDERS[folder]}"


def added_path(call: Call) -> str:
    """Returns the path of the file that a form adds; "" where it adds none."""
    folder = call.value("add")
    return _inner(folder, call.value(f"new_{folder}")) if folder in _FOLDERS else ""


def _added(call: Call, name: Name) -> tuple[str, str] | None:
    path = added_path(call)
    if not path:
        return None
    if path.startswith("modules/"):
        return path, _MODULE.format(name="module")
    first = next(text for file, text in scaffold_files(name).items() if file.startswith("examples/"))
    return path, first


def _sheet(path: str, text: str) -> Sheet:
    folder = _folder_of(path)
    suffix = next((each for each in _MODES if path.endswith(each)), "")
    stem = path.removeprefix(f"{folder}/").removesuffix(_FOLDERS[folder]) if folder else path
    return Sheet(path, text, _MODES.get(suffix, "text"), folder, stem)


def _folder_of(path: str) -> str:
    folder, _, file = path.partition("/")
    return folder if folder in _FOLDERS and "/" not in file and file.endswith(_FOLDERS[folder]) else ""
