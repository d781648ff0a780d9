"""`formatValue` of a variable: what becomes of its value before anybody sees it."""

from __future__ import annotations

from typing import Any

from runtime.containers.gtm.entity import Entity, is_true, plain, text_of
from runtime.containers.gtm.secrets import REFERENCE
from runtime.text.secrets import is_reference

_CASES = {"lowercase": "lower", "uppercase": "upper"}
_KNOWN = {"caseConversionType", "convertNullToValue", "convertUndefinedToValue", "convertTrueToValue",
          "convertFalseToValue", "convertToNumber", "convertToBoolean", "decimalSeparator"}  # fmt: skip


def format_of(entity: Entity) -> tuple[dict[str, Any], list[str]]:
    """Returns our `format`, empty where nothing is changed, and what could not be carried over."""
    given = entity.raw.get("formatValue")
    if not isinstance(given, dict):
        return {}, []
    odd = [f"Its format says `{key}`, which is not known here." for key in given if key not in _KNOWN]
    found: dict[str, Any] = {"case": _CASES.get(text_of(given.get("caseConversionType")).lower())}
    found["number"] = _wanted(given.get("convertToNumber")) or None
    found["boolean"] = (_wanted(given.get("convertToBoolean")) and not found["number"]) or None
    found["decimal"] = "," if found["number"] and _separator(given) in (",", "comma") else None
    for ours, theirs in (("true_as", "convertTrueToValue"), ("false_as", "convertFalseToValue")):
        found[ours] = _replacement(given.get(theirs), theirs, odd)
    nothing = [_replacement(given.get(key), key, odd) for key in ("convertUndefinedToValue", "convertNullToValue")]
    if None not in nothing and nothing[0] != nothing[1]:
        odd.append("It replaces null and undefined differently; here both are no value, and undefined's counts.")
    found["null_as"] = next((value for value in nothing if value is not None), None)
    return {key: value for key, value in found.items() if value is not None}, odd


def _wanted(value: Any) -> bool:
    return isinstance(value, dict) or is_true(value)


def _separator(given: dict[str, Any]) -> str:
    node = given.get("convertToNumber")
    inner = node.get("decimalSeparator") if isinstance(node, dict) else None
    return text_of(inner or given.get("decimalSeparator")).lower()


def _replacement(node: Any, key: str, odd: list[str]) -> str | bool | None:
    if node is None:
        return None
    value = plain(node)
    if isinstance(value, bool):
        return value
    text = text_of(value)
    if not isinstance(node, dict | str | int | float) or REFERENCE.search(text) or "{{" in text or is_reference(text):
        odd.append(f"Its format's {key} is no fixed text and was left out.")
        return None
    return text
