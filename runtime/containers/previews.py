"""Preview links: made for a draft or a version, listed, given out again, ended. One function for page, API and command.

A link is nothing but a signed token. What the audit log tells of it is all that there is to know, so whoever may make a
link can be shown a given one again: signed anew, it says the same.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from runtime.containers.publish import unset_secrets
from runtime.containers.versions import describe_version, read_version, require_live
from runtime.errors import OperatorError
from runtime.store.audit import AuditRow
from runtime.store.control import Control
from runtime.text.signed import Preview, new_id, new_key, sign

MOST_S = 7 * 86400
"""The longest life of a link: a browser that forgot its preview takes its purchases away from the figures."""
HEADER = "x-firsthand-preview"

_ADDRESS = re.compile(r"https?://[^/?#@\s\"'<>\\]+/?")
_NUMBER = re.compile(r"[0-9]{1,9}")
_SPAN = re.compile(r"([0-9]{1,6})([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True)
class Link:
    """A preview that was given out and is not over."""

    preview: Preview
    token: str
    what: str
    """What it runs, in words."""
    address: str = ""
    """The collector's, as the browser knows it; "" where nobody said."""
    to: str = ""
    """A page of the shop to go on to."""
    who: str = ""
    """Who made it."""
    at: float = 0.0
    """When, Unix seconds."""
    missing: tuple[str, ...] = ()
    """Secrets that it needs and that are not set here, each with what to do."""

    @property
    def url(self) -> str:
        """What a browser opens; without the collector's address a path of it."""
        onward = f"?to={quote(self.to, safe='')}" if self.to else ""
        return f"{self.address.rstrip('/')}/_preview/{self.token}{onward}"

    @property
    def header(self) -> str:
        """What a server caller sends with each request."""
        return f"{HEADER}: {self.token}"


def make_preview(
    control: Control, what: str, life_s: int, *, sends: bool = False, address: str = "", to: str = ""
) -> Link:
    """Makes a link for a version's number, or for the latest revision of a workspace by its name.

    OperatorError where there is no such thing, nothing is live, or the address is none.
    """
    _require_address(address)
    number = version_of(control, what)
    read_version(control, number)  # What cannot be read cannot be previewed.
    made = Preview(number, new_id(), sends, require_live(control).container.container, int(time.time()) + life_s)
    control.make_preview_key(new_key())
    told: dict[str, Any] = {"version": number, "id": made.id, "sends": sends, "until": made.expires}
    control.tell_preview(told | {name: value for name, value in (("address", address), ("to", to)) if value})
    return given_out(control, made.id)


def open_previews(control: Control) -> list[Link]:
    """Returns the links that are still valid, the newest first; each can be shown again."""
    rows = [row for row in control.previews() if _is_open(row.content)]
    if not rows:
        return []
    container, key = require_live(control).container.container, control.preview_key()
    return [_link(control, row, container, key) for row in rows]


def given_out(control: Control, id: str) -> Link:
    """Returns a link by its id, with the secrets that it lacks; OperatorError where there is none, or it is over."""
    found = next((link for link in open_previews(control) if link.preview.id == id), None)
    if found is None:
        raise OperatorError(f"There is no preview {id[:40]} any more.", hint="It is over, or all were ended: make one.")
    return replace(found, missing=_missing(control, found.preview.version))


def end_previews(control: Control) -> None:
    """Ends every preview: no link that was given out before is valid any more."""
    control.end_previews(new_key())


def read_life(text: str) -> int:
    """Returns the seconds of `30m`, `2h` or `1d`; OperatorError where it is none, or more than seven days."""
    found = _SPAN.fullmatch(text)
    seconds = int(found[1]) * _SECONDS[found[2]] if found else 0
    if not 0 < seconds <= MOST_S:
        raise OperatorError(f"`{text}` is no life of a preview.", hint="Write 30m, 2h or 1d; seven days at most.")
    return seconds


def version_of(control: Control, what: str) -> int:
    """Returns a version's number, or that of the latest revision of a workspace, below zero."""
    if _NUMBER.fullmatch(what):
        return int(what)
    return -control.workspaces.get(what).latest.number


def _require_address(address: str) -> None:
    if address and not _ADDRESS.fullmatch(address):
        raise OperatorError(f"`{address}` is no collector's address.", hint="Write it like https://t.shop.example.")


def _is_open(told: Mapping[str, Any]) -> bool:
    return isinstance(told.get("until"), int) and told["until"] > time.time()


def _link(control: Control, row: AuditRow, container: str, key: bytes) -> Link:
    told = row.content
    preview = Preview(int(told["version"]), str(told["id"]), bool(told["sends"]), container, int(told["until"]))
    words = _described(control, preview.version)
    return Link(preview, sign(preview, key), words, told.get("address", ""), told.get("to", ""), row.who, row.at)


def _described(control: Control, number: int) -> str:
    try:
        return describe_version(control, number)
    except OperatorError:
        return f"revision {-number}, which is gone"


def _missing(control: Control, number: int) -> tuple[str, ...]:
    try:
        return tuple(unset_secrets(read_version(control, number), control.secrets.names()))
    except OperatorError:
        return ()  # A draft that was discarded since: its hits are refused, in words.
