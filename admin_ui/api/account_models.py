"""Users, invitations, tokens and sessions as the API takes and gives them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field, field_validator

from runtime.model.role import Role
from runtime.store.tokens import LONGEST_NAME

LONGEST_DAYS = 9999


class UserShown(BaseModel):
    """A user."""

    name: str
    role: Role
    disabled: bool
    second_factor: bool
    signs_in_by: Literal["password", "single sign-on"]
    made_at: float = Field(description="Unix seconds.")
    sessions: int = Field(description="Browsers in which it is signed in.")
    seen_at: float | None = Field(description="When one of them was last used, Unix seconds.")
    tokens: int = Field(description="Tokens that it made and that are still good.")


class InvitationShown(BaseModel):
    """A one-time link that nobody has used yet."""

    id: str
    user: str | None = Field(description="Whose password it sets; null for somebody new.")
    role: Role
    expires_at: float


class UsersShown(BaseModel):
    """All users, and links that are open."""

    users: list[UserShown]
    invitations: list[InvitationShown]


class UserChange(BaseModel, extra="forbid"):
    """What shall be otherwise of a user; what is left out stays. Each ends the user's sessions."""

    role: Role | None = None
    disabled: bool | None = None
    second_factor: Literal[False] | None = Field(None, description="false takes it away.")

    @field_validator("second_factor", mode="before")
    @classmethod
    def _is_said(cls, value: object) -> object:
        if value is not None and not isinstance(value, bool):
            raise ValueError("It is false, or left out.")  # pydantic takes a 0 for the literal false.
        return value


class InvitationGiven(BaseModel, extra="forbid"):
    """What somebody new shall be."""

    role: Role


class Link(BaseModel):
    """A one-time link. It is shown once."""

    path: str = Field(description="Where it leads, on the admin port.")
    expires_at: float


class TokenShown(BaseModel):
    """A token, without its secret."""

    id: int
    name: str
    role: Role
    made_by: str
    made_at: float
    expires_at: float | None
    used_at: float | None
    ending: str = Field(description="Its last four characters.")


class TokensShown(BaseModel):
    """All tokens, the newest first."""

    tokens: list[TokenShown]


class TokenGiven(BaseModel, extra="forbid"):
    """A token to make. Its role is at most that of who makes it."""

    name: str = Field(min_length=1, max_length=LONGEST_NAME)
    role: Role
    days: int | None = Field(None, ge=1, le=LONGEST_DAYS, description="Until it expires; null for no end.")


class TokenMade(BaseModel):
    """A new token. It is shown once."""

    token: str


class SessionShown(BaseModel):
    """A browser in which one is signed in."""

    id: str
    address: str
    agent: str
    made_at: float
    seen_at: float
    this: bool = Field(description="Whether the request came by it.")


class SessionsShown(BaseModel):
    """One's own sessions, the latest used first."""

    sessions: list[SessionShown]


class Ended(BaseModel):
    """How many sessions were ended."""

    ended: int
