"""Secrets by name: the references that files hold, and the values that only a sender may take out.

A value comes from the environment and never enters a container, a snapshot, a log line or a trace.
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


def secret_value(name: str, environment: Mapping[str, str] | None = None) -> Secret:
    """Returns the secret of that name; an OperatorError names the variable where it is unset or empty."""
    variable = variable_name(name)
    value = (os.environ if environment is None else environment).get(variable, "")
    if not value:
        raise OperatorError(f"The secret {name} is not set.", hint=f"Set the environment variable {variable}.")
    return Secret(value)
