"""One condition of Tag Manager as one of ours.

There every value is text and a missing one is the text `undefined`; here a missing value meets no operator, so that a
comparison with that word becomes `exists`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from runtime.containers.gtm.desk import NEVER, Desk
from runtime.containers.gtm.entity import is_true, plain, text_of
from runtime.containers.gtm.references import Withheld
from runtime.text.regex import compile_re2

OPERATORS = {
    "equals": "equals",
    "contains": "contains",
    "startswith": "starts_with",
    "endswith": "ends_with",
    "matchregex": "matches",
    "greater": "greater",
    "greaterorequals": "greater_or_equal",
    "less": "less",
    "lessorequals": "less_or_equal",
}
"""Ours by Tag Manager's, in small letters and without underscores."""

_NEGATED = {
    "doesnotequal": "equals",
    "notequals": "equals",
    "doesnotcontain": "contains",
    "doesnotstartwith": "startswith",
    "doesnotendwith": "endswith",
    "doesnotmatchregex": "matchregex",
}
"""What tables of transformations write in one word."""
_NUMERIC = frozenset(("greater", "greater_or_equal", "less", "less_or_equal"))
_MISSING = frozenset(("undefined", "null"))


class Untranslatable(Exception):
    """A condition has no counterpart; its text says why."""


def translate(desk: Desk, node: Any) -> dict[str, Any]:
    """Returns a condition of a trigger; raises Untranslatable."""
    if not isinstance(node, dict):
        raise Untranslatable("a condition is no object")
    given = {text_of(part.get("key")): plain(part) for part in _parts(node.get("parameter"))}
    negated = is_true(given.get("negate")) or is_true(node.get("negate"))
    ignore_case = is_true(given.get("ignore_case"))
    return condition(
        desk, text_of(given.get("arg0")), text_of(node.get("type")), _word(given.get("arg1")), negated, ignore_case
    )


def condition(
    desk: Desk, subject: str, operator: str, value: str, negated: bool = False, ignore_case: bool = False
) -> dict[str, Any]:
    """Returns a condition from its parts as Tag Manager writes them; raises Untranslatable."""
    name = operator.lower().replace("_", "")
    negated = negated ^ (name in _NEGATED)
    ours = OPERATORS.get(_NEGATED.get(name, name))
    if ours is None:
        raise Untranslatable(f"the operator {operator or '(none)'} does not exist here")
    try:
        expected = desk.references.fixed(value)
        tested = _subject(desk, subject)
    except Withheld as withheld:
        raise Untranslatable(f"it compares with the secret {withheld.name}") from None
    if expected is None:
        raise Untranslatable(f"it compares with `{value}`, and a condition here compares with a fixed value")
    negation = {"not": True} if negated else {}
    whole = desk.references.whole(subject)
    if whole is not None and whole.is_client:
        return _of_client(desk, tested, ours, expected, ignore_case) | negation
    if ours == "equals" and expected in _MISSING:
        return tested | {"is": "exists"} | ({} if negated else {"not": True})
    case = {"ignore_case": True} if ignore_case and ours not in _NUMERIC else {}
    return tested | {"is": ours, "value": _expected(ours, expected)} | negation | case


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else text_of(value)


def _parts(nodes: Any) -> list[dict[str, Any]]:
    return [node for node in nodes if isinstance(node, dict)] if isinstance(nodes, list) else []


def _subject(desk: Desk, text: str) -> dict[str, Any]:
    if not text.strip():
        raise Untranslatable("it does not say what it tests")
    known = desk.references.whole(text)
    if known is not None and (known.secret or known.withheld):
        raise Withheld(known.secret or known.id)
    if known is not None:
        return {"field": known.field} if known.field else {"variable": known.id}
    value = {"template": "constant", "settings": {"value": desk.references.text(text)}}
    return {"variable": desk.add("variables", "tested text", value, f"A condition tests the text `{text}`.")}


def _expected(operator: str, text: str) -> Any:
    if operator in _NUMERIC:
        return _number(text)
    if operator == "matches":
        try:
            compile_re2(text)
        except ValueError:
            raise Untranslatable(f"the pattern `{text[:80]}` is none that RE2 takes") from None
    return text


def _number(text: str) -> int | float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise Untranslatable(f"it compares with `{text[:80]}`, which is no number")
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _of_client(desk: Desk, tested: dict[str, Any], operator: str, value: str, ignore_case: bool) -> dict[str, Any]:
    """Returns a test of the client by id. Names are compared now, since here a client is told by its id."""
    test = _test(operator, value, ignore_case)
    ids = [desk.id(client) for client in desk.of("client") if test(client.name)]
    ids = [id for id in ids if id in desk.parts["clients"]]
    if not ids:
        return {key: part for key, part in NEVER.items() if key != "not"} | {"is": "in", "value": [""]}
    return tested | ({"is": "equals", "value": ids[0]} if len(ids) == 1 else {"is": "in", "value": ids})


def _test(operator: str, value: str, ignore_case: bool) -> Callable[[str], bool]:
    def fold(text: str) -> str:
        return text.casefold() if ignore_case else text

    wanted = fold(value)
    if operator == "matches":
        _expected(operator, value)
        return compile_re2(value, ignore_case=ignore_case).search
    tests: dict[str, Callable[[str], bool]] = {
        "equals": lambda name: fold(name) == wanted,
        "contains": lambda name: wanted in fold(name),
        "starts_with": lambda name: fold(name).startswith(wanted),
        "ends_with": lambda name: fold(name).endswith(wanted),
    }
    if operator not in tests:
        raise Untranslatable("it compares a client's name as a number")
    return tests[operator]
