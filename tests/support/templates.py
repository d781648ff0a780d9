"""The built-in templates, one by one, and a runner of their examples."""

from __future__ import annotations

import atexit
import tempfile
from functools import lru_cache
from pathlib import Path

from runtime.cli.new_template import make_template
from runtime.containers.templates import BUILT_IN, Templates, load_shared, load_template
from runtime.edge.rehearsal import rehearse
from runtime.explain.examples import ExampleRunner
from runtime.model.manifest import KIND_FOLDERS


def template_folders() -> list[Path]:
    """Returns the folder of every built-in template."""
    folders = [path for name in KIND_FOLDERS.values() for path in sorted((BUILT_IN / name).glob("*/"))]
    return [path for path in folders if not path.name.startswith((".", "_"))]


@lru_cache
def scaffold_folders() -> tuple[Path, ...]:
    """Returns a folder of each kind as `firsthand new-template` makes it; they go when the process ends."""
    library = tempfile.TemporaryDirectory()
    atexit.register(library.cleanup)
    for kind, kinds in KIND_FOLDERS.items():
        make_template(kind, "scaffold", Path(library.name, kinds))
    return tuple(Path(library.name, kinds, "scaffold") for kinds in KIND_FOLDERS.values())


def name_of(folder: Path) -> str:
    """Returns what a test calls a template: its kind's folder and its id."""
    return f"{folder.parent.name}/{folder.name}"


def shared_modules() -> dict[str, str]:
    """Returns the Lua sources of the shared modules, and of the templates' own ones, by name."""
    return load_shared(BUILT_IN)


def templates_of(*folders: Path) -> Templates:
    """Returns the templates of some folders, whatever state the others are in."""
    loaded = [load_template(folder) for folder in folders]
    shared = shared_modules()
    return Templates({template.key: template for template in loaded}, shared, frozenset(shared))


@lru_cache
def runner_for(folder: Path) -> ExampleRunner:
    """Returns a runner of one template's examples."""
    return ExampleRunner(templates_of(folder), rehearse)
