"""Problems of one template as its editor marks them: by file of its folder, line and column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TypedDict

from runtime.containers.own_templates import Name
from runtime.containers.templates import BUILT_IN
from runtime.containers.yaml_places import place_of
from runtime.errors import Problem
from runtime.model.manifest import KIND_FOLDERS

_PATH = re.compile(r"(?P<file>[^:]*)(?::(?P<line>\d+))?(?::(?P<column>\d+))?(?:: ?(?P<inside>.*))?", re.DOTALL)
_WORDS = re.compile(r"line (?P<line>\d+)(?:, column (?P<column>\d+))?: ")
_FAULT = re.compile(r"(?P<script>[\w/]+):(?P<line>\d+): (?P<text>.*)", re.DOTALL)


class Marked(TypedDict):
    """One problem. Line and column count from 1; 0 = the problem has no place in the file."""

    file: str
    """Within the template's folder; "" where it lies elsewhere in the draft."""
    line: int
    column: int
    path: str
    """As the command line tells it."""
    message: str
    hint: str
    severity: str


def marked(problems: Iterable[Problem], name: Name, files: Mapping[str, str]) -> list[Marked]:
    """Returns problems with their places in a template's files, which are given by their paths in its folder."""
    return [_marked(problem, name, files) for problem in problems]


def of_fault(message: str, name: Name) -> Marked | None:
    """Returns a fault of a run as a problem, where its message tells a line of the script or of a module of its own."""
    found = _FAULT.match(message)
    if found is None:
        return None
    script = found["script"]
    own = script.startswith(f"shared/{name.id}_")
    if script != name.key and not own:
        return None
    file = f"modules/{script.removeprefix('shared/')}.lua" if own else name.script
    return _told(file, int(found["line"]), 0, f"{file}:{found['line']}", Problem("", found["text"]))


def _marked(problem: Problem, name: Name, files: Mapping[str, str]) -> Marked:
    found = _PATH.match(problem.path)
    assert found is not None
    path = found["file"]
    for folder in (name.folder, f"{BUILT_IN.name}/{KIND_FOLDERS[name.kind]}/{name.id}/"):
        if path.startswith(folder):
            file = path.removeprefix(folder)
            line, column = int(found["line"] or 0), int(found["column"] or 0)
            if not line:
                line, column = _in_words(problem.message) or place_of(files.get(file, ""), found["inside"] or "")
            return _told(file, line, column, problem.path.replace(folder, ""), problem)
    return _told("", 0, 0, problem.path, problem)


def _in_words(message: str) -> tuple[int, int] | None:
    found = _WORDS.match(message)
    return (int(found["line"]), int(found["column"] or 0)) if found else None


def _told(file: str, line: int, column: int, path: str, problem: Problem) -> Marked:
    return {
        "file": file, "line": line, "column": column, "path": path, "message": problem.message, "hint": problem.hint,
        "severity": problem.severity,
    }  # fmt: skip
