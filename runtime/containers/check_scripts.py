"""Checks the scripts of the templates that a container uses. What runs one is handed in: containers know no Lua."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from runtime.containers.hints import suggest
from runtime.containers.snapshot import instances
from runtime.containers.templates import BUILT_IN, Templates
from runtime.errors import Problem
from runtime.model.container import Container
from runtime.model.manifest import KIND_FOLDERS
from runtime.model.snapshot import Template

ScriptCheck = Callable[[Template], list[Problem]]
"""Returns what is wrong with a template's script and the shared modules that it uses."""
MakeScriptCheck = Callable[[Mapping[str, str], Callable[[str], str]], ScriptCheck]
"""Makes a check, given the shared modules' sources and what names the file of a script."""

OWN = "templates"
"""Folder of a container's own templates, beside its file."""


def check_scripts(container: Container, templates: Templates, make: MakeScriptCheck | None) -> Iterator[Problem]:
    """Yields what is wrong with each script in use, by its file, line and column; without `make`, only what lacks."""
    first_use: dict[str, tuple[str, Template]] = {}
    for kind, path, instance in instances(container):
        template = templates.get(kind, instance.template)
        if template is not None:
            first_use.setdefault(template.key, (f"{path}.template", template))
    script_check = make(templates.shared, script_files(templates)) if make else None
    for path, template in first_use.values():
        yield from _missing_modules(path, template, templates)
        if script_check is not None:
            yield from script_check(template)


def script_files(templates: Templates) -> Callable[[str], str]:
    """Returns what gives the file of a script or a module, as messages name it, by the script's name.

    For `destination/x` that is `templates/destinations/x/destination.lua`, or the same beneath the built-in templates.
    """

    def file_of(name: str) -> str:
        kind, _, id = name.partition("/")
        files = [_script_file(kind, id)] if kind != "shared" else _module_files(id, templates)
        built_in = next((file for file in files if Path(BUILT_IN, file).is_file()), None)
        return f"{OWN}/{files[0]}" if built_in is None else f"{BUILT_IN.name}/{built_in}"

    return file_of


def _script_file(kind: str, id: str) -> str:
    folder = next(folder for known, folder in KIND_FOLDERS.items() if known == kind)
    return f"{folder}/{id}/{kind}.lua"


def _module_files(name: str, templates: Templates) -> list[str]:
    """Returns where a module may lie: with the template whose id its name begins with, else among the shared ones."""
    owners = [each.manifest for each in templates.by_key.values() if name.startswith(f"{each.manifest.id}_")]
    own = [f"{KIND_FOLDERS[owner.kind]}/{owner.id}/modules/{name}.lua" for owner in owners if name in owner.shared]
    return [*own, f"shared/{name}.lua"]


def _missing_modules(path: str, template: Template, templates: Templates) -> Iterator[Problem]:
    for module in template.manifest.shared:
        if module not in templates.shared:
            message = f"`{template.manifest.id}` uses the shared module `{module}`, which does not exist"
            yield Problem(path, message, suggest(module, templates.shared))
