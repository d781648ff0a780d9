"""Environments in the control database: which version each runs, on which hosts, and whether its tags send."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from runtime.errors import OperatorError
from runtime.store import audit
from runtime.store.versions import LIVE
from runtime.text.references import is_id

PREVIEW = "preview"
"""What hits of previews carry in an environment's place."""

_EVERY = "SELECT name, version, hosts, sends FROM environment ORDER BY name != 'live', name"
_PUT = (
    "INSERT INTO environment (name, version, hosts, sends) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (name) DO UPDATE SET hosts = excluded.hosts, sends = excluded.sends"
)
_REMOVE = "DELETE FROM environment WHERE name = ?"


class Environment(NamedTuple):
    """A place where one version runs."""

    name: str
    version: int
    hosts: tuple[str, ...] = ()
    """Host names on which it answers; empty for `live`, which answers on all that are no other's."""
    sends: bool = False
    """Whether its tags send. Those of `live` always do, whatever stands here."""


def every(db: Any) -> list[Environment]:
    """Returns all environments, `live` first."""
    rows = db.execute(_EVERY).fetchall()
    return [Environment(name, version, tuple(json.loads(hosts)), bool(sends)) for name, version, hosts, sends in rows]


def put(db: Any, who: str, name: str, hosts: Sequence[str], sends: bool) -> Environment:
    """Says where an environment answers and whether it sends; a new one runs what is live.

    OperatorError where nothing is live, or another environment has one of the hosts. The caller holds the transaction.
    """
    if name == PREVIEW or not is_id(name):
        hint = f"Begin with a letter; then letters, digits, `_` and `-`. `{PREVIEW}` is what hits of previews carry."
        raise OperatorError(f"`{name}` cannot be an environment's name.", hint=hint)
    there = {each.name: each for each in every(db)}
    _require_free(name, hosts, there)
    running = there.get(name) or there.get(LIVE)
    if running is None:
        raise OperatorError("Nothing is live yet.", hint="An environment needs a version: publish one first.")
    wanted = Environment(name, running.version, tuple(hosts), sends)
    if there.get(name) != wanted:
        db.execute(_PUT, [name, wanted.version, json.dumps(hosts), sends])
        told = {"environment": name, "version": wanted.version, "hosts": list(hosts), "sends": sends}
        audit.add(db, who, "environment", told)
    return wanted


def remove(db: Any, who: str, name: str) -> None:
    """Removes an environment; its hosts are `live`'s again. OperatorError where there is none, and for `live`."""
    if name == LIVE:
        raise OperatorError("`live` cannot be removed.", hint="Publish another version in its place.")
    if not db.execute(_REMOVE, [name]).rowcount:
        raise OperatorError(f"There is no environment `{name}`.", hint="`firsthand container environments` lists them.")
    audit.add(db, who, "environment", {"environment": name, "version": None})


def _require_free(name: str, hosts: Sequence[str], there: dict[str, Environment]) -> None:
    for other in there.values():
        if other.name != name and (taken := sorted({*hosts} & {*other.hosts})):
            message = f"{', '.join(taken)} is the environment {other.name}'s."
            raise OperatorError(message, hint="A host runs one version: take it away there first.")
