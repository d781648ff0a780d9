"""`firsthand container validate`: every problem of a file and of the templates beside it, as lines and as JSON."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from runtime.cli.container import app
from tests.containers.support import HERE, TEMPLATES, spoiled


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The good container of the containers' tests, with its own templates beside it."""
    for kinds in ("clients", "destinations", "variables", "transformations", "shared"):
        shutil.copytree(TEMPLATES / kinds, tmp_path / "templates" / kinds)
    file = tmp_path / "container.yaml"
    file.write_text(spoiled())
    return file


def validate(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["validate", *map(str, arguments)])
    return result.exit_code, result.output


def test_a_good_file_is_valid(file: Path) -> None:
    assert validate(file) == (0, f"{file} is valid\n")


def test_the_demo_shop_is_valid_with_the_built_in_templates() -> None:
    code, output = validate(HERE / "demo_shop.yaml")
    assert code == 0
    assert output.splitlines()[-1].endswith("is valid: 1 warning")
    assert output.startswith("warning: variables.tax_free: nothing uses this (")


def test_every_problem_is_a_line_with_path_and_hint(file: Path) -> None:
    file.write_text(spoiled(("size: 20", "size: 51"), ("mode: fast", "mode: fasst"), ("exceptions: [tests]", "")))
    code, output = validate(file)
    assert code == 1
    assert output.splitlines() == [
        "error: tags.sink.settings.size: 51 is too large (50 is the most)",
        "error: tags.sink.settings.mode: `fasst` is not one of fast, careful (did you mean `fast`?)",
        "warning: triggers.tests: nothing uses this (name it in a tag's `triggers` or `exceptions`)",
        f"{file} is not valid: 2 errors, 1 warning",
    ]


def test_json_holds_the_same(file: Path) -> None:
    file.write_text(spoiled(("size: 20", "size: 51")))
    code, output = validate(file, "--json")
    assert code == 1
    assert json.loads(output) == {
        "valid": False,
        "problems": [
            {
                "path": "tags.sink.settings.size",
                "message": "51 is too large",
                "hint": "50 is the most",
                "severity": "error",
            }
        ],
    }


def test_problems_of_the_file_and_of_its_templates_come_together(file: Path) -> None:
    file.write_text("container: shop\ntag: {}\n")
    (file.parent / "templates/variables/word/variable.lua").unlink()
    code, output = validate(file)
    assert code == 1
    assert "error: tag: the key `tag` is not known here" in output
    assert "variable.lua: this file is missing" in output


@pytest.mark.parametrize(
    ("path", "source", "problem"),
    [
        (
            "variables/word/variable.lua",
            "return {\n  resolve = function(\n",
            "error: templates/variables/word/variable.lua:3: <name> or '...' expected near <eof>",
        ),
        (
            "variables/word/variable.lua",
            "return {\n  resolve = function(event) return json.encod(event) end,\n}",
            "error: templates/variables/word/variable.lua:2:41: there is no `json.encod` (did you mean `json.encode`?)",
        ),
        (
            "variables/word/variable.lua",
            "return { solve = function() end }",
            "error: templates/variables/word/variable.lua: the script returns no function `resolve` "
            "(end it with `return { resolve = resolve }`)",
        ),
        ("shared/greeting.lua", "return {", "error: templates/shared/greeting.lua:1: unexpected symbol near <eof>"),
    ],
)
def test_what_is_wrong_with_a_script_is_told_with_its_place(file: Path, path: str, source: str, problem: str) -> None:
    (file.parent / "templates" / path).write_text(source)
    code, output = validate(file)
    assert code == 1
    assert [line for line in output.splitlines() if line.startswith("error:")] == [problem]


def test_a_module_of_a_template_is_told_of_by_its_own_file(file: Path) -> None:
    folder = file.parent / "templates/variables/word"
    (folder / "modules").mkdir()
    (folder / "modules/word_parts.lua").write_text("\nreturn {")
    (folder / "manifest.yaml").write_text((folder / "manifest.yaml").read_text() + "shared: [word_parts]\n")
    problem = "error: templates/variables/word/modules/word_parts.lua:2: unexpected symbol near <eof>"
    assert validate(file)[1].splitlines()[0] == problem


def test_a_file_that_is_not_there_is_a_wrong_command(tmp_path: Path) -> None:
    code, output = validate(tmp_path / "none.yaml")
    assert code == 2
    assert "does not exist" in output


def test_errors_come_first_and_each_kind_is_in_the_order_of_the_file(file: Path) -> None:
    file.write_text(
        spoiled(
            ("container: shop", "container: shop\nfolders: {empty: {}}"),
            ("    exceptions: [tests]\n", ""),
            ("size: 20", "size: 51"),
            ("domains: [shop.example", "domains: [co.uk"),
            ("fields: [user", "field: [user"),
        )
    )
    lines = validate(file)[1].splitlines()
    assert [line.partition(": ")[2].partition(": ")[0] for line in lines[:-1]] == [
        "domains.0",
        "tags.sink.settings.size",
        "transformations.no-email.settings.field",
        "transformations.no-email.settings.fields",
        "triggers.tests",
        "folders.empty",
    ]
    problems = json.loads(validate(file, "--json")[1])["problems"]
    assert [each["path"] for each in problems][1:3] == ["tags.sink.settings.size", "triggers.tests"], (
        "errors among them"
    )
    assert {frozenset(each) for each in problems} == {frozenset(("path", "message", "hint", "severity"))}


def test_a_schedule_that_is_over_is_told_by_those_who_have_a_clock(file: Path) -> None:
    file.write_text(spoiled(("    triggers: [p", "    schedule: {to: 2020-01-01T00:00:00+01:00}\n    triggers: [p")))
    output = validate(file)[1]
    assert output.startswith("warning: tags.sink.schedule.to: this is over since 2020-01-01T00:00:00+01:00")


def used_by(*arguments: object) -> list[str]:
    result = CliRunner().invoke(app, ["used-by", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


def test_what_uses_a_part_is_listed_with_its_place(file: Path, tmp_path: Path) -> None:
    lines = used_by("variables.word", file)
    assert [line.split() for line in lines] == [
        ["path", "names", "how"],
        ["tags.sink.settings.names.1", "variables.word"],
        ["tags.sink.settings.headers.X-Shop", "variables.word"],
        ["transformations.no-email.tags.0", "tags.sink", "indirectly"],
    ]
    (first, *_) = used_by("secret:SINK-TOKEN", file, "--json")
    assert json.loads(first) == {
        "path": "tags.sink.settings.token",
        "part": "tags.sink",
        "uses": "secrets.SINK-TOKEN",
        "distance": 1,
    }
    assert used_by("shared/unused", file) == ["Nothing uses shared/unused."]
    (tmp_path / "data").mkdir()
    CliRunner().invoke(app, ["apply", str(file), "--data", str(tmp_path / "data")])
    assert used_by("variables.word", "--data", tmp_path / "data") == lines, "what is live says the same"
    failure = CliRunner().invoke(app, ["used-by", "variables.wort", str(file)]).exception
    assert str(failure) == "There is no `variables.wort` here. did you mean `word`?"
