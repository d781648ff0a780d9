"""Who may use the admin port: users, invitations, sessions, tokens of programs, failed tries. The door to all five.

Nothing here can be used by who reads the file: of passwords, sessions, invitations and tokens only hashes are kept, and
second factors are sealed.
"""

from __future__ import annotations

from runtime.store import failures, invitations, sessions, tokens, users
from runtime.store.failures import Failures
from runtime.store.invitations import Invitations
from runtime.store.sessions import Sessions
from runtime.store.tokens import Tokens

TABLES = (users.TABLE, invitations.TABLE, sessions.TABLE, tokens.TABLE, failures.TABLE)


class Accounts(Invitations, Sessions, Tokens, Failures):
    """All of it on one connection. Every change of who may do what is told to the audit log."""
