"""Loads templates: one folder is one template, found by where it lies and never by a list.

`<kinds>/<id>/manifest.yaml` and `<kind>.lua`; shared Lua modules are `shared/<name>.lua` beside the kinds' folders. A
script that is too long for one file has modules of its own, `<kinds>/<id>/modules/<id>_<name>.lua`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

import orjson

import runtime
from runtime.containers.hints import suggest
from runtime.containers.interchange import parse_document, read_raw
from runtime.containers.named_settings import named_settings
from runtime.containers.patterns import check_pattern
from runtime.containers.shape import validated
from runtime.errors import ContainerInvalid, OperatorError, Problem
from runtime.model.manifest import KIND_FOLDERS, Manifest
from runtime.model.snapshot import Template

BUILT_IN = Path(runtime.__file__).parent.parent / "tags"
"""The templates that come with Firsthand; beside the package, in a checkout and in an installation alike."""

MAX_SCRIPT_BYTES = 256 * 1024

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Templates:
    """All templates that a container may name, and the shared Lua modules."""

    by_key: Mapping[str, Template]
    """By `Template.key`."""
    shared: Mapping[str, str]
    """Lua sources by module name."""
    built_in: frozenset[str] = frozenset()
    """Names of the shared modules that come with Firsthand."""

    def get(self, kind: str, id: str) -> Template | None:
        """Returns the template of that kind and id."""
        return self.by_key.get(f"{kind}/{id}")

    def ids(self, kind: str) -> list[str]:
        """Returns the ids of all templates of a kind, sorted."""
        return sorted(template.manifest.id for template in self.by_key.values() if template.manifest.kind == kind)

    def modules(self, names: Iterable[str]) -> dict[str, str]:
        """Returns the shared modules of these names that there are, and all that those mention in turn, sorted."""
        found: dict[str, str] = {}
        waiting = set(names)
        while waiting:
            found |= {name: self.shared[name] for name in waiting & self.shared.keys()}
            mentioned = {word for name in waiting & found.keys() for word in _WORD.findall(found[name])}
            waiting = mentioned & self.shared.keys() - found.keys()
        return dict(sorted(found.items()))


def load_templates(built_in: Path, *extra: Path) -> Templates:
    """Returns the templates of all folders; ContainerInvalid lists everything that is wrong with any of them.

    Extra folders may be absent. No folder may hold a template or a shared module that an earlier one holds.
    """
    if not built_in.is_dir():
        raise OperatorError(
            f"There is no folder {built_in}.", hint="Install Firsthand again: its templates are missing."
        )
    problems: list[Problem] = []
    by_key: dict[str, Template] = {}
    for folder in (built_in, *extra):
        for path in _template_folders(folder):
            _add(by_key, path, problems)
    shared = _shared(_module_files(built_in, *extra), problems)
    if problems:
        raise ContainerInvalid(problems)
    ours = frozenset(path.stem for path in _module_files(built_in))
    return Templates(MappingProxyType(by_key), MappingProxyType(shared), ours)


def load_shared(*folders: Path, template: Path | None = None) -> dict[str, str]:
    """Returns the Lua modules of libraries by name, and those of one template's folder that lies in none of them;
    ContainerInvalid where one cannot be used."""
    problems: list[Problem] = []
    shared = _shared([*_module_files(*folders), *_own_modules(template)], problems)
    if problems:
        raise ContainerInvalid(problems)
    return shared


def shared_beside(folder: Path) -> dict[str, str]:
    """Returns the modules that a template's folder can use: the built-in ones, those of the library that it lies in,
    and its own."""
    kinds = folder.resolve().parent
    library = kinds.parent
    if kinds.name not in KIND_FOLDERS.values():
        return load_shared(BUILT_IN, template=folder.resolve())
    return load_shared(BUILT_IN) if library == BUILT_IN.resolve() else load_shared(BUILT_IN, library)


def load_template(folder: Path) -> Template:
    """Returns the template of one folder, wherever it lies and whatever it is called.

    ContainerInvalid lists what is wrong with it; OperatorError where there is no manifest.
    """
    manifest = _manifest(folder)
    problems = _in_file(folder, _field_problems(manifest))
    source = _script(folder / f"{manifest.kind}.lua", problems)
    if problems:
        raise ContainerInvalid(problems)
    return Template(manifest, source, template_hash(manifest, source))


def _manifest(folder: Path) -> Manifest:
    try:
        return _manifest_of(read_raw(folder / "manifest.yaml"))
    except ContainerInvalid as error:
        raise ContainerInvalid(_in_file(folder, error.problems)) from error


@lru_cache(maxsize=512)
def _manifest_of(raw: bytes) -> Manifest:
    """Returns the manifest of a document. Remembered, because every check of a draft reads all of them."""
    data, problems = parse_document(raw)
    manifest, more = validated(Manifest, data)
    if manifest is None or problems:
        raise ContainerInvalid([*problems, *more])
    return manifest


def template_hash(manifest: Manifest, source: str) -> str:
    """Returns SHA-256 of manifest and script. Comments and defaults of the manifest do not count."""
    plain = manifest.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    content = orjson.dumps([plain, source], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(content).hexdigest()


def _template_folders(folder: Path) -> Iterable[Path]:
    for kinds in KIND_FOLDERS.values():
        yield from sorted(path for path in (folder / kinds).glob("*/") if not path.name.startswith((".", "_")))


def _add(by_key: dict[str, Template], folder: Path, problems: list[Problem]) -> None:
    try:
        template = load_template(folder)
    except ContainerInvalid as error:
        problems.extend(error.problems)
        return
    except OperatorError as error:
        problems.append(Problem(str(folder), error.message, "a template's folder holds manifest.yaml and a script"))
        return
    misplaced = _misplaced(folder, template.manifest)
    if misplaced:
        problems.extend(_in_file(folder, misplaced))
    elif template.key in by_key:
        problems.append(Problem(str(folder), "a template of this kind and id exists already", "choose another id"))
    else:
        by_key[template.key] = template


def _module_files(*folders: Path) -> Iterable[Path]:
    for folder in folders:
        yield from sorted((folder / "shared").glob("*.lua"))
        for template in _template_folders(folder):
            yield from _own_modules(template)


def _own_modules(template: Path | None) -> Iterable[Path]:
    return sorted((template / "modules").glob("*.lua")) if template else ()


def _shared(files: Iterable[Path], problems: list[Problem]) -> dict[str, str]:
    shared: dict[str, str] = {}
    for path in files:
        problems += _name_problems(path, shared)
        shared[path.stem] = _script(path, problems)
    return shared


def _name_problems(path: Path, taken: Iterable[str]) -> Iterable[Problem]:
    prefix = f"{path.parent.parent.name}_" if path.parent.name == "modules" else ""
    if not _WORD.fullmatch(path.stem):
        yield Problem(str(path), "scripts cannot name this module", "use letters, digits and `_`")
    if not path.stem.startswith(prefix):
        hint = f"call it {prefix}{path.stem}.lua: modules of all templates share their names"
        yield Problem(str(path), f"a module of this template is called `{prefix}...`", hint)
    if path.stem in taken:
        yield Problem(str(path), "a shared module of this name exists already", "choose another name")


def _misplaced(folder: Path, manifest: Manifest) -> list[Problem]:
    problems: list[Problem] = []
    if manifest.id != folder.name:
        message = f"`{manifest.id}` differs from the folder's name `{folder.name}`"
        problems.append(Problem("id", message, "make them equal"))
    if folder.parent.name != KIND_FOLDERS[manifest.kind]:
        message = f"a template of kind {manifest.kind} lies in {KIND_FOLDERS[manifest.kind]}/"
        problems.append(Problem("kind", message))
    return problems


def _field_problems(manifest: Manifest) -> list[Problem]:
    problems: list[Problem] = []
    seen: set[str] = set()
    for index, field in enumerate(manifest.fields):
        if field.id in seen:
            problems.append(Problem(f"fields.{index}.id", f"the field `{field.id}` stands here twice"))
        seen.add(field.id)
        if field.type == "choice" and not field.choices:
            problems.append(Problem(f"fields.{index}.choices", "a choice needs choices"))
        problems += check_pattern(f"fields.{index}.pattern", field.pattern or "")
    for name in sorted(named_settings(manifest) - seen):
        problems.append(Problem("", f"`{name}` is named as a setting and is not among the fields", suggest(name, seen)))
    return problems


def _in_file(folder: Path, problems: Iterable[Problem]) -> list[Problem]:
    file = folder / "manifest.yaml"
    return [
        Problem(f"{file}: {problem.path}".removesuffix(": "), problem.message, problem.hint) for problem in problems
    ]


def _script(path: Path, problems: list[Problem]) -> str:
    try:
        raw = path.read_bytes()
        source = raw.decode("utf-8")
    except OSError:
        problems.append(Problem(str(path), "this file is missing", "it holds the template's script"))
        return ""
    except UnicodeDecodeError:
        problems.append(Problem(str(path), "this file is not UTF-8", "save it as UTF-8"))
        return ""
    if len(raw) > MAX_SCRIPT_BYTES:
        problems.append(Problem(str(path), "the script is larger than 256 KB", "move what is shared to shared/"))
    return source
