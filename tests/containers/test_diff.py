"""Differences of versions: complete, at the place that was edited, scripts as text, what Firsthand brings apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_origin

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.containers.diff import PARTS, Change, Changes, compare, unified, walk
from runtime.containers.interchange import load_container
from runtime.containers.snapshot import build_snapshot
from runtime.containers.templates import BUILT_IN, Templates, load_templates, template_hash
from runtime.model.container import Container
from runtime.model.snapshot import Snapshot, Template
from tests.containers.random_containers import CONTAINERS, own_templates, snapshot
from tests.containers.support import GOOD, HERE, spoiled, templates

MANY = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))


def of_text(tmp_path: Path, text: str = GOOD, among: Templates | None = None) -> Snapshot:
    file = tmp_path / "container.yaml"
    file.write_text(text)
    return build_snapshot(load_container(file), among or templates(), 0)


def with_script(among: Templates, key: str, source: str) -> Templates:
    """The templates with another script in one of them."""
    manifest = among.by_key[key].manifest
    template = Template(manifest, source, template_hash(manifest, source))
    return Templates({**among.by_key, key: template}, among.shared, among.built_in)


@MANY
@given(CONTAINERS, CONTAINERS, own_templates(), own_templates())
def test_no_difference_means_equal_bytes_and_the_other_way(
    one: dict[str, Any], other: dict[str, Any], among: Templates, others: Templates
) -> None:
    pairs = [(one, among), (one, others), (other, among), (other, others)]
    versions = [snapshot(*pair) for pair in pairs]
    for before in versions:
        for after in versions:
            assert bool(compare(before, after)) == (before.hash != after.hash)
    assert compare(None, versions[0]).own


@MANY
@given(CONTAINERS, st.data())
def test_order_and_the_type_of_numbers_are_differences(data: dict[str, Any], draw: st.DataObject) -> None:
    part = draw.draw(st.sampled_from(PARTS))
    held = data.get(part, {})
    order = draw.draw(st.permutations(list(held)))
    before, after = snapshot(data), snapshot(data | {part: {id: held[id] for id in order}})
    changes = compare(before, after)
    expected = [] if order == list(held) else [Change("reordered", part, list(held), order)]
    assert changes == Changes(expected)


def test_every_part_that_holds_things_by_id_is_known() -> None:
    held = [name for name, field in Container.model_fields.items() if get_origin(field.annotation) is dict]
    assert sorted(held) == sorted(PARTS)


@pytest.mark.parametrize(("before", "after"), [(1, 1.0), (1, True), ("1", 1), (None, False), ([], {}), (0.0, -0.0)])
def test_what_is_equal_for_python_and_not_in_bytes_differs(before: Any, after: Any) -> None:
    assert list(walk({"a": [before]}, {"a": [after]})) == [Change("changed", "a.0", before, after)]


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        ("size: 20", "size: 21", Change("changed", "tags.sink.settings.size", 20, 21)),
        ("      size: 20\n", "", Change("removed", "tags.sink.settings.size", before=20)),
        ("secret:SINK-TOKEN", "secret:NEW",
         Change("changed", "tags.sink.settings.token", "secret:SINK-TOKEN", "secret:NEW")),
        ("is: greater,", "is: less,", Change("changed", "triggers.purchases.all.1.any.0.is", "greater", "less")),
        ("triggers: [purchases]", "triggers: [purchases, tests]",
         Change("changed", "tags.sink.triggers", ["purchases"], ["purchases", "tests"])),
        ("variables:\n", "variables:\n  x: {template: word, settings: {value: y}}\n",
         Change("added", "variables.x", after={"template": "word", "settings": {"value": "y"}})),
        ("clients:\n", "consent: {default: granted}\nclients:\n",
         Change("added", "consent", after={"default": "granted"})),
        ("container: shop", "container: other", Change("changed", "container", "shop", "other")),
        ("container: shop", "container: shop\nfolders: {ads: {note: x}}",
         Change("added", "folders.ads", after={"note": "x"})),
        ("    triggers: [p", "    schedule: {from: 2026-11-30T18:00:00+01:00}\n    triggers: [p",
         Change("added", "tags.sink.schedule", after={"from": "2026-11-30T18:00:00+01:00"})),
    ],
)  # fmt: skip
def test_an_edit_is_told_at_its_place(tmp_path: Path, old: str, new: str, change: Change) -> None:
    own = compare(of_text(tmp_path), of_text(tmp_path, spoiled((old, new)))).own
    assert change in own
    assert {each.change for each in own} <= {change.change, "reordered"}


def test_texts_of_several_lines_are_told_line_by_line() -> None:
    (change,) = walk({"note": "a\nb\n"}, {"note": "a\nc\n"}, "tags.x")
    assert change.text.splitlines()[-3:] == ["-b", "+c", " "]
    assert change.as_dict() == {"change": "changed", "path": "tags.x.note", "diff": change.text}


def test_own_scripts_and_manifests_are_told_by_their_files(tmp_path: Path) -> None:
    word = templates().by_key["variable/word"]
    manifest = word.manifest.model_copy(update={"summary": "Another."})
    changed = {**templates().by_key, "variable/word": Template(manifest, word.source + "-- more\n", "x")}
    among = Templates(changed, {**templates().shared, "greeting": "return {}\n"}, templates().built_in)
    own = compare(of_text(tmp_path), of_text(tmp_path, among=among)).own
    assert own[0] == Change("changed", "templates/variables/word/manifest.yaml: summary", "A text.", "Another.")
    assert [each.path for each in own[1:]] == ["templates/variables/word/variable.lua", "templates/shared/greeting.lua"]
    assert "+-- more" in own[1].text.splitlines()
    assert own[1].text == unified(own[1].path, word.source, word.source + "-- more\n")


def test_a_template_that_comes_or_goes_is_told_whole_where_it_is_the_container_s_own(tmp_path: Path) -> None:
    without = of_text(tmp_path, GOOD[: GOOD.index("transformations:")])
    own = compare(without, of_text(tmp_path)).own
    assert [(each.change, each.path) for each in own] == [
        ("added", "transformations.no-email"),
        ("added", "templates/transformations/drop/manifest.yaml"),
        ("added", "templates/transformations/drop/transformation.lua"),
    ]
    assert {each.change for each in compare(of_text(tmp_path), without).own} == {"removed"}


def test_what_an_upgrade_changed_in_built_in_templates_stands_apart() -> None:
    container, now = load_container(HERE / "demo_shop.yaml"), load_templates(BUILT_IN)
    before = build_snapshot(container, with_script(now, "variable/bot", "-- of last year\n"), 1)
    changes = compare(before, build_snapshot(container, now, 2))
    assert changes.own == []
    assert [each.path for each in changes.built_in] == ["tags/variables/bot/variable.lua"]
    assert "--- of last year" in changes.built_in[0].text


def test_a_built_in_template_that_comes_with_its_instance_is_not_told_of(tmp_path: Path) -> None:
    now = load_templates(BUILT_IN)
    text = (HERE / "demo_shop.yaml").read_text()
    before = of_text(tmp_path, text[: text.index("transformations:")], now)
    changes = compare(before, of_text(tmp_path, text, now))
    assert [each.path for each in changes.own] == ["transformations.no-email"]
    assert changes.built_in == []


def test_another_form_of_the_same_content_is_told_by_the_hash(tmp_path: Path) -> None:
    before = of_text(tmp_path)
    again = Snapshot(2, "other", before.container, before.templates, before.shared)
    assert compare(before, again) == Changes([], [Change("changed", "hash", before.hash, "other")])
