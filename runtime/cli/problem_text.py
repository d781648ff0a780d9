"""How problems of a container file are printed."""

from __future__ import annotations

from collections.abc import Sequence

from runtime.errors import Problem


def problem_lines(file: str, problems: Sequence[Problem]) -> str:
    """Returns a line for each problem, errors first and otherwise in the order that is given, and one that says
    whether the file can be published."""
    errors = [problem for problem in problems if problem.severity == "error"]
    warnings = [problem for problem in problems if problem.severity != "error"]
    counts = [_count(len(errors), "error"), _count(len(warnings), "warning")]
    summary = ": ".join(filter(None, [f"{file} is {'not ' if errors else ''}valid", ", ".join(filter(None, counts))]))
    return "\n".join([*(f"{problem.severity}: {problem}" for problem in (*errors, *warnings)), summary])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' if number > 1 else ''}" if number else ""
