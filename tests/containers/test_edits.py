"""Edits of a draft part by part: what they change, what they leave alone, and names that lead everywhere."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.containers.edits import Kind, container_data, remove_part, rename_part, set_part
from runtime.containers.references import uses
from runtime.errors import ContainerInvalid, OperatorError
from runtime.model.container import Container

TEXT = """\
container: shop   # ours
folders:
  ads: {note: what we pay for}
clients:
  pixel: {template: meta_pixel, folder: ads}
tags:
  # The twin.
  meta:
    template: meta_capi
    folder: ads
    settings: {pixel_id: "{{ pixel }}", note: "{{pixel}} and {{pixel-2}}", keys: {a: ["{{pixel}}"]}}
    triggers: [all, bots]
    exceptions: [bots]   # never
    setup: {tag: hook}
  hook: {template: webhook, triggers: [all], teardown: {tag: hook}}
triggers:
  all: {all: []}
  bots:
    all:
      - {variable: pixel, is: exists}
      - any: [{variable: pixel, is: equals, value: pixel}, {field: pixel, is: exists}]
variables:
  pixel: {template: constant, settings: {value: "1"}}
  pixel-2: {template: constant, settings: {value: "{{pixel}}"}}
transformations:
  drop: {template: exclude, settings: {fields: [a]}, tags: [hook, meta], triggers: [bots]}
"""
FILES = {"container.yaml": TEXT, "templates/shared/x.lua": "return {}\n"}


def test_a_part_is_set() -> None:
    files = set_part(FILES, "tags.meta.settings.pixel_id", "2")
    assert container_data(files)["tags"]["meta"]["settings"]["pixel_id"] == "2"
    assert files["templates/shared/x.lua"] == "return {}\n"
    assert "# The twin." in files["container.yaml"]
    assert "exceptions: [bots]   # never" in files["container.yaml"]
    files = set_part(FILES, ["variables", "new"], {"template": "constant", "settings": {"value": "x"}})
    assert list(container_data(files)["variables"]) == ["pixel", "pixel-2", "new"]


def test_maps_on_the_way_are_made_and_other_things_are_not_overwritten() -> None:
    assert container_data(set_part({}, "tags.x.template", "webhook")) == {"tags": {"x": {"template": "webhook"}}}
    assert container_data(set_part(FILES, "consent.default", "granted"))["consent"] == {"default": "granted"}
    with pytest.raises(OperatorError, match=r"container is no map"):
        set_part(FILES, "container.x", 1)
    with pytest.raises(OperatorError, match="is no path"):
        set_part(FILES, "tags..x", 1)


def test_a_part_is_removed() -> None:
    files = remove_part(FILES, "tags.meta")
    assert list(container_data(files)["tags"]) == ["hook"]
    assert "The twin" not in files["container.yaml"]
    with pytest.raises(OperatorError, match=r"There is no tags\.mata\. did you mean `meta`\?"):
        remove_part(FILES, "tags.mata")


RENAMES: list[tuple[Kind, str]] = [
    ("clients", "pixel"), ("tags", "hook"), ("tags", "meta"), ("triggers", "bots"), ("triggers", "all"),
    ("variables", "pixel"), ("variables", "pixel-2"), ("transformations", "drop"), ("folders", "ads"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "old"), RENAMES)
def test_a_new_name_leads_everywhere(kind: Kind, old: str) -> None:
    before = container_data(FILES)
    files = rename_part(FILES, kind, old, "renamed")
    after = container_data(files)
    assert list(after[kind]) == ["renamed" if id == old else id for id in before[kind]]
    assert "# never" in files["container.yaml"]
    assert "# ours" in files["container.yaml"]

    def named(data: Any) -> list[str]:
        return [each.used for each in uses(Container.model_validate(data, by_alias=True, by_name=False))]

    wanted = [f"{kind}.renamed" if name == f"{kind}.{old}" else name for name in named(before)]
    assert named(after) == wanted


def test_only_the_names_change() -> None:
    files = rename_part(FILES, "variables", "pixel", "id")
    data = container_data(files)
    wanted = {"pixel_id": "{{ id }}", "note": "{{id}} and {{pixel-2}}", "keys": {"a": ["{{id}}"]}}
    assert data["tags"]["meta"]["settings"] == wanted
    equal = {"variable": "id", "is": "equals", "value": "pixel"}
    assert data["triggers"]["bots"]["all"][1]["any"] == [equal, {"field": "pixel", "is": "exists"}]
    assert "  pixel: {template: meta_pixel" in files["container.yaml"]


@pytest.mark.parametrize(
    ("kind", "old", "new", "problem"),
    [
        ("tags", "mata", "x", "There is no tags.mata. did you mean `meta`?"),
        ("tags", "meta", "hook", "tags.hook exists already. Choose another name."),
        ("tags", "meta", "1x", "tags.1x cannot be a name"),
        ("schemas", "x", "y", "There is no schemas."),
    ],
)
def test_what_cannot_be_renamed_is_told(kind: Kind, old: str, new: str, problem: str) -> None:
    with pytest.raises(OperatorError) as told:
        rename_part(FILES, kind, old, new)
    assert problem in str(told.value)


def test_a_container_that_cannot_be_read_cannot_be_edited_by_parts() -> None:
    with pytest.raises(ContainerInvalid, match="line 1"):
        set_part({"container.yaml": "a: [1"}, "tags.x", {})
