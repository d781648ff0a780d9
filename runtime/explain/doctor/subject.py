"""What is looked at: a domain, the store that it is for, and the installation that should answer there."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from runtime.containers.policy import policy_in_force
from runtime.errors import OperatorError
from runtime.explain.programs import Programs
from runtime.model.snapshot import Snapshot
from runtime.settings import Settings
from runtime.store.control import Control
from runtime.store.files import control_path
from runtime.text.domains import host_name, is_address, is_host_name, registrable
from runtime.text.signed import new_key

_GIVEN = re.compile(r"(?:https?://)?(?P<host>[^/?#@\s]+)(?P<prefix>/[A-Za-z0-9._~/-]*)?", re.IGNORECASE)
LONGEST = 300


@dataclass(frozen=True)
class Subject:
    """One look's subject."""

    domain: str
    """The collector's host as browsers send it."""
    shop: str
    """Host of the store's pages."""
    settings: Settings
    prefix: str = ""
    """Path under which a proxy of the store hands requests on, without a slash at its end."""
    snapshot: Snapshot | None = None
    """What is live here; None where nothing is, or there is no data folder."""
    key: bytes = b""
    """Signs what proves that this installation answers; empty where there is none."""
    stored: Collection[str] = ()
    """Names of the secrets in the store."""

    @property
    def domains(self) -> tuple[str, ...]:
        """The container's."""
        return self.snapshot.container.domains if self.snapshot else ()


def read_subject(given: str, shop: str, settings: Settings) -> Subject:
    """Returns the subject of a domain, perhaps with a path: `t.shop.example`, `shop.example/metrics`. Raises
    OperatorError where it is none."""
    domain, prefix = _domain(given)
    shop = _domain(shop)[0] if shop else ""
    snapshot, key, stored = _installation(settings)
    listed = snapshot.container.domains if snapshot else ()
    shop = shop or (ascii_host(listed[0]) if listed else registrable(domain) or domain)
    return Subject(domain, shop, settings, prefix, snapshot, key, stored)


def ascii_host(text: str) -> str:
    """Returns a host as browsers send it: small letters, other scripts in their ASCII form where they have one."""
    name = host_name(text.strip())
    try:
        return name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError:
        return name


def _domain(given: str) -> tuple[str, str]:
    found = _GIVEN.fullmatch(given.strip()) if len(given) <= LONGEST else None
    name = ascii_host(found["host"]) if found else ""
    if found is None or "." not in name or not is_host_name(name) or is_address(name):
        raise OperatorError(f"`{given[:100]}` is no domain.", hint="Write it like t.shop.example.")
    return name, (found["prefix"] or "").rstrip("/")


def _installation(settings: Settings) -> tuple[Snapshot | None, bytes, Collection[str]]:
    path = control_path(settings.data_dir)
    if not path.exists():
        return None, b"", ()
    with Control.read(path) as control:
        is_live, key, stored = control.live() is not None, control.preview_key(), control.secrets.names()
    if not is_live:
        return None, key, stored
    if not key:
        with Control(path) as control:
            key = control.make_preview_key(new_key())
    return Programs(path, policy=policy_in_force(settings)).live(), key, stored
