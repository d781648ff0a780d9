"""The alerting rules that come with Firsthand: for the metrics that it has, with what to do about each."""

from __future__ import annotations

from pathlib import Path

_RULES = Path(__file__).with_name("alerts.yaml")


def alert_rules() -> str:
    """Returns the rules file as Prometheus reads it."""
    return _RULES.read_text(encoding="utf-8")
