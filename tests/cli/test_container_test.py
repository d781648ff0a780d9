"""`firsthand container test`: which templates it runs, how it tells what differs, and its exit code."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from runtime.cli.container import app
from runtime.cli.new_template import make_template
from runtime.containers.templates import BUILT_IN

CONTAINER = """
container: shop
domains: [shop.example]
consent: {default: granted}
clients:
  json: {template: json_event}
tags:
  orders:
    template: webhook
    settings: {endpoint: "https://erp.shop.example/hook"}
    triggers: [all]
triggers:
  all: {all: []}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A container that uses two built-in templates, and has one of its own that nothing uses."""
    file = tmp_path / "container.yaml"
    file.write_text(CONTAINER)
    make_template("variable", "mine", tmp_path / "templates/variables")
    (tmp_path / "templates/variables/mine/examples/no_value.yaml").unlink()
    return file


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["test", *map(str, arguments)])
    return result.exit_code, result.output


def run_json(*arguments: object) -> tuple[int, dict[str, Any]]:
    code, output = run(*arguments, "--json")
    return code, json.loads(output)


def example(file: Path) -> Path:
    """The example of the container's own variable."""
    return next((file.parent / "templates/variables/mine/examples").glob("*.yaml"))


def test_own_templates_and_those_in_use_are_tested(file: Path) -> None:
    code, output = run(file)
    assert code == 0
    lines = output.splitlines()
    assert [line.split()[:2] for line in lines[:-1]] == [
        ["ok", "variable/mine"],
        ["ok", "client/json_event"],
        ["ok", "destination/webhook"],
    ]
    assert lines[-1].endswith("examples of 3 templates passed")
    assert run(file.parent) == (0, output)


def test_all_built_in_templates_are_tested_where_that_is_asked_for(file: Path) -> None:
    count = len([path for path in BUILT_IN.glob("*/*/manifest.yaml") if path.is_file()])
    _, printed = run_json(file, "--all")
    assert len(printed["templates"]) == count + 1


def test_one_folder_is_tested_alone(tmp_path: Path) -> None:
    code, output = run(BUILT_IN / "variables/bot")
    assert code == 0
    assert output.splitlines() == ["ok    variable/bot  3 examples", "3 examples of 1 template passed"]
    copy = tmp_path / "anywhere"
    shutil.copytree(BUILT_IN / "variables/event_field", copy)
    assert run(copy)[0] == 0


def test_what_differs_is_told_by_its_leaves(file: Path) -> None:
    folder = file.parent / "templates/variables/mine"
    shutil.rmtree(folder / "examples")
    (folder / "examples").mkdir()
    (folder / "variable.lua").write_text(
        'return { resolve = function() return { kept = 1, price = "12.5", items = { "b", "c" }, more = true } end }'
    )
    (folder / "examples/a.yaml").write_text(
        'title: A\nevent: {event_name: a, value: "x\\e[0m"}\n'
        "expect: {value: {kept: 1, price: 12.5, items: [a, b, c], gone: {deep: [1]}}}\n"
    )
    code, output = run(folder)
    assert code == 1
    assert output.splitlines() == [
        "FAIL  variable/mine  1 of 1 example failed",
        "      examples/a.yaml (A)",
        "        expect.value.price",
        "          expected  12.5",
        '          actual    "12.5"',
        "        expect.value.items.0",
        '          expected  "a"',
        "          actual    (absent)",
        "        expect.value.gone",
        '          expected  {"deep": [1]}',
        "          actual    (absent)",
        "        expect.value.more",
        "          expected  (absent)",
        "          actual    true",
        "1 of 1 example of 1 template failed",
    ]
    code, printed = run_json(folder)
    assert code == 1
    assert not printed["passed"]
    (template,) = printed["templates"]
    assert {name: template[name] for name in ("template", "examples", "failed")} == {
        "template": "variable/mine",
        "examples": 1,
        "failed": 1,
    }
    (failure,) = template["failures"]
    assert failure["differences"][1] == {"path": "expect.value.items.0", "expected": "a"}


def test_colour_is_for_a_terminal_only(file: Path) -> None:
    assert "\x1b" not in run(file)[1]
    assert "\x1b[32m" in CliRunner().invoke(app, ["test", str(file)], color=True).output


def test_an_example_that_cannot_be_run_is_told_of(file: Path) -> None:
    example(file).write_text("title: A\nevnt: {}\n")
    code, output = run(file)
    assert code == 1
    assert "FAIL  variable/mine        1 of 1 example failed" in output
    assert "evnt: the key `evnt` is not known here (did you mean `event`?)" in output
    assert output.splitlines()[-1].endswith("failed")


def test_a_template_without_examples_is_told_of(file: Path) -> None:
    example(file).unlink()
    code, output = run(file)
    assert code == 0
    examples = file.parent / "templates/variables/mine/examples"
    assert f"none  variable/mine        no examples: write one in {examples}/" in output
    code, output = run(file.parent / "templates/variables/mine")
    assert code == 1
    assert output.splitlines()[-1] == "there are no examples, so nothing was tested"
    assert run_json(file.parent / "templates/variables/mine")[1]["passed"] is False


def test_nothing_runs_where_the_container_or_a_script_has_an_error(file: Path) -> None:
    script = file.parent / "templates/variables/mine/variable.lua"
    script.write_text("return { resolve = function() return json.encod(1) end }")
    problem = "templates/variables/mine/variable.lua:1:43: there is no `json.encod` (did you mean `json.encode`?)"
    code, output = run(file)
    assert code == 1
    assert output.splitlines() == [f"error: {problem}", "no example was run: mend the errors first"]
    code, output = run(script.parent)
    assert code == 1
    assert output.splitlines()[0] == "error: variable.lua:1:43: there is no `json.encod` (did you mean `json.encode`?)"
    file.write_text(CONTAINER.replace("triggers: [all]", "triggers: [al]"))
    code, printed = run_json(file)
    assert code == 1
    assert [each["path"] for each in printed["problems"]][:1] == ["tags.orders.triggers.0"]
    assert printed["templates"] == []
    file.write_text("container: shop\ntag: {}\n")
    code, output = run(file)
    assert code == 1
    assert "error: tag: the key `tag` is not known here" in output


@pytest.mark.parametrize("name", ["none.yaml", "folder"])
def test_what_is_no_container_and_no_template_is_a_wrong_command(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    assert run(tmp_path / name)[0] == 2
