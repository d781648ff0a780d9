"""A version written as files is that version again when it is read from them, and the same bytes when written again."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from runtime.containers.export import CONTAINER, Export, export
from runtime.containers.interchange import load_container
from runtime.containers.snapshot import build_snapshot, encode_snapshot
from runtime.containers.templates import BUILT_IN, Templates, load_templates
from runtime.errors import OperatorError
from runtime.model.snapshot import Snapshot
from tests.containers.random_containers import CONTAINERS, own_templates, snapshot
from tests.containers.support import GOOD, HERE, TEMPLATES, templates

MANY = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
NONE = Templates({}, {})
"""As if nothing came with Firsthand, so that every template is the container's own."""


def write(folder: Path, found: Export) -> None:
    for path, text in found.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode())


def read(folder: Path) -> Snapshot:
    (folder / "nothing").mkdir(exist_ok=True)
    own = load_templates(folder / "nothing", folder / "templates")
    return build_snapshot(load_container(folder / CONTAINER), own, 0)


@MANY
@given(CONTAINERS, own_templates())
def test_what_is_exported_is_the_same_version_again(
    tmp_path_factory: pytest.TempPathFactory, data: dict[str, Any], among: Templates
) -> None:
    folder = tmp_path_factory.mktemp("export")
    first = snapshot(data, among)
    found = export(first, NONE)
    write(folder, found)
    again = read(folder)
    shutil.rmtree(folder)
    assert encode_snapshot(again) == encode_snapshot(first)
    assert again.hash == first.hash
    assert export(again, NONE) == found


def good(tmp_path: Path, among: Templates | None = None) -> Snapshot:
    file = tmp_path / CONTAINER
    file.write_text(GOOD)
    return build_snapshot(load_container(file), among or Templates(templates().by_key, templates().shared), 0)


def test_only_what_does_not_come_with_firsthand_is_written(tmp_path: Path) -> None:
    assert export(good(tmp_path, templates()), templates()).files.keys() == {CONTAINER}
    assert list(export(good(tmp_path), NONE).files) == [
        "container.yaml",
        "templates/clients/intake/manifest.yaml",
        "templates/clients/intake/client.lua",
        "templates/destinations/sink/manifest.yaml",
        "templates/destinations/sink/destination.lua",
        "templates/transformations/drop/manifest.yaml",
        "templates/transformations/drop/transformation.lua",
        "templates/variables/word/manifest.yaml",
        "templates/variables/word/variable.lua",
        "templates/shared/greeting.lua",
    ]


def test_a_template_s_own_modules_lie_with_it(tmp_path: Path) -> None:
    shutil.copytree(TEMPLATES, tmp_path / "templates")
    folder = tmp_path / "templates/variables/word"
    (folder / "modules").mkdir()
    (folder / "modules/word_parts.lua").write_text("return {}")
    (folder / "manifest.yaml").write_text((folder / "manifest.yaml").read_text() + "shared: [word_parts]\n")
    (tmp_path / "nothing").mkdir()
    found = export(good(tmp_path, load_templates(tmp_path / "nothing", tmp_path / "templates")), NONE)
    assert found.files["templates/variables/word/modules/word_parts.lua"] == "return {}"
    shutil.rmtree(tmp_path / "templates")
    write(tmp_path, found)
    assert export(read(tmp_path), NONE) == found


def test_built_in_templates_that_are_other_ones_now_are_named(tmp_path: Path) -> None:
    now = templates()
    word = now.by_key["variable/word"]
    assert export(good(tmp_path, now), now).differing == ()
    assert len(export(good(tmp_path), now).differing) == 1, "the module was its own"
    assert len(export(good(tmp_path, now), NONE).differing) == 1, "the module came with Firsthand"
    changed = Templates(
        {**now.by_key, "variable/word": type(word)(word.manifest, "return {}", "other")},
        {**now.shared, "greeting": "return {}"},
    )
    found = export(good(tmp_path, now), changed)
    assert list(found.files) == [CONTAINER]
    assert len(found.differing) == 2


def test_the_design_s_container_comes_back_with_the_built_in_templates(tmp_path: Path) -> None:
    built_in = load_templates(BUILT_IN)
    first = build_snapshot(load_container(HERE / "demo_shop.yaml"), built_in, 0)
    found = export(first, built_in)
    assert list(found.files) == [CONTAINER]
    write(tmp_path, found)
    assert build_snapshot(load_container(tmp_path / CONTAINER), built_in, 0) == first


def test_a_module_s_name_leads_nowhere_else(tmp_path: Path) -> None:
    found = good(tmp_path)
    with pytest.raises(OperatorError, match="backup"):
        export(Snapshot(0, "", found.container, found.templates, {"../../x": ""}), NONE)
