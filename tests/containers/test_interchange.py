"""Reading container files: what YAML allows and we refuse, and every mistake of form with its path and its hint."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.containers.interchange import MAX_BYTES, load_container, parse_document, read_document
from runtime.errors import ContainerInvalid, OperatorError
from tests.containers.support import GOOD, HERE, Mistake, mistakes, problems_of, spoiled

TRAPS = [
    ("a: &x 1\nb: *x", "", "line 1, column 4: the anchor &x is not allowed", "write the part out"),
    ("a: *x", "", "line 1, column 4: the alias *x is not allowed", "in quotes"),
    ("<<: {container: shop}", "", "line 1: the merge key << is not allowed", "write the part out"),
    ("a: 1\nb: {c: 1, c: 2}\na: 3", "a", "line 3: this key stands here twice", "remove one of the two"),
    ("a: 1\nb: {c: 1, c: 2}", "b.c", "line 2: this key stands here twice", "remove one of the two"),
    ("a:\n\t- b", "", "line 2, column 1: found character '\\t'", "indent with spaces"),
    ("a: b: c", "", "line 1, column 5: mapping values are not allowed here", "in quotes"),
    ("a: [1", "", "line 1, column 6: expected ',' or ']'", ""),
    ("a: 1\n---\nb: 1", "", "line 2, column 1: but found another document", ""),
    ("a: " + "[" * 100, "", "the document nests more than 64 deep", "flatter"),
    ("%YAML 1.1\n---\na: yes", "", "line 2, column 1: only YAML 1.2 is read", ""),
    ("a: \0", "", "unacceptable character", ""),
    ('a: "\\0"', "a", "line 1: the text holds NUL", "remove it"),
    ('a: "\\ud800"', "a", "line 1: the text holds NUL or half a character", "remove it"),
    ("a: 012", "a", "line 1: `012` reads as another number", "put text in quotes"),
    ("a: 1_000", "a", "line 1: `1_000` reads as another number", "put text in quotes"),
    ("a: .nan", "a", "`.nan` is not a number that JSON has", ""),
    ("a: 1.0e400", "a", "`1.0e400` is not a number that JSON has", ""),
    ("a: " + "9" * 30, "a", "the number is too large", "put text in quotes"),
    ("a: " + "9" * 5000, "a", "this value cannot be read", "put text in quotes"),
    ("a: !!int abc", "a", "this value cannot be read", ""),
    ("a: !!binary aGk=", "a", "the type `binary` is not allowed", ""),
    ("a: !!set {x}", "a", "the type `set` is not allowed", ""),
    ("a: !!python/object/apply:os.system [true]", "a", "the type `python/object/apply:os.system`", ""),
    ("? [a]\n: 1", "", "line 1: a list or a map cannot be a key", "plain name"),
    ("a: 1\n2: b", "", "line 2: the key `2` is not text", "put it in quotes"),
]


@pytest.mark.parametrize("mistake", mistakes("form"), ids=str)
def test_a_mistake_of_form_is_told_with_its_path_and_a_hint(tmp_path: Path, mistake: Mistake) -> None:
    problems = problems_of(tmp_path, spoiled(mistake.edit))
    told = [problem for problem in problems if problem.path == mistake.path]
    assert len(told) == 1, problems
    assert mistake.message in told[0].message
    assert mistake.hint in told[0].hint


@pytest.mark.parametrize(("text", "path", "message", "hint"), TRAPS, ids=[row[2][:50] for row in TRAPS])
def test_what_yaml_allows_and_surprises_is_refused_with_its_line(text: str, path: str, message: str, hint: str) -> None:
    try:
        _, problems = parse_document(text.encode())
    except ContainerInvalid as error:
        problems = list(error.problems)
    told = [problem for problem in problems if problem.path == path]
    assert len(told) == 1, problems
    assert message in told[0].message
    assert hint in told[0].hint


def test_yaml_1_2_keeps_words_and_dates_as_text() -> None:
    data, problems = parse_document(b"a: [no, on, yes, 2026-09-15, 12:30, =, <<, ~, true, 1e3, 0x10]")
    assert problems == []
    assert data == {"a": ["no", "on", "yes", "2026-09-15", "12:30", "=", "<<", None, True, 1000.0, 16]}


def test_a_bomb_of_aliases_is_refused_before_it_unfolds() -> None:
    levels = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]\n" for n in range(1, 12))
    with pytest.raises(ContainerInvalid, match="the anchor &l0 is not allowed"):
        parse_document(("l0: &l0 [x]\n" + levels).encode())


def test_what_is_long_is_cut_in_messages(tmp_path: Path) -> None:
    text = GOOD.replace("mode: fast", f"mode: {'x' * 100_000}").replace(
        "exceptions:", f"{'y' * 1000}: 1\n    exceptions:"
    )
    problems = problems_of(tmp_path, text) + problems_of(tmp_path, f"a: {'9' * 5000}_1\nb: !{'t' * 1000} x")
    assert len(problems) >= 3
    assert max(len(problem.message) for problem in problems) < 200


def test_a_file_larger_than_5_mb_is_refused_unread() -> None:
    with pytest.raises(ContainerInvalid, match="larger than 5 MB"):
        parse_document(b"#" * (MAX_BYTES + 1))


def test_a_byte_that_is_not_utf_8_is_named() -> None:
    with pytest.raises(ContainerInvalid, match="byte 3 is not UTF-8"):
        parse_document(b"a: \xff")


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    assert problems_of(tmp_path, b"\xef\xbb\xbf" + GOOD.encode()) == []


@pytest.mark.parametrize("text", ["", "# nothing\n", "[a]", "a", "null"])
def test_a_document_that_is_no_map_is_told_what_to_begin_with(tmp_path: Path, text: str) -> None:
    (problem,) = problems_of(tmp_path, text)
    assert "a map is expected" in problem.message
    assert "`container:`" in problem.hint


def test_a_file_that_is_not_there_is_the_operators_error(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="No such file"):
        read_document(tmp_path / "none.yaml")
    with pytest.raises(OperatorError, match="Is a directory"):
        load_container(tmp_path)


def test_a_refused_value_is_told_once(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, "container: 012")
    assert problem.path == "container"


def test_yaml_and_form_are_told_together(tmp_path: Path) -> None:
    paths = {problem.path for problem in problems_of(tmp_path, "container: shop\ncontainer: shop\ntag: {}\ndomains: x")}
    assert paths == {"container", "tag", "domains"}


def test_the_design_s_container_loads() -> None:
    assert load_container(HERE / "demo_shop.yaml").container == "demo-shop"
