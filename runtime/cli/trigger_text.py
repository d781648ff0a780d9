"""A trigger's answer as text: each condition with what it found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

Record = dict[str, Any]

_PARTS = {"all": "every one of", "any": "at least one of", "not": "none of"}


def trigger_lines(name: str, answer: Record) -> Iterator[str]:
    """Yields the lines of one trigger of a trace."""
    yield f"trigger {name}: {_word(answer)}"
    yield from _group(answer)


def _group(answer: Record) -> Iterator[str]:
    for part, words in _PARTS.items():
        if part in answer:
            yield f"  {words}"
            for member in answer[part]:
                yield from (f"    {line}" for line in _member(member))


def _member(member: Record) -> Iterator[str]:
    if "is" in member:
        yield f"{_word(member)}: {_condition(member)}"
    else:
        yield f"{_word(member)}: a group"
        yield from _group(member)


def _condition(condition: Record) -> str:
    source = condition.get("field") or f"variable {condition.get('variable')}"
    value = f" {_shown(condition['value'])}" if "value" in condition else ""
    negated = "not " if condition.get("not") else ""
    case = ", in any case" if condition.get("ignore_case") else ""
    found = "it is absent" if condition["actual"] is None else f"it is {_shown(condition['actual'])}"
    return f"{negated}{source} {condition['is'].replace('_', ' ')}{value}{case} ({found})"


def _word(answer: Record) -> str:
    return "yes" if answer["result"] else "no"


def _shown(value: Any) -> str:
    return orjson.dumps(value).decode()
