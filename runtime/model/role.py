"""What people and programs may do at the admin port. Each role may do what those before it may."""

from __future__ import annotations

from typing import Literal, get_args

Role = Literal["viewer", "editor", "publisher", "admin"]
"""viewer: look · editor: change workspaces, run previews · publisher: publish, roll back, replay, discard · admin:
users, tokens, environments."""
ROLES: tuple[Role, ...] = get_args(Role)


def may(role: Role, needed: Role) -> bool:
    """Tells whether a role covers another."""
    return ROLES.index(role) >= ROLES.index(needed)
