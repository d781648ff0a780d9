"""What a manifest can ask for: the table of tags/README.md, one row a key of `permissions`."""

from __future__ import annotations

from typing import NamedTuple


class Grant(NamedTuple):
    """One key of a manifest's `permissions`."""

    key: str
    grants: str
    read: str
    """How the script reads or uses it."""
    without: str
    """What happens where it is not granted."""


GRANTS = (
    Grant(
        "hit.fields",
        "Parts of the hit, clients beside the payload; `*` = all",
        "`hit.page_url` in `parse`; `query` also opens `incoming.query`, `geo` opens `incoming.geo`",
        "the member is nil; `incoming.query` and `incoming.geo` are a `permission` fault",
    ),
    Grant(
        "event.fields",
        "Dotted paths of event data; `*` at an end = all that begins so",
        "`event.value` in `map`, `lookup`, `resolve`, `apply`",
        "the member is nil, and an error that comes of it is a `permission` fault with the line to add",
    ),
    Grant(
        "headers.names",
        "Request headers of the hit, never Cookie or Authorization; `{setting: name}` for the one that a setting names",
        '`incoming.header("Accept-Language")`; `hit.headers` in `parse`, where `hit.fields` lists it',
        "a `permission` fault; not in `hit.headers`",
    ),
    Grant(
        "cookies.read",
        "Cookies of the hit; `{setting: name}` for the one that a setting names",
        '`incoming.cookie("_ttp")`; `hit.cookies` in `parse`, where `hit.fields` lists it',
        "a `permission` fault; not in `hit.cookies`",
    ),
    Grant(
        "cookies.set",
        "Clients: which of `_fbp`, `_fbc` and `_fhid` the answer may issue",
        "not at all: the edge makes them, where consent allows",
        "the edge sets none for this client",
    ),
    Grant(
        "hosts.names",
        "Hosts of requests and of look-ups; `*.name`, or `{setting: endpoint}` for a setting's host",
        "`url` of what `request` and `lookup` return",
        "the request is a `permission` fault, nothing is sent",
    ),
    Grant(
        "secrets.fields",
        "Settings of type secret that the script may place",
        "`settings.access_token`: a placeholder, filled in when the request is sent",
        "the setting is nil",
    ),
    Grant(
        "log.scope",
        "`always`: lines of `log` reach the process log",
        "`log.info`, `log.warn`",
        "as `debug`: lines are in traces and `firsthand try` alone",
    ),
)

TEXT = """\
Each key has a `why`, which whoever uses the template reads. The operator's policy can take away what a manifest asks
for; the message then gives the operator's reason.
"""


def table() -> str:
    """Returns the table and what holds for every row."""
    rows = "\n".join(f"| `{each.key}` | {each.grants} | {each.read} | {each.without} |" for each in GRANTS)
    return f"| key | grants | how the script uses it | without it |\n|---|---|---|---|\n{rows}\n\n{TEXT}"
