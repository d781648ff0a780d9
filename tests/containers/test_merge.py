"""Merging two drafts that grew from one: what comes of it, and that no change is ever lost silently."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.containers.edits import container_data
from runtime.containers.files import Files
from runtime.containers.merge import Given, Merged, Resolutions, merge
from runtime.containers.merge_text import merge_text
from runtime.containers.yaml_text import yaml_text
from runtime.errors import ABSENT, Conflict, OperatorError
from tests.containers.random_containers import CONTAINERS, VALUES

BASE = {
    "container": "shop",
    "domains": ["a.example", "b.example"],
    "tags": {
        "meta": {"template": "meta_capi", "settings": {"pixel_id": "1"}, "triggers": ["all"]},
        "hook": {"template": "webhook", "triggers": ["all", "some"], "priority": 1},
        "third": {"template": "webhook"},
    },
    "triggers": {"all": {"all": []}, "some": {"any": [{"field": "a", "is": "exists"}]}},
}
Edit = tuple[str, Any]


def files(data: Any, **others: str) -> Files:
    named = {f"templates/shared/{name}.lua": text for name, text in others.items()}
    return {"container.yaml": yaml_text(data), **named}


def edited(*edits: Edit) -> dict[str, Any]:
    """The base with values set at dotted paths; ABSENT takes one away."""
    data = copy.deepcopy(BASE)
    for path, value in edits:
        *way, last = path.split(".")
        place: Any = data
        for key in way:
            place = place.setdefault(key, {})
        if value is ABSENT:
            del place[last]
        else:
            place[last] = value
    return data


def merged(mine: Any, theirs: Any, resolutions: Resolutions | None = None) -> Merged:
    return merge(files(BASE), files(mine), files(theirs), resolutions)


def test_two_tags_are_edited_by_two_people() -> None:
    found = merged(edited(("tags.meta.settings.pixel_id", "2")), edited(("tags.hook.priority", 2)))
    assert found.conflicts == []
    both = edited(("tags.meta.settings.pixel_id", "2"), ("tags.hook.priority", 2))
    assert found.files == files(both)


CLEAN: dict[str, tuple[Edit, Edit, Edit]] = {
    "two settings of one tag": (
        ("tags.meta.settings.pixel_id", "2"),
        ("tags.meta.settings.test_code", "x"),
        ("tags.meta.settings", {"pixel_id": "2", "test_code": "x"}),
    ),
    "triggers added and removed": (
        ("tags.hook.triggers", ["all", "some", "mine"]),
        ("tags.hook.triggers", ["theirs", "some"]),
        ("tags.hook.triggers", ["theirs", "some", "mine"]),
    ),
    "domains of both": (("domains", ["a.example", "b.example", "m.example"]), ("domains", ["b.example"]),
                        ("domains", ["b.example", "m.example"])),
    "the same change twice": (("tags.third", ABSENT), ("tags.third", ABSENT), ("tags.third", ABSENT)),
    "first lists of names": (("tags.third.triggers", ["all"]), ("tags.third.triggers", ["some"]),
                             ("tags.third.triggers", ["all", "some"])),
}  # fmt: skip


@pytest.mark.parametrize(("mine", "theirs", "both"), CLEAN.values(), ids=CLEAN)
def test_what_does_not_meet_is_merged(mine: Edit, theirs: Edit, both: Edit) -> None:
    found = merged(edited(mine), edited(theirs))
    assert found.conflicts == []
    assert container_data(found.files) == edited(both)


CONFLICTS: dict[str, tuple[Edit, Edit, Conflict]] = {
    "one setting": (
        ("tags.meta.settings.pixel_id", "2"),
        ("tags.meta.settings.pixel_id", "3"),
        Conflict("tags.meta.settings.pixel_id", "1", "2", "3"),
    ),
    "a removed tag that was edited": (
        ("tags.hook", ABSENT),
        ("tags.hook.priority", 2),
        Conflict("tags.hook", BASE["tags"]["hook"], ABSENT, {**BASE["tags"]["hook"], "priority": 2}),  # type: ignore[index]
    ),
    "two tags under one name": (
        ("tags.new", {"template": "webhook", "priority": 1}),
        ("tags.new", {"template": "webhook", "priority": 2}),
        Conflict("tags.new", ABSENT, {"template": "webhook", "priority": 1}, {"template": "webhook", "priority": 2}),
    ),
    "conditions are one value": (
        ("triggers.all.all", [{"field": "a", "is": "exists"}]),
        ("triggers.all.all", [{"field": "b", "is": "exists"}]),
        Conflict("triggers.all.all", [], [{"field": "a", "is": "exists"}], [{"field": "b", "is": "exists"}]),
    ),
    "1 and true are two values": (
        ("tags.hook.priority", 1.0),
        ("tags.hook.priority", True),
        Conflict("tags.hook.priority", 1, 1.0, True),
    ),
}


@pytest.mark.parametrize(("mine", "theirs", "conflict"), CONFLICTS.values(), ids=CONFLICTS)
def test_what_meets_is_told_and_decided(mine: Edit, theirs: Edit, conflict: Conflict) -> None:
    assert merged(edited(mine), edited(theirs)).conflicts == [conflict]
    for side, edit in (("mine", mine), ("theirs", theirs)):
        found = merged(edited(mine), edited(theirs), {conflict.path: side})  # type: ignore[dict-item]
        assert found.conflicts == []
        assert container_data(found.files) == edited(edit)
    found = merged(edited(mine), edited(theirs), {conflict.path: Given({"x": 1})})
    assert container_data(found.files) == edited((conflict.path, {"x": 1}))


def order_of(found: Merged) -> list[str]:
    return list(container_data(found.files)["tags"])


def with_tags(*ids: str) -> dict[str, Any]:
    tags: Any = BASE["tags"]
    return {**BASE, "tags": {id: tags.get(id, {"template": "webhook"}) for id in ids}}


def test_the_order_of_parts_is_kept_where_one_side_changes_it() -> None:
    found = merged(with_tags("third", "meta", "hook"), with_tags("meta", "new", "hook", "third"))
    assert (order_of(found), found.conflicts) == (["third", "meta", "new", "hook"], [])
    found = merged(with_tags("meta", "mine", "hook", "third"), with_tags("meta", "theirs", "hook", "third"))
    assert (order_of(found), found.conflicts) == (["meta", "mine", "theirs", "hook", "third"], [])


def test_two_orders_are_a_conflict() -> None:
    sides = with_tags("third", "meta", "hook", "new"), with_tags("hook", "third", "meta")
    (conflict,) = merged(*sides).conflicts
    first = ["meta", "hook", "third"]
    assert conflict == Conflict("tags (order)", first, ["third", "meta", "hook"], ["hook", "third", "meta"])
    decided = {"mine": ["third", "meta", "hook", "new"], "theirs": ["hook", "new", "third", "meta"]}
    for side, order in decided.items():
        assert order_of(merged(*sides, {"tags (order)": side})) == order  # type: ignore[dict-item]
    given_one = merged(*sides, {"tags (order)": Given(["meta", "third", "hook"])})
    assert order_of(given_one) == ["meta", "third", "hook", "new"]
    with pytest.raises(OperatorError, match="no order"):
        merged(*sides, {"tags (order)": Given(["meta"])})


def test_a_resolution_for_no_conflict_is_told() -> None:
    with pytest.raises(OperatorError, match=r"no conflict at tags\.meta"):
        merged(edited(("tags.third.priority", 2)), edited(("tags.meta.priority", 2)), {"tags.meta": "mine"})


def test_comments_of_both_sides_stay() -> None:
    text = yaml_text(BASE)
    mine = {"container.yaml": text.replace("container: shop", "container: shop # mine")}
    theirs = {"container.yaml": text.replace("triggers:\n", "# theirs\ntriggers:\n").replace("third:", "fourth:")}
    found = merge({"container.yaml": text}, mine, theirs)
    assert "# mine" in found.files["container.yaml"]
    assert "# theirs" in found.files["container.yaml"]
    assert "fourth" in container_data(found.files)["tags"]


def test_comments_of_both_sides_stay_where_values_meet() -> None:
    text = yaml_text(BASE)
    mine = {"container.yaml": text.replace('"1"', '"2"').replace("container: shop", "container: shop # mine")}
    theirs = {"container.yaml": text.replace('"1"', '"3"').replace("triggers:\n", "# theirs\ntriggers:\n")}
    path = "tags.meta.settings.pixel_id"
    for side, value in (("mine", "2"), ("theirs", "3")):
        found = merge({"container.yaml": text}, mine, theirs, {path: side})  # type: ignore[dict-item]
        assert "# mine" in found.files["container.yaml"]
        assert "# theirs" in found.files["container.yaml"]
        assert container_data(found.files) == edited((path, value))


def test_a_container_that_cannot_be_read_is_merged_as_text() -> None:
    text = yaml_text(BASE)
    broken = text.replace("container: shop", "container: [shop")
    found = merge({"container.yaml": text}, {"container.yaml": broken}, files(edited(("tags.third.priority", 7))))
    assert found.conflicts == []
    assert "priority: 7" in found.files["container.yaml"]
    assert "container: [shop" in found.files["container.yaml"]
    (conflict,) = merge(
        {"container.yaml": text}, {"container.yaml": broken}, files({**BASE, "container": "s"})
    ).conflicts
    assert conflict.path == "container.yaml"


def test_scripts_are_merged_line_by_line() -> None:
    base = files(BASE, a="one\ntwo\nthree\nfour\n", b="x\n", c="y\n")
    mine = files(BASE, a="ONE\ntwo\nthree\nfour\n", b="x\n", c="mine\n")
    theirs = files(BASE, a="one\ntwo\nthree\nfour\nfive\n", c="y\n", d="new\n")
    found = merge(base, mine, theirs)
    assert found.conflicts == []
    assert found.files == files(BASE, a="ONE\ntwo\nthree\nfour\nfive\n", c="mine\n", d="new\n")
    (conflict,) = merge(base, files(BASE, a="q\n", b="x\n", c="y\n"), theirs).conflicts
    assert conflict.path == "templates/shared/a.lua"
    (gone,) = merge(base, files(BASE, b="edited\n", a=base["templates/shared/a.lua"], c="y\n"), theirs).conflicts
    assert gone == Conflict("templates/shared/b.lua", "x\n", "edited\n", ABSENT)


@pytest.mark.parametrize(
    ("mine", "theirs", "both"),
    [
        ("a\nb\nc\nd\ne\n", "a\nb\nc\nd\nE\n", "a\nb\nc\nd\nE\n"),
        ("A\nb\nc\nd\ne\n", "a\nb\nc\nd\nE\n", "A\nb\nc\nd\nE\n"),
        ("a\nc\nd\ne\n", "a\nb\nc\nd\ne\nf\n", "a\nc\nd\ne\nf\n"),
        ("a\nb\nX\nc\nd\ne\n", "a\nb\nX\nc\nd\ne\n", "a\nb\nX\nc\nd\ne\n"),
        ("a\nX\nb\nc\nd\ne\n", "a\nY\nb\nc\nd\ne\n", None),
        ("a\nX\nc\nd\ne\n", "a\nb\nY\nd\ne\n", None),
        ("", "a\nb\nc\nd\ne\n", ""),
        ("", "a\nb\nc\nd\nE\n", None),
    ],
)
def test_lines(mine: str, theirs: str, both: str | None) -> None:
    assert merge_text("a\nb\nc\nd\ne\n", mine, theirs) == both


TEXTS = st.lists(st.sampled_from("abcd"), max_size=8).map(lambda lines: "".join(f"{line}\n" for line in lines))


@given(TEXTS, TEXTS, TEXTS)
def test_lines_merge_alike_from_both_sides(base: str, mine: str, theirs: str) -> None:
    assert merge_text(base, mine, theirs) == merge_text(base, theirs, mine)
    assert merge_text(base, mine, base) == mine
    assert merge_text(base, base, theirs) == theirs
    assert merge_text(base, mine, mine) == mine


@given(TEXTS, TEXTS, TEXTS)
def test_no_line_that_a_side_added_is_lost(base: str, mine: str, theirs: str) -> None:
    both = merge_text(base, mine, theirs)
    if both is not None:
        for line in "abcd":
            added = max(side.count(line) - base.count(line) for side in (mine, theirs))
            removed = sum(max(0, base.count(line) - side.count(line)) for side in (mine, theirs))
            assert both.count(line) >= base.count(line) + added - removed


# Sides that really come from a base: random edits of a random container, small values, so that they often meet.
def leaves(value: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    if isinstance(value, dict) and value:
        return {place: leaf for key, part in value.items() for place, leaf in leaves(part, (*path, key)).items()}
    return {path: value}


@st.composite
def grown(draw: st.DrawFn, base: dict[str, Any]) -> dict[str, Any]:
    """A container that grew from another by up to four edits."""
    data = copy.deepcopy(base)
    for _ in range(draw(st.integers(0, 4))):
        paths = [path for path in leaves(data) if path and path[0] != "container"]
        what = draw(st.sampled_from(["set", "remove", "add", "reorder"]))
        if what == "add" or not paths:
            part = draw(st.sampled_from(["tags", "variables"]))
            data[part] = data[part] if isinstance(data.get(part), dict) else {}
            data[part][draw(st.sampled_from("mnop"))] = {"template": draw(st.sampled_from("xyz"))}
            continue
        path = draw(st.sampled_from(paths))
        place = data
        way = path[: draw(st.integers(1, len(path)))]
        for key in way[:-1]:
            place = place[key]
        if what == "remove":
            del place[way[-1]]
        elif what == "reorder":
            moved = place.pop(way[-1])
            place[way[-1]] = moved
        else:
            place[way[-1]] = draw(VALUES)
    return data


@st.composite
def sides(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    base = draw(CONTAINERS)
    return base, draw(grown(base)), draw(grown(base))


@given(sides())
@settings(max_examples=80, deadline=None)
def test_what_one_side_left_alone_is_as_the_other_has_it(three: tuple[dict[str, Any], ...]) -> None:
    base, mine, theirs = map(files, three)
    for one, other, wanted in ((mine, base, mine), (base, theirs, theirs), (mine, mine, mine)):
        found = merge(base, one, other)
        assert found.conflicts == []
        assert found.files == wanted


def without_order(value: Any) -> Any:
    """What a structure says apart from the order of its keys and names."""
    if isinstance(value, dict):
        return {key: without_order(part) for key, part in value.items()}
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return sorted(value)
    return value


@given(sides())
@settings(max_examples=80, deadline=None)
def test_it_is_the_same_from_both_sides(three: tuple[dict[str, Any], ...]) -> None:
    base, mine, theirs = map(files, three)
    one, other = merge(base, mine, theirs), merge(base, theirs, mine)
    swapped = [Conflict(each.path, each.base, each.theirs, each.mine) for each in other.conflicts]
    assert sorted(map(repr, one.conflicts)) == sorted(map(repr, swapped))
    if not one.conflicts:
        assert without_order(container_data(one.files)) == without_order(container_data(other.files))


def at(data: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        if not isinstance(data, dict) or key not in data:
            return ABSENT
        data = data[key]
    return data


@given(sides())
@settings(max_examples=150, deadline=None)
def test_no_change_is_ever_lost_silently(three: tuple[dict[str, Any], ...]) -> None:
    """Whatever a side changed is in the result, or in a conflict at that place, above it or beneath it."""
    base, mine, theirs = three
    found = merge(files(base), files(mine), files(theirs))
    result = container_data(found.files)
    told = [tuple(each.path.removesuffix(" (order)").split(".")) for each in found.conflicts]
    for side in (mine, theirs):
        for path in {*leaves(base), *leaves(side)}:
            old, new = at(base, path), at(side, path)
            if repr(old) == repr(new) or is_told(path, told) or (isinstance(new, dict) and new):
                continue  # A map's own leaves are looked at one by one.
            now = at(result, path)
            if is_names(old) and is_names(new) and is_names(now):
                assert {*new} - {*old} <= {*now}
                assert not ({*old} - {*new}) & {*now}
            elif new in ({}, ABSENT):
                # Emptied on this side; what stands there now is what the other one put there.
                assert repr(now) == repr(new) or repr(now) != repr(old)
            else:
                assert repr(now) == repr(new), (path, new, now)


def is_told(path: tuple[str, ...], told: list[tuple[str, ...]]) -> bool:
    joined = ".".join(path)
    return any(
        joined == ".".join(each) or joined.startswith(".".join(each) + ".") or ".".join(each).startswith(joined + ".")
        for each in told
    )


def is_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(part, str) for part in value)
