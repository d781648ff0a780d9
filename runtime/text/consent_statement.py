"""What somebody said about consent: an answer for each purpose that was spoken of, with the reason in a few words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from runtime.model.consent import PURPOSES, Purpose


class Answer(NamedTuple):
    """One answer."""

    granted: bool
    why: str = ""
    """For a person, without anything that the visitor wrote; "" where the place says it all."""


Statement = dict[Purpose, Answer]
"""By purpose; absent = nothing was said."""

UNREADABLE = "cannot be read"


def all_purposes(*, granted: bool, why: str = "") -> Statement:
    """Returns one answer for all purposes."""
    return dict.fromkeys(PURPOSES, Answer(granted, why))


def tightest(statements: Iterable[Statement]) -> Statement:
    """Returns what several say together where each must agree: the first denial, else the first grant."""
    joined: Statement = {}
    for statement in statements:
        for purpose, answer in statement.items():
            if purpose not in joined or (joined[purpose].granted and not answer.granted):
                joined[purpose] = answer
    return joined
