"""Secrets by name: the references that files hold, and the values that only a sender may take out.

A value comes from the environment or from the secret store, whose values a process takes in with `hold`, and never
enters a container, a snapshot, a log line or a trace.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from runtime.errors import OperatorError

PREFIX = "secret:"
VARIABLE_PREFIX = "FIRSTHAND_SECRET_"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")


class Secret:
    """A value that cannot print itself, be copied into JSON, or be stored by accident."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Returns the value. Only what fills in or checks a request may ask for it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled or copied")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))


def is_reference(value: Any) -> bool:
    """Tells whether a setting's value is a well-formed reference: `secret:NAME`."""
    return isinstance(value, str) and value.startswith(PREFIX) and bool(_NAME.fullmatch(value[len(PREFIX) :]))


def reference_name(value: str) -> str:
    """Returns NAME of `secret:NAME`; any other text is a ValueError that does not repeat it."""
    if not is_reference(value):
        raise ValueError("not a reference of the form secret:NAME")
    return value[len(PREFIX) :]


def reference(name: str) -> str:
    """Returns the text that stands for a secret wherever people look."""
    return PREFIX + name


def variable_name(name: str) -> str:
    """Returns the environment variable that holds the secret: upper case, hyphens as underscores."""
    return VARIABLE_PREFIX + name.upper().replace("-", "_")


_held: dict[str, str] = {}
"""Variable to value, of the secret store."""


def hold(values: Mapping[str, str]) -> bool:
    """Takes in the values of the secret store, by stored name, in place of those before; returns whether any differs.

    A variable of the environment with the same name wins: an operator can override without the store.
    """
    new = {VARIABLE_PREFIX + name: value for name, value in values.items()}
    changed = new != _held
    _held.clear()
    _held.update(new)
    return changed


def known_secrets() -> dict[str, str]:
    """Returns every value that this process knows, by stored name. For filters that look for them."""
    given = {name: value for name, value in os.environ.items() if name.startswith(VARIABLE_PREFIX)}
    return {name.removeprefix(VARIABLE_PREFIX): value for name, value in (_held | given).items()}


def secret_value(name: str, environment: Mapping[str, str] | None = None) -> Secret:
    """Returns the secret of that name; an OperatorError names the variable where it is unset or empty."""
    variable = variable_name(name)
    value = (os.environ if environment is None else environment).get(variable, "") or _held.get(variable, "")
    if not value:
        hint = f"Set it with `firsthand secret set {name}`, or as the environment variable {variable}."
        raise OperatorError(f"The secret {name} is not set.", hint=hint)
    return Secret(value)
