"""Environments beside `live`: a version on host names of its own, so that a site of its own can try it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from runtime.containers.versions import live_version
from runtime.errors import OperatorError
from runtime.store.control import LIVE, Control, Environment
from runtime.text.domains import is_host_name

RESERVED = frozenset((LIVE, "preview"))
"""`live` answers wherever no other does; `preview` is what hits of previews are marked with."""

_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")


def set_environment(
    control: Control, name: str, hosts: Iterable[str] | None = None, *, sends: bool | None = None
) -> Environment:
    """Says on which hosts an environment answers and whether its tags send; what is None stays as it is.

    A new one runs what is live, and does not send. OperatorError where the name or a host cannot be one, and where a
    host is another environment's, or live's: one of the domains of the live container.
    """
    _require_name(name)
    known = next((each for each in control.environments() if each.name == name), None)
    wanted = list(known.hosts if known else ()) if hosts is None else [_host(host) for host in dict.fromkeys(hosts)]
    live = live_version(control)
    if taken := sorted({*wanted} & {*(live.container.domains if live else ())}):
        message = f"{', '.join(taken)} is live's: the live container names it among its domains."
        raise OperatorError(message, hint=f"Give this environment a host of its own, such as {name}.{taken[0]}")
    sends = bool(known and known.sends) if sends is None else sends
    return control.set_environment(name, wanted, sends=sends)


def _require_name(name: str) -> None:
    if name in RESERVED:
        raise OperatorError(f"The environment `{name}` cannot be set.", hint="Name another one, such as staging.")
    if not _NAME.fullmatch(name):
        hint = "A small letter, then small letters, digits and `-`; 32 at most."
        raise OperatorError(f"`{name}` cannot be an environment's name.", hint=hint)


def _host(text: str) -> str:
    host = text.strip().lower()
    if not is_host_name(host):
        hint = "Write the host alone, without scheme, port and path: staging.shop.example"
        raise OperatorError(f"`{text}` is not a host name.", hint=hint)
    return host
