"""Operators: text, numbers in one form, and what is no number."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.text.compare import build_test, number_of, text_of

TABLE: list[tuple[str, Any, Any, bool]] = [
    ("equals", "purchase", "purchase", True),
    ("equals", "purchase", "Purchase", False),
    ("equals", 5, "5", True),
    ("equals", "5", 5.0, True),
    ("equals", 5.0, "5.00", True),
    ("equals", "1e2", 100, True),
    ("equals", "007", 7, False),
    ("equals", "007", "007", True),
    ("equals", " 5", 5, False),
    ("equals", True, "true", True),
    ("equals", "false", False, True),
    ("equals", True, 1, False),
    ("equals", 12345678901234567890, "12345678901234567891", False),
    ("equals", "", "", True),
    ("equals", ["a", 1], ["a", 1], True),
    ("equals", {"b": 1, "a": 2}, {"a": 2, "b": 1}, True),
    ("equals", "1e999", "1e998", False),
    ("in", ["a", "b"], "b", True),
    ("in", ["a", "b"], "c", False),
    ("in", [1, 2], "2.0", True),
    ("in", "alone", "alone", True),
    ("in", [], "a", False),
    ("contains", "shop", "https://shop.example", True),
    ("contains", 5, "150", True),
    ("contains", "x", "shop", False),
    ("contains", "a", ["a", "b"], True),
    ("starts_with", "https:", "https://shop.example", True),
    ("starts_with", "shop", "https://shop.example", False),
    ("ends_with", ".example", "shop.example", True),
    ("ends_with", "shop", "shop.example", False),
    ("matches", "^/p/[0-9]+$", "/p/12", True),
    ("matches", "[0-9]", "a1b", True),
    ("matches", "^[0-9]+$", "a1b", False),
    ("matches", "^12$", 12.0, True),
    ("greater", 5, "5.01", True),
    ("greater", "5", 5, False),
    ("greater", 5, "many", False),
    ("greater", "many", 5, False),
    ("greater", 5, True, False),
    ("greater_or_equal", "5", 5.0, True),
    ("less", 0, -1, True),
    ("less", 0, "0", False),
    ("less_or_equal", 0, "0", True),
    ("less", 1e300, 10**300, True),
]
FOLDED: list[tuple[str, Any, Any, bool]] = [
    ("equals", "Purchase", "PURCHASE", True),
    ("equals", "STRASSE", "straße", True),
    ("in", ["Add_To_Cart"], "add_to_cart", True),
    ("contains", "SHOP", "my shop", True),
    ("starts_with", "HTTPS", "https://", True),
    ("ends_with", "EXAMPLE", "shop.example", True),
    ("matches", "^shop", "SHOP.example", True),
]


@pytest.mark.parametrize(("operator", "expected", "actual", "holds"), TABLE)
def test_operator(operator: str, expected: Any, actual: Any, holds: bool) -> None:
    assert build_test(operator, expected)(actual) is holds


@pytest.mark.parametrize(("operator", "expected", "actual", "holds"), FOLDED)
def test_operator_without_case(operator: str, expected: Any, actual: Any, holds: bool) -> None:
    assert build_test(operator, expected)(actual) is not holds
    assert build_test(operator, expected, ignore_case=True)(actual) is holds


def test_pattern_that_re2_refuses() -> None:
    with pytest.raises(ValueError, match="RE2"):
        build_test("matches", "(?=x)")


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (True, "true"), (5.0, "5"), (5.5, "5.5"), (-0.0, "0"), (10**20, "1" + "0" * 20), ([1], "[1]")],
)
def test_text(value: Any, text: str) -> None:
    assert text_of(value) == text


@pytest.mark.parametrize(
    "value", [None, True, "", "x", "5 EUR", "0x10", "NaN", "inf", "1_000", float("inf"), "1" * 65, []]
)
def test_no_number(value: Any) -> None:
    assert number_of(value) is None


scalars = st.one_of(st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text())


@given(scalars)
def test_equals_what_it_is(value: Any) -> None:
    assert build_test("equals", value)(value)
    assert build_test("equals", value)(text_of(value))
    assert build_test("in", [value])(value)


@given(scalars, scalars)
def test_equals_is_symmetric(one: Any, other: Any) -> None:
    assert build_test("equals", one)(other) is build_test("equals", other)(one)


@given(st.integers(), st.integers())
def test_orders_as_numbers(one: int, other: int) -> None:
    assert build_test("greater", str(one))(other) is (other > one or len(str(one)) > 64 or len(str(other)) > 64) or (
        max(len(str(one)), len(str(other))) > 64
    )
