"""`firsthand new-template`: what it makes is a template that loads, and its examples pass."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from runtime.cli.new_template import new_template
from runtime.containers.templates import load_templates
from runtime.edge.rehearsal import rehearse
from runtime.explain.example import example_files, load_example
from runtime.explain.examples import ExampleRunner
from runtime.model.manifest import KIND_FOLDERS, Kind

app = typer.Typer()
app.command()(new_template)


def make(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [*map(str, arguments)])
    return result.exit_code, " ".join(result.output.replace("│", " ").split())


@pytest.mark.parametrize("kind", KIND_FOLDERS)
def test_what_is_made_loads_and_its_examples_pass(tmp_path: Path, kind: Kind) -> None:
    folder = tmp_path / KIND_FOLDERS[kind] / "my_first"
    code, output = make(kind, "my_first", "--into", folder.parent)
    assert code == 0
    assert f"firsthand try {folder} --event FILE --settings FILE" in output
    assert f"firsthand container test {folder}" in output
    assert f"templates/{KIND_FOLDERS[kind]}/my_first/" in output
    templates = load_templates(tmp_path)
    template = templates.get(kind, "my_first")
    assert template is not None
    assert template.manifest.name == "My first"
    files = example_files(folder)
    assert files
    for file in files:
        assert ExampleRunner(templates, rehearse).run(template, load_example(file)) == []


@pytest.mark.parametrize("kind", KIND_FOLDERS)
def test_nothing_of_the_scaffold_s_marks_is_left(tmp_path: Path, kind: str) -> None:
    make(kind, "my_first", "--into", tmp_path)
    files = {file.relative_to(tmp_path / "my_first") for file in tmp_path.rglob("*") if file.is_file()}
    assert {Path("manifest.yaml"), Path(f"{kind}.lua"), Path("icon.svg")} < files
    assert "TEMPLATE_" not in "".join(file.read_text() for file in tmp_path.rglob("*.*") if file.is_file())


def test_it_is_made_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert make("variable", "mine")[0] == 0
    assert (tmp_path / "mine/manifest.yaml").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("tag", "mine"), "`tag` is not one of client, destination, variable, transformation"),
        (("variable", "Mine"), "`Mine` is not a small letter"),
        (("variable", "../mine"), "`../mine` is not a small letter"),
        (("variable", "there"), "exists already"),
        (("variable",), "ID"),
    ],
)
def test_a_wrong_command_makes_nothing(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    (tmp_path / "there").mkdir()
    code, output = make(*arguments, "--into", tmp_path)
    assert code == 2
    assert message in output
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []
