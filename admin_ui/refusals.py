"""What the admin port answers where it does not do what was asked: for programs as JSON, for people as a page."""

from __future__ import annotations

from typing import Any

from runtime.errors import ContainerInvalid, FirsthandError, OperatorError, Overloaded, Problem


class Refused(Exception):
    """A request that is not granted, in words for who asked."""

    def __init__(self, status: int, message: str, hint: str = "", problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(message)
        self.status, self.message, self.hint, self.problems = status, message, hint, problems


class SignInFirst(Refused):
    """Nobody is signed in."""

    def __init__(self) -> None:
        super().__init__(401, "Nobody is signed in.", "Sign in, or send `Authorization: Bearer` with a token.")


def refusal_of(error: FirsthandError) -> Refused:
    """Returns what an error of ours means for who asked."""
    if isinstance(error, ContainerInvalid):
        return Refused(422, "The container has problems.", "See each problem's hint.", tuple(error.problems))
    if isinstance(error, Overloaded):
        return Refused(503, error.message, error.hint)
    return Refused(404 if isinstance(error, OperatorError) else 400, error.message, error.hint)


def as_data(refused: Refused) -> dict[str, Any]:
    """Returns a refusal as programs read it."""
    problems = [problem_data(problem) for problem in refused.problems]
    return {"error": refused.message, "hint": refused.hint, "problems": problems}


def problem_data(problem: Problem) -> dict[str, str]:
    """Returns a problem as programs read it."""
    return {"path": problem.path, "message": problem.message, "hint": problem.hint, "severity": problem.severity}
