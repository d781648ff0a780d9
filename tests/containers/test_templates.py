"""Loading templates: every folder, whatever is wrong with it, and the built-in ones."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from runtime.cli.new_template import make_template
from runtime.containers.templates import BUILT_IN, load_template, load_templates, shared_beside
from runtime.errors import ContainerInvalid, OperatorError, Problem
from tests.containers.support import TEMPLATES, Mistake, mistakes

MANIFEST = "destinations/sink/manifest.yaml"
SCRIPT = "variables/word/variable.lua"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the tests' templates, to spoil."""
    return Path(shutil.copytree(TEMPLATES, tmp_path / "templates"))


def problems_of(folder: Path) -> tuple[Problem, ...]:
    with pytest.raises(ContainerInvalid) as caught:
        load_templates(folder)
    return caught.value.problems


def test_templates_are_found_by_where_they_lie(folder: Path) -> None:
    templates = load_templates(folder)
    assert sorted(templates.by_key) == ["client/intake", "destination/sink", "transformation/drop", "variable/word"]
    assert sorted(templates.shared) == ["greeting", "unused"]
    assert templates.ids("client") == ["intake"]
    sink = templates.get("destination", "sink")
    assert sink is not None
    assert sink.source == (folder / "destinations/sink/destination.lua").read_text()
    assert templates.get("client", "sink") is None


def test_the_built_in_templates_load_and_there_are_some_of_every_kind() -> None:
    templates = load_templates(BUILT_IN)
    assert all(templates.ids(kind) for kind in ("client", "destination", "variable", "transformation"))


def test_a_containers_own_folder_adds_to_them_and_may_be_absent(folder: Path, tmp_path: Path) -> None:
    templates = load_templates(BUILT_IN, folder, tmp_path / "none")
    assert templates.get("destination", "sink")
    assert templates.get("client", "meta_pixel")


def test_no_folder_takes_a_name_that_another_has(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "own"
    shutil.copytree(folder / "variables", other / "variables")
    shutil.copytree(folder / "shared", other / "shared")
    with pytest.raises(ContainerInvalid) as caught:
        load_templates(folder, other)
    assert [Path(problem.path).name for problem in caught.value.problems] == ["word", "greeting.lua", "unused.lua"]
    assert all("exists already" in problem.message for problem in caught.value.problems)


@pytest.mark.parametrize("mistake", mistakes("manifests", "template_mistakes.yaml"), ids=str)
def test_a_mistake_in_a_manifest_is_told_with_file_and_path(folder: Path, mistake: Mistake) -> None:
    file = folder / mistake.file
    text = file.read_text()
    assert mistake.old in text
    file.write_text(text.replace(mistake.old, mistake.new, 1))
    (problem,) = problems_of(folder)
    assert problem.path == (f"{file}: {mistake.path}" if mistake.path else str(file))
    assert mistake.message in problem.message
    assert mistake.hint in problem.hint


@pytest.mark.parametrize(
    ("file", "content", "path", "message"),
    [
        (MANIFEST, None, "destinations/sink", "No such file"),
        (SCRIPT, None, SCRIPT, "this file is missing"),
        (SCRIPT, b"\xff", SCRIPT, "this file is not UTF-8"),
        (SCRIPT, b"-" * 300_000, SCRIPT, "larger than 256 KB"),
        ("shared/greeting.lua", b"\xff", "shared/greeting.lua", "this file is not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_by_name(
    folder: Path, file: str, content: bytes | None, path: str, message: str
) -> None:
    if content is None:
        (folder / file).unlink()
    else:
        (folder / file).write_bytes(content)
    (problem,) = problems_of(folder)
    assert problem.path == f"{folder}/{path}"
    assert message in problem.message
    assert problem.hint


def test_a_template_that_lies_in_another_kinds_folder_is_told_where_it_belongs(folder: Path) -> None:
    shutil.move(folder / "variables/word", folder / "clients/word")
    (problem,) = problems_of(folder)
    assert problem == Problem(
        f"{folder}/clients/word/manifest.yaml: kind", "a template of kind variable lies in variables/"
    )


def test_a_shared_module_must_have_a_name_that_scripts_can_say(folder: Path) -> None:
    (folder / "shared/greeting.lua").rename(folder / "shared/my-greeting.lua")
    (problem,) = problems_of(folder)
    assert problem.path.endswith("shared/my-greeting.lua")
    assert "cannot name this module" in problem.message


def test_all_bad_templates_are_told_at_once(folder: Path) -> None:
    (folder / MANIFEST).unlink()
    (folder / SCRIPT).unlink()
    (folder / "clients/intake/manifest.yaml").write_text("id: intake\nkind: clients\n")
    assert len(problems_of(folder)) > 4


def test_the_hash_follows_what_the_template_does_and_not_its_comments(folder: Path) -> None:
    manifest = folder / MANIFEST
    before = load_template(manifest.parent).hash
    manifest.write_text("# a comment\n" + manifest.read_text() + "version: 1\n")
    assert load_template(manifest.parent).hash == before
    script = manifest.parent / "destination.lua"
    script.write_text(script.read_text() + "-- changed\n")
    assert load_template(manifest.parent).hash != before


def test_an_installation_without_templates_says_so(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="There is no folder"):
        load_templates(tmp_path / "tags")


def test_a_template_may_have_modules_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "variables" / "long"
    make_template("variable", "long", folder.parent)
    (folder / "modules").mkdir()
    (folder / "modules" / "long_parts.lua").write_text("return {}")

    assert load_templates(BUILT_IN, tmp_path).shared["long_parts"] == "return {}"
    assert "long_parts" in shared_beside(folder)
    assert "long_parts" in shared_beside(shutil.copytree(folder, tmp_path / "elsewhere" / "long"))

    (folder / "modules" / "parts.lua").write_text("return {}")
    with pytest.raises(ContainerInvalid, match=r"long_parts\.lua"):
        load_templates(BUILT_IN, tmp_path)
