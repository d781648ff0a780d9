"""A draft's own templates as files: how one begins, how it is copied and replaced, and where a problem lies."""

from __future__ import annotations

import pytest

from runtime.containers.own_templates import (
    Name,
    built_in_files,
    named,
    own_files,
    own_templates,
    renamed,
    scaffold_files,
    with_template,
)
from runtime.containers.templates import BUILT_IN, load_templates
from runtime.containers.yaml_places import NOWHERE, place_of
from runtime.errors import OperatorError

MINE = Name("variable", "mine")


def test_a_template_is_put_in_replaced_and_removed() -> None:
    files = {"container.yaml": "container: x\n", "templates/shared/a.lua": "return 1"}
    with_it = with_template(files, MINE, {"manifest.yaml": "a", "examples/b.yaml": "b"})
    assert own_templates(with_it) == [MINE]
    assert own_files(with_it, MINE) == {"manifest.yaml": "a", "examples/b.yaml": "b"}
    assert own_files(with_template(with_it, MINE, {"manifest.yaml": "c"}), MINE) == {"manifest.yaml": "c"}
    assert with_template(with_it, MINE, {}) == files


def test_one_whose_id_begins_alike_is_left_alone() -> None:
    other = {"templates/variables/mine_too/manifest.yaml": "x"}
    assert own_files(other, MINE) == {}
    assert with_template(other, MINE, {}) == other


@pytest.mark.parametrize(("kind", "id"), [("tag", "x"), ("client", "X"), ("client", ""), ("client", "a" * 61)])
def test_what_cannot_be_a_name(kind: str, id: str) -> None:
    with pytest.raises(OperatorError):
        named(kind, id)


def test_every_built_in_template_is_there_as_files() -> None:
    for template in load_templates(BUILT_IN).by_key.values():
        name = Name(template.manifest.kind, template.manifest.id)
        files = built_in_files(name)
        assert files[name.script] == template.source
        assert "icon.svg" in files
        assert any(path.startswith("examples/") for path in files)
    assert built_in_files(MINE) == {}


def test_a_copy_names_its_modules_after_itself() -> None:
    files = {
        "manifest.yaml": "# id: old\nid: old\nshared: [old_items, bold_items]\n",
        "destination.lua": "old_items.map() bold_items.x() old_itemsx()",
        "modules/old_items.lua": "return old_items",
    }
    assert renamed(files, "old", "new") == {
        "manifest.yaml": "# id: old\nid: new\nshared: [new_items, bold_items]\n",
        "destination.lua": "new_items.map() bold_items.x() old_itemsx()",
        "modules/new_items.lua": "return new_items",
    }


def test_the_scaffold_has_its_name_everywhere() -> None:
    files = scaffold_files(Name("client", "my_shop"))
    assert "id: my_shop" in files["manifest.yaml"]
    assert "name: My shop" in files["manifest.yaml"]
    assert "TEMPLATE_" not in "".join(files.values())


@pytest.mark.parametrize(
    ("path", "place"),
    [("a", (1, 1)), ("b.0.c", (3, 5)), ("b.1", (4, 5)), ("b.7", (2, 1)), ("b.1.zz", (4, 5)), ("", (1, 1))],
)
def test_the_place_of_a_path(path: str, place: tuple[int, int]) -> None:
    assert place_of("a: 1\nb:\n  - c: 2\n  - d: 3\n", path) == place


@pytest.mark.parametrize("text", ["", "a: [", "# nothing\n"])
def test_a_text_without_places(text: str) -> None:
    assert place_of(text, "a") == NOWHERE
