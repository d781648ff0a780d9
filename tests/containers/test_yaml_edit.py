"""Texts that say something else than before, and keep what people wrote around it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.containers.interchange import parse_document
from runtime.containers.yaml_edit import rename_key, rewrite, same
from runtime.containers.yaml_text import yaml_text
from tests.containers.random_containers import CONTAINERS

TEXT = """\
# The shop's container.
# Ask ada before you change it.

container: shop   # never renamed

tags:
  # The pixel's twin.
  meta:
    template: meta_capi
    settings:
      pixel_id: "1"      # of the shop
      # Rotated each spring.
      access_token: secret:META
      note: |
        # no comment
        two lines
    # When it fires.
    triggers: [all, 'some']

  # The orders.
  orders: {template: webhook, triggers: [all]}
triggers:
  all: {all: []}
  some:
    any:
      - {field: a, is: exists}   # why
      - field: b
        is: exists
# The end.
"""


def data_of(text: str) -> Any:
    data, problems = parse_document(text.encode())
    assert problems == []
    return data


def changed(*path_and_value: Any) -> Any:
    data = data_of(TEXT)
    *path, last, value = path_and_value
    place = data
    for part in path:
        place = place[part]
    place[last] = value
    return data


def lines_that_differ(text: str) -> tuple[list[str], list[str]]:
    old, new = TEXT.splitlines(), text.splitlines()
    return [line for line in old if line not in new], [line for line in new if line not in old]


@pytest.mark.parametrize(
    ("edit", "gone", "come"),
    [
        (
            ("tags", "meta", "settings", "pixel_id", "2"),
            ['      pixel_id: "1"      # of the shop'],
            ['      pixel_id: "2"      # of the shop'],
        ),
        (("tags", "meta", "priority", 3), [], ["    priority: 3"]),
        (("tags", "meta", "triggers", ["all"]), ["    triggers: [all, 'some']"], ["    triggers: [all]"]),
        (
            ("tags", "meta", "settings", "note", "one"),
            ["      note: |", "        # no comment", "        two lines"],
            ["      note: one"],
        ),
        (
            ("triggers", "some", "any", [{"field": "b", "is": "exists"}]),
            ["    any:", "      - {field: a, is: exists}   # why", "      - field: b", "        is: exists"],
            ["    any: [{field: b, is: exists}]"],
        ),
        (("domains", ["shop.example"]), [], ["domains: [shop.example]"]),
        (("container", "store"), ["container: shop   # never renamed"], ["container: store   # never renamed"]),
        (
            ("tags", "orders", "paused", True),
            ["  orders: {template: webhook, triggers: [all]}"],
            ["  orders: {template: webhook, triggers: [all], paused: true}"],
        ),
    ],
    ids=lambda value: ".".join(map(str, value[:-1])) if isinstance(value, tuple) else "",
)
def test_only_the_lines_of_what_changes_change(edit: tuple[Any, ...], gone: list[str], come: list[str]) -> None:
    wanted = changed(*edit)
    text = rewrite(TEXT, wanted)
    assert same(data_of(text), wanted)
    assert lines_that_differ(text) == (gone, come)


def test_what_is_removed_takes_its_comment_along() -> None:
    wanted = data_of(TEXT)
    del wanted["tags"]["meta"]
    text = rewrite(TEXT, wanted)
    assert "twin" not in text
    assert "# The orders." in text
    assert text.startswith("# The shop's container.\n# Ask ada")
    assert text.endswith("# The end.\n")


def test_what_moves_takes_its_comment_along() -> None:
    wanted = data_of(TEXT)
    wanted["tags"] = dict(reversed(wanted["tags"].items()))
    text = rewrite(TEXT, wanted)
    assert sorted(text.splitlines()) == sorted(TEXT.splitlines())
    assert text.index("# The orders.") < text.index("# The pixel's twin.")


def test_what_says_the_same_stays_as_it_is() -> None:
    assert rewrite(TEXT, data_of(TEXT)) == TEXT


@pytest.mark.parametrize("text", ["", "{}", "a: [", "- 1", "{a: 1, b: 2}", "? a\n: 1\n", "a: &x 1", "a:\r\n  b: 1\r\n"])
def test_what_has_no_entries_on_lines_of_their_own_is_written_anew(text: str) -> None:
    assert data_of(rewrite(text, {"a": {"b": [1, 2]}})) == {"a": {"b": [1, 2]}}


def test_a_key_is_renamed_where_it_stands() -> None:
    text = rename_key(TEXT, ("tags", "meta"), "facebook")
    assert lines_that_differ(text) == (["  meta:"], ["  facebook:"])
    assert rename_key(TEXT, ("tags", "orders"), "null").count('  "null": {template') == 1
    for path in [("tags", "none"), ("container", "x")]:
        assert rename_key(TEXT, path, "x") == TEXT


@given(CONTAINERS, CONTAINERS, st.integers(0, 3))
@settings(max_examples=150, deadline=None)
def test_a_text_says_what_was_asked_for(before: dict[str, Any], after: dict[str, Any], comments: int) -> None:
    text = yaml_text(before)
    if "|" not in text:  # In a text that stands on lines of its own it would be no comment.
        told = [[f"{line[: len(line) - len(line.lstrip())]}# told\n"] * comments for line in text.split("\n")]
        lines = [f"{line}\n" for line in text.removesuffix("\n").split("\n")]
        text = "".join("".join([*above, line]) for above, line in zip(told, lines, strict=False))
    assert same(data_of(text), before)
    assert same(data_of(rewrite(text, after)), after)
    assert rewrite(text, before) == text
