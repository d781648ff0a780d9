"""What every template must hold, whoever wrote it. Templates are found by where they lie; finding none fails."""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from xml.parsers import expat

import pytest

from runtime.containers.templates import BUILT_IN, load_template, load_templates
from runtime.explain.example import Example, example_files, load_example
from runtime.lua.script_check import ScriptCheck, file_beside
from runtime.model.manifest import KIND_FOLDERS, Kind, Manifest
from tests.support.templates import name_of, runner_for, scaffold_folders, shared_modules, template_folders

FOLDERS = [*template_folders(), *scaffold_folders()]
EXAMPLES = [path for folder in FOLDERS for path in example_files(folder)]
SAFE_ELEMENTS = {"svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "title"}
SAFE_ATTRIBUTES = {
    "xmlns", "viewBox", "width", "height", "d", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "points",
    "fill", "fill-rule", "clip-rule", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin", "opacity",
    "transform", "role", "aria-label",
}  # fmt: skip

every_template = pytest.mark.parametrize("folder", FOLDERS, ids=name_of)
every_destination = pytest.mark.parametrize(
    "folder", [folder for folder in FOLDERS if folder.parent.name == "destinations"], ids=name_of
)

every_client = pytest.mark.parametrize(
    "folder", [folder for folder in FOLDERS if folder.parent.name == "clients"], ids=name_of
)


def examples_of(folder: Path) -> list[Example]:
    return [load_example(path) for path in example_files(folder)]


@pytest.mark.parametrize("kind", KIND_FOLDERS)
def test_there_are_templates_of_each_kind(kind: Kind) -> None:
    assert [folder for folder in FOLDERS if folder.parent.name == KIND_FOLDERS[kind]]


def test_there_are_examples() -> None:
    assert len(EXAMPLES) > len(FOLDERS)


def test_all_templates_load_together() -> None:
    assert len(load_templates(BUILT_IN).by_key) == len(template_folders())


@every_template
def test_the_manifest_says_what_it_is(folder: Path) -> None:
    manifest = load_template(folder).manifest
    assert manifest.id == folder.name
    assert KIND_FOLDERS[manifest.kind] == folder.parent.name
    assert manifest.name
    assert manifest.summary.endswith(".")
    assert all(field.label and field.help for field in manifest.fields)


@every_template
def test_a_vendors_format_names_its_document_and_the_day_it_was_checked(folder: Path) -> None:
    manifest = load_template(folder).manifest
    if manifest.vendor is None:
        assert not manifest.id.startswith("meta"), "this is a format of Meta's: name the document it was built from"
        return
    assert manifest.vendor.docs.startswith("https://")
    checked = datetime.date.fromisoformat(manifest.vendor.checked)
    assert checked <= datetime.datetime.now(datetime.UTC).date()


@every_template
def test_the_icon_is_small_and_safe(folder: Path) -> None:
    raw = (folder / "icon.svg").read_bytes()
    assert len(raw) < 4096
    elements, attributes = svg_names(raw)
    assert elements[0] == "svg"
    assert set(elements) <= SAFE_ELEMENTS
    assert attributes <= SAFE_ATTRIBUTES
    assert b"url(" not in raw
    assert b"<!" not in raw


def svg_names(raw: bytes) -> tuple[list[str], set[str]]:
    elements: list[str] = []
    attributes: set[str] = set()

    def start(name: str, given: dict[str, str]) -> None:
        elements.append(name)
        attributes.update(given)

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.Parse(raw, True)
    return elements, attributes


@pytest.mark.parametrize(
    "bad",
    [
        '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        '<svg xmlns="http://www.w3.org/2000/svg"><image href="https://evil.example/x"/></svg>',
    ],
)
def test_an_unsafe_icon_would_be_noticed(bad: str) -> None:
    elements, attributes = svg_names(bad.encode())
    assert not (set(elements) <= SAFE_ELEMENTS and attributes <= SAFE_ATTRIBUTES)


@every_template
def test_the_script_has_its_functions_and_uses_only_what_there_is(folder: Path) -> None:
    template = load_template(folder)
    assert ScriptCheck(shared_modules(), file_beside(template))(template) == []


@every_template
def test_the_script_uses_the_shared_modules_that_it_names(folder: Path) -> None:
    template = load_template(folder)
    known = shared_modules()
    for module in template.manifest.shared:
        assert module in known
        others = "".join(known[name] for name in template.manifest.shared if name != module)
        assert re.search(rf"\b{module}\.", template.source + others)


@every_template
def test_every_setting_is_used_by_an_example(folder: Path) -> None:
    used = {name for example in examples_of(folder) for name in example.settings}
    assert {field.id for field in load_template(folder).manifest.fields} == used


@every_template
def test_every_permission_says_why_and_names_what_there_is(folder: Path) -> None:
    manifest = load_template(folder).manifest
    asked = manifest.permissions
    for permission in dict(asked).values():
        assert permission is None or permission.why.endswith(".")
    for id in (*(asked.secrets.fields if asked.secrets else ()), *host_settings(manifest)):
        assert manifest.field(id) is not None
    secrets = {field.id for field in manifest.fields if field.type == "secret"}
    assert secrets == set(asked.secrets.fields if asked.secrets else ())


def host_settings(manifest: Manifest) -> list[str]:
    names = manifest.permissions.hosts.names if manifest.permissions.hosts else ()
    return [found for name in names for found in re.findall(r"\{\s*setting:\s*(\w+)\s*\}", name)]


@every_template
def test_there_is_an_example(folder: Path) -> None:
    assert example_files(folder)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.parent.name}/{path.stem}")
def test_the_example_passes(path: Path) -> None:
    folder = path.parent.parent
    found = runner_for(folder).run(load_template(folder), load_example(path))
    assert not found, "\n".join(map(str, found))


@every_destination
def test_a_destination_shows_what_happens_without_consent(folder: Path) -> None:
    assert any(example.expect.denied for example in examples_of(folder))


@every_destination
@pytest.mark.parametrize("disposition", ["delivered", "retry", "reject"])
def test_a_destination_shows_each_verdict(folder: Path, disposition: str) -> None:
    verdicts = [answer.verdict for example in examples_of(folder) for answer in example.answers]
    assert any(verdict.get("disposition") == disposition for verdict in verdicts)


@every_destination
def test_a_destination_shows_what_it_cannot_do_without(folder: Path) -> None:
    required = {field.id for field in load_template(folder).manifest.fields if field.required}
    missing = {name for example in examples_of(folder) for name in example.expect.invalid or ()}
    assert missing
    assert required <= missing


@every_client
def test_a_client_shows_a_hit_that_it_takes_and_one_that_it_does_not(folder: Path) -> None:
    outcomes = [example.expect for example in examples_of(folder)]
    assert any(expected.events for expected in outcomes)
    assert any(expected.dead or expected.refused for expected in outcomes)
