"""Whatever is done to a good file, loading and checking end in a list of problems and in nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from runtime.containers.check import check
from runtime.containers.interchange import parse_document
from runtime.model.container import Container
from tests.containers.random_containers import CONTAINERS
from tests.containers.support import GOOD, problems_of, templates

QUIET = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

FRAGMENTS = st.sampled_from(
    ["", "\n", "  ", "\t", ":", ": ", "- ", "[", "]", "{", "}", '"', "'", "#", "&a", "*a", "!x ", "|", "%", "null",
     "1e999", "{{word}}", "{{", "secret:", "?", "<<: ", "---\n", "not: ", "all: ", "0x", "\0", "é",
     "012", "~", "true", "\ud800"]
)  # fmt: skip
WORDS = st.sampled_from(["{{word}}", "secret:A", "secret:", "(", "/", "https://[", "exists", "sink", "purchases"])
NUMBERS = st.integers(-9, 9) | st.floats(allow_nan=False, allow_infinity=False)
KEYS = st.sampled_from(["all", "not", "is", "field", "x", ""])
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=8) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner),
    max_leaves=6,
)


@QUIET
@given(st.lists(st.tuples(st.integers(0, len(GOOD)), st.integers(0, 40), FRAGMENTS), min_size=1, max_size=4))
def test_edits_of_the_text(tmp_path: Path, edits: list[tuple[int, int, str]]) -> None:
    text = GOOD
    for start, length, fragment in edits:
        text = text[:start] + fragment + text[start + length :]
    for problem in problems_of(tmp_path, text):
        assert problem.message


@QUIET
@given(st.binary(max_size=200))
@example(b"\xef\xbb\xbf")
@example(b"\xff\xfea\x00")
def test_any_bytes(tmp_path: Path, raw: bytes) -> None:
    assert problems_of(tmp_path, raw)


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of a document."""
    members: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        members = list(value.items())
    elif isinstance(value, list):
        members = list(enumerate(value))
    return [path, *(place for key, part in members for place in paths_of(part, (*path, key)))]


DATA, _ = parse_document(GOOD.encode())
PLACES = paths_of(DATA)
FREE = ("tags", "sink", "settings", "headers", "X-Shop")
"""The one place that takes any value: what a map setting holds."""


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The document with another value at one of its places."""
    if not path:
        return new
    members = value.items() if isinstance(value, dict) else enumerate(value)
    changed = {key: replaced(part, path[1:], new) if key == path[0] else part for key, part in members}
    return changed if isinstance(value, dict) else list(changed.values())


@QUIET
@given(st.sampled_from(PLACES), VALUES)
def test_any_value_at_any_place(tmp_path: Path, path: tuple[Any, ...], new: Any) -> None:
    for problem in problems_of(tmp_path, orjson.dumps(replaced(DATA, path, new))):
        assert problem.message
        assert "[key]" not in problem.path


@pytest.mark.parametrize("path", [path for path in PLACES if path != FREE], ids=lambda path: ".".join(map(str, path)))
def test_another_type_at_each_place_is_told_at_or_above_or_below_it(tmp_path: Path, path: tuple[Any, ...]) -> None:
    told = problems_of(tmp_path, orjson.dumps(replaced(DATA, path, [[[]]])))
    where = ".".join(map(str, path))
    errors = [problem.path for problem in told if problem.severity == "error"]
    assert any(place.startswith(where) or where.startswith(place) for place in errors), told


@QUIET
@given(CONTAINERS, st.datetimes(timezones=st.just(UTC)))
def test_any_container_that_can_be_read_can_be_checked(data: dict[str, Any], now: datetime) -> None:
    container = Container.model_validate(data, by_alias=True, by_name=False)
    problems = check(container, templates(), now=now)
    assert all(problem.path and problem.message for problem in problems)
    assert problems == check(container, templates(), now=now)
