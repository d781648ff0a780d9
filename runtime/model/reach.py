"""How far a script reaches: what its manifest grants by name, less what the operator's policy denies it.

A pattern is a name, or the beginning of names with a `*` behind it. A denial always wins over a grant.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

Rule = tuple[str, str]
"""What is denied, and the operator's reason."""


def covers(pattern: str, name: str) -> bool:
    """Tells whether a pattern stands for a name."""
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def one_name(secret: str) -> str:
    """Returns a secret's name in the one form of all spellings that stand for the same value."""
    return secret.upper().replace("-", "_")


@dataclass(frozen=True, slots=True)
class Denied:
    """What the operator's policy takes from one template."""

    hit: tuple[Rule, ...] = ()
    """Parts of the hit."""
    event: tuple[Rule, ...] = ()
    """Paths of event data."""
    headers: tuple[Rule, ...] = ()
    cookies_read: tuple[Rule, ...] = ()
    cookies_set: tuple[Rule, ...] = ()
    hosts: tuple[Rule, ...] = ()
    """Hosts that requests must not go to: names, `*.name`, or `*`."""
    secrets: tuple[Rule, ...] = ()
    """Names of secrets, in the form of `one_name`."""
    log: tuple[Rule, ...] = ()
    """Scopes of the log."""


NOTHING = Denied()


@dataclass(frozen=True, slots=True)
class Reach:
    """Names of one kind that a script may use."""

    granted: tuple[str, ...] = ()
    denied: tuple[Rule, ...] = ()

    def allows(self, name: str) -> bool:
        """Tells whether the script may use that name."""
        return any(covers(pattern, name) for pattern in self.granted) and self.denial(name) is None

    def denial(self, name: str) -> str | None:
        """Returns the operator's reason against that name, None where there is none."""
        return next((why for pattern, why in self.denied if covers(pattern, name)), None)

    def allowed(self, names: Iterable[str]) -> tuple[str, ...]:
        """Returns those of the names that the script may use."""
        return tuple(name for name in names if self.allows(name))

    def refusal(self, what: str, name: str, line: str) -> str:
        """Returns why the script may not use a name, and what to do: the same words for every kind of permission.

        `what` is how a person calls it (cookie `_ttp`), `line` what the manifest would need.
        """
        why = self.denial(name)
        return not_granted(what, line) if why is None else policy_denies(what, why)


def not_granted(what: str, line: str) -> str:
    """Returns the words for what the manifest does not ask for."""
    return f"{what} is not granted: add `{line}` to the manifest's permissions"


def policy_denies(what: str, why: str) -> str:
    """Returns the words for what no manifest can ask for here."""
    return f"the operator's policy denies {what}: {why}"


@dataclass(frozen=True, slots=True)
class Readable:
    """What a script may read of the request that brought an event."""

    headers: Reach = field(default_factory=Reach)
    cookies: Reach = field(default_factory=Reach)
    parts: Reach = field(default_factory=Reach)
    """Parts of the hit by the names of `HIT_FIELDS`."""


UNREADABLE = Readable()
