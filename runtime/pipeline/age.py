"""When a vendor stops taking an item: the time that the item states, and the limit that its manifest names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from runtime.model.manifest import AgeRule, FromSetting
from runtime.pipeline.condition import compile_path, read_path
from runtime.text.compare import number_of, text_of

Expiry = Callable[[Any], int]
"""From an item to the Unix second after which the vendor no longer takes it; 0 = never."""

_DAY_S = 86400
_FARTHEST_S = 2**40
"""A time past the year 36,000 is none."""
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000}


def compile_expiry(rule: AgeRule | None, settings: Mapping[str, Any]) -> Expiry:
    """Returns the rule with the instance's numbers filled in. Dispatchers compare with the clock before each send."""
    if rule is None:
        return lambda item: 0
    time, unit = compile_path(rule.time), _PER_SECOND[rule.unit]
    default_days = number(rule.limit_days, settings)
    field, limits = _by(rule, settings)

    def expiry(item: Any) -> int:
        happened = number_of(read_path(item, time))
        days = limits.get(text_of(read_path(item, field)), default_days) if field else default_days
        if happened is None or days is None or not abs(happened) < _FARTHEST_S * unit:
            return 0
        return int(happened / unit + days * _DAY_S)

    return expiry


def _by(rule: AgeRule, settings: Mapping[str, Any]) -> tuple[Any, dict[str, float]]:
    if rule.by is None:
        return None, {}
    found = {value: number(limit, settings) for value, limit in rule.by.limits_days.items()}
    return compile_path(rule.by.field), {value: limit for value, limit in found.items() if limit is not None}


def number(given: FromSetting | float, settings: Mapping[str, Any]) -> float | None:
    """Returns a manifest's number, or the setting's that it names; None where the setting holds none."""
    return number_of(settings.get(given.setting)) if isinstance(given, FromSetting) else given
