"""What may be done to users and tokens, whoever asks: the pages and the API call these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from admin_ui.call import Call
from admin_ui.refusals import Refused
from runtime.model.role import Role
from runtime.store.accounts import Accounts
from runtime.store.sessions import Session
from runtime.store.users import User

DAY_S = 86400


@dataclass(frozen=True)
class Known:
    """A user as lists show it."""

    user: User
    sessions: list[Session]
    tokens: int
    """How many tokens it made that are still good."""

    @property
    def seen_at(self) -> float | None:
        """When it was last here, as far as a session is open."""
        return max((session.seen_at for session in self.sessions), default=None)


def everybody(accounts: Accounts) -> list[Known]:
    """Returns all users by name."""
    sessions, now = accounts.sessions(), accounts.now()
    made_by = [token.made_by for token in accounts.tokens() if not token.is_over(now)]
    return [
        Known(user, [each for each in sessions if each.user == user.id], made_by.count(user.name))
        for user in accounts.users()
    ]


def change(call: Call, name: str, role: Role | None, disabled: bool | None, *, drop_factor: bool = False) -> User:
    """Changes what is given of a user; its sessions end. OperatorError where nobody could administer any more."""
    with call.admin.control(call.me.name) as control:
        values: dict[str, Any] = {} if role is None else {"role": role}
        values |= {} if disabled is None else {"disabled": int(disabled)}
        values |= {"totp": None} if drop_factor else {}
        return control.accounts.change(name, **values) if values else control.accounts.known(name)


def invite(call: Call, role: Role) -> str:
    """Returns the path of a one-time link for somebody new."""
    with call.admin.control(call.me.name) as control:
        return welcome_path(control.accounts.invite(role))


def reset(call: Call, name: str) -> str:
    """Returns the path of a one-time link by which a user sets a new password."""
    with call.admin.control(call.me.name) as control:
        user = control.accounts.known(name)
        return welcome_path(control.accounts.invite(user.role, user))


def make_token(call: Call, name: str, role: Role, days: int | None) -> str:
    """Makes a token and returns it, once. Refused where it could do more than who makes it."""
    if not call.me.may(role):
        raise Refused(403, f"A token can be {call.me.role} at most, as you are.", "Ask somebody who may more.")
    with call.admin.control(call.me.name) as control:
        return control.accounts.add_token(name, role, call.me.name, valid_s=days * DAY_S if days else None)


def welcome_path(secret: str) -> str:
    """Returns where a one-time link leads."""
    return f"/welcome/{secret}"
