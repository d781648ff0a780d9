"""Passwords: long ones of any kind are good, guessable ones are not, and only their argon2id hash is kept.

Sizes after OWASP's password storage advice (2026): m=19 MiB, t=2, p=1, about 40 ms of one core.
"""

from __future__ import annotations

from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from zxcvbn import zxcvbn

SHORTEST, LONGEST = 12, 256
_GUESSABLE = 2
"""zxcvbn's scores up to this can be guessed by who has the hashes."""

_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
_two_at_a_time = BoundedSemaphore(2)
"""Each takes 19 MiB and a core: sign-ins must not use up the machine."""
_DUMMY = _hasher.hash("nobody has this password")


def weakness(password: str, name: str = "") -> str:
    """Returns what is wrong with a new password, "" where it is good."""
    if len(password) < SHORTEST:
        return f"It is shorter than {SHORTEST} characters."
    if len(password) > LONGEST:
        return f"It is longer than {LONGEST} characters."
    found = zxcvbn(password[:100], user_inputs=[name, "firsthand"])
    if found["score"] <= _GUESSABLE:
        return found["feedback"]["warning"] or "It is easy to guess: take a few more words."
    return ""


def hash_password(password: str) -> str:
    """Returns what is kept of a password."""
    with _two_at_a_time:
        return _hasher.hash(password)


def is_right(kept: str | None, password: str) -> bool:
    """Tells whether a password is the one that was hashed. Without one it takes as long, so that nobody can tell by the
    time whether a name exists."""
    with _two_at_a_time:
        try:
            return _hasher.verify(kept or _DUMMY, password[: LONGEST * 4]) and kept is not None
        except (VerifyMismatchError, InvalidHashError):
            return False
