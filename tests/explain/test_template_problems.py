"""Where an editor marks a problem: in which file of the template, and at which line."""

from __future__ import annotations

import pytest

from runtime.containers.own_templates import Name
from runtime.errors import Problem
from runtime.explain.template_problems import marked, of_fault

NAME = Name("destination", "mine")
FOLDER = "templates/destinations/mine/"
MANIFEST = "id: mine\nkind: destination\nfields:\n  - id: a\n    type: words\n"


@pytest.mark.parametrize(
    ("path", "message", "place"),
    [
        (f"{FOLDER}destination.lua:3:7", "no", ("destination.lua", 3, 7)),
        (f"{FOLDER}destination.lua:3", "no", ("destination.lua", 3, 0)),
        (f"{FOLDER}modules/mine_x.lua:2:1", "no", ("modules/mine_x.lua", 2, 1)),
        (f"{FOLDER}manifest.yaml: fields.0.type", "no", ("manifest.yaml", 5, 5)),
        (f"{FOLDER}manifest.yaml: name", "this key is missing", ("manifest.yaml", 1, 1)),
        (f"{FOLDER}manifest.yaml", "line 4, column 2: no", ("manifest.yaml", 4, 2)),
        ("tags/destinations/mine/destination.lua:1:2", "no", ("destination.lua", 1, 2)),
        (f"{FOLDER}examples/gone.yaml: expect", "no", ("examples/gone.yaml", 0, 0)),
        ("tags.vendor.settings.a", "no", ("", 0, 0)),
        ("", "no", ("", 0, 0)),
    ],
)
def test_a_problem_has_its_place(path: str, message: str, place: tuple[str, int, int]) -> None:
    (found,) = marked([Problem(path, message)], NAME, {"manifest.yaml": MANIFEST})
    assert (found["file"], found["line"], found["column"]) == place
    assert FOLDER not in found["path"]


@pytest.mark.parametrize(
    ("message", "place"),
    [
        ("destination/mine:4: attempt to index a nil value", ("destination.lua", 4)),
        ("shared/mine_x:2: no", ("modules/mine_x.lua", 2)),
        ("shared/meta:2: no", None),
        ("the script ran more than 2000000 instructions", None),
    ],
)
def test_a_fault_of_a_run(message: str, place: tuple[str, int] | None) -> None:
    found = of_fault(message, NAME)
    assert (found and (found["file"], found["line"])) == place
