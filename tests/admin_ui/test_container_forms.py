"""Forms of parts: what they show is what they save, what nobody touched stays as it was written, each kind of input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from admin_ui.forms import as_yaml, part_of, read, texts_of, to_texts
from admin_ui.forms_input import Input, Kind
from admin_ui.forms_parts import groups
from admin_ui.forms_yaml import Unreadable
from admin_ui.pages.container_draft import Content, content_of
from admin_ui.pages.container_sections import SECTIONS
from admin_ui.pages.parts_rows import manifest_of
from admin_ui.pages.parts_shown import from_shown, to_shown
from runtime.containers.draft import Draft
from runtime.containers.yaml_edit import same
from runtime.errors import ABSENT
from tests.admin_ui.drafted import CONTAINER

CONTAINERS = (
    CONTAINER,
    Path("tests/containers/all_parts.yaml").read_text(),
    Path("tests/containers/good.yaml").read_text(),
    Path("runtime/demo/container.yaml").read_text(),
)


def contents() -> list[Content]:
    return [content_of({"container.yaml": text}, Draft(None, None, [])) for text in CONTAINERS]


def inputs_of(content: Content, section: str, id: str, part: dict[str, Any]) -> list[Input]:
    manifest = manifest_of(content, SECTIONS[section], part)
    found = groups(section, id, to_shown(section, part), content, manifest, SECTIONS[section].kind is not None)
    return [input for group in found for input in group.inputs]


@pytest.mark.parametrize("number", range(len(CONTAINERS)))
def test_a_form_that_nobody_touched_changes_nothing(number: int) -> None:
    content, seen = contents()[number], 0
    for section in SECTIONS:
        for id, part in content.parts(section).items():
            inputs, shown = inputs_of(content, section, id, part), to_shown(section, part)
            got, problems = part_of(inputs, texts_of(inputs, shown), shown)
            again, more = from_shown(section, got, part)
            assert not problems
            assert not more
            assert same(again, part), (section, id)
            seen += 1
    assert seen > 5


@pytest.mark.parametrize("number", range(len(CONTAINERS)))
def test_a_form_says_all_of_a_part(number: int) -> None:
    content = contents()[number]
    for section in SECTIONS:
        for id, part in content.parts(section).items():
            inputs, shown = inputs_of(content, section, id, part), to_shown(section, part)
            began = {"template": part["template"]} if "template" in part else {}
            got, problems = part_of(inputs, texts_of(inputs, shown), began)
            assert not problems
            assert from_shown(section, got, {})[0] == part, (section, id)


KINDS: list[tuple[Kind, Any, dict[str, list[str]]]] = [
    ("line", "a <b> & “c”", {"x": ["a <b> & “c”"]}),
    ("line", " a ", {"x": [" a "]}),
    ("number", 3, {"x": ["3"]}),
    ("number", 2.5, {"x": ["2.5"]}),
    ("number", "{{rate}}", {"x": ["{{rate}}"]}),
    ("number", "many", {"x": ["many"]}),
    ("check", True, {"x": ["true"]}),
    ("switch", False, {"x": ["false"]}),
    ("switch", "{{on}}", {"x": ["{{}}"], "x.variable": ["{{on}}"]}),
    ("choice", "b", {"x": ["b"]}),
    ("lines", ["a", "b c"], {"x": ["a\nb c"]}),
    ("rows", {"a": "1", "b": ""}, {"x.key": ["a", "b"], "x.value": ["1", ""]}),
    ("names", ["b", "a"], {"x": ["b", "a"]}),
    ("purposes", [], {"x.own": ["true"], "x": []}),
    ("purposes", ["a"], {"x.own": ["true"], "x": ["a"]}),
    ("secret", "secret:A", {"x": ["secret:A"]}),
    ("secrets", ["secret:A", "secret:B"], {"x": ["secret:A", "secret:B"]}),
]


@pytest.mark.parametrize(("kind", "value", "texts"), KINDS)
def test_each_kind_shows_its_values(kind: Kind, value: Any, texts: dict[str, list[str]]) -> None:
    input = Input("x", kind, "X", choices=(("a", "A"), ("b", "B")))
    assert to_texts(input, value) == texts
    assert same(read(input, texts, value), value)
    assert to_texts(input, ABSENT) == {}
    assert read(input, {}) is ABSENT


@pytest.mark.parametrize(
    ("kind", "value"),
    [("line", 5), ("line", {"a": 1}), ("number", True), ("lines", ["a\nb"]), ("lines", [" a"]), ("lines", []),
     ("lines", "{{all}}"), ("rows", {"a": 1}), ("rows", {"a": {"b": "{{c}}"}}), ("rows", {"": "x"}),
     ("switch", "yes"), ("choice", "none of them"), ("line", "")],
)  # fmt: skip
def test_what_an_input_cannot_show_it_shows_as_yaml(kind: Kind, value: Any) -> None:
    input = Input("x", kind, "X", choices=(("a", "A"),))
    texts = to_texts(input, value)
    assert texts["x.mode"] == ["yaml"]
    assert same(read(input, texts), value)


def test_yaml_that_cannot_be_read_says_where() -> None:
    input = Input("x", "yaml", "X")
    for text, says in (("a: [", "expected"), ("a: 1\na: 2", "twice"), ("a: &b 1", "anchor")):
        with pytest.raises(Unreadable) as told:
            read(input, {"x": [text]})
        assert says in str(told.value.found)
    assert as_yaml(input, ABSENT)["x"] == [""]


def test_rows_with_a_name_twice_or_without_one_are_refused() -> None:
    input = Input("x", "rows", "X")
    for keys, values in ((["a", "a"], ["1", "2"]), ([""], ["1"])):
        with pytest.raises(Unreadable):
            read(input, {"x.key": keys, "x.value": values})


def test_a_list_of_names_keeps_its_order_and_puts_new_ones_last() -> None:
    input = Input("x", "names", "X")
    assert read(input, {"x": ["a", "b", "c"]}, ["c", "b"]) == ["c", "b", "a"]


def test_a_value_that_is_no_reference_is_kept_and_not_shown() -> None:
    secret, several = Input("x", "secret", "X"), Input("x", "secrets", "X")
    for input, value in ((secret, "plain-text-token"), (several, ["secret:A", "plain-text-token"])):
        texts = to_texts(input, value)
        assert "plain-text-token" not in str(texts)
        assert read(input, texts, value) == value


def test_a_new_value_of_a_secret_has_the_usual_name_unless_one_is_typed() -> None:
    input = Input("x", "secret", "X", secret="META_TOKEN")
    assert read(input, {"x": [""], "x.value": ["v"]}) == "secret:META_TOKEN"
    assert read(input, {"x": ["secret:OLD"], "x.value": ["v"]}) == "secret:OLD"
    assert read(input, {"x": ["secret:OLD"], "x.name": ["NEW"], "x.value": ["v"]}) == "secret:NEW"
    assert read(input, {"x": [""], "x.name": ["secret:NEW"]}) == "secret:NEW"
