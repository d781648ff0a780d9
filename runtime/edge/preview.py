"""Previews: the hits of one browser, or of one server caller, are taken by a draft or a version; all others by live.

A signed link opens a page of the collector's own (`preview_page.py`) that sets a cookie on the collector's host alone;
a server caller sends the link's token in the header `x-firsthand-preview` instead. Neither is stored with a hit, shown
to a script or logged. A request that carries neither pays for two look-ups in its headers.

What is not valid, and why it is answered so:

- A cookie that is over, was signed with an older key, or is another container's counts as absent, and the answer takes
  it away: the hit is an ordinary visitor's and goes live. A browser drops the cookie at that very second by itself, so
  no other answer would hold in every case, and refusing would lose the purchases of whoever tested yesterday. Its page
  says until when a preview lasts. A sibling host that plants a made-up cookie gains nothing by it.
- A header that is not valid is refused (403, 410): a caller that asks for a preview must not write test orders into the
  live figures, and it is a program that can read the refusal.
- A draft that cannot run here, for want of a secret or because it has errors, refuses its hits (409) and never lets
  live take them instead.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple

from runtime.edge.config import EdgeConfig, Placed
from runtime.edge.incoming import Incoming
from runtime.errors import OperatorError, SenderError
from runtime.text.signed import Preview, Unsigned, verify

COOKIE = "firsthand_preview"
HEADER = b"x-firsthand-preview"
ENVIRONMENT = "preview"

KEPT = 8
"""Drafts that are kept ready."""
RETRY_S = 2.0
"""A draft that could not be made ready is tried again no sooner."""

_MARK = COOKIE.encode() + b"="


class Draft(NamedTuple):
    """What a preview runs by, ready to take hits."""

    config: EdgeConfig
    words: str
    """What it is, for a person: `revision 12 of the workspace checkout`."""


class Found(NamedTuple):
    """What a request says about previews."""

    placed: Placed | None
    """Where its hit belongs, None where it is an ordinary one."""
    over: bool = False
    """It carries a cookie that is no longer valid and is to be taken away."""


def is_marked(incoming: Incoming) -> bool:
    """Whether a request may be part of a preview. Runs for every request."""
    headers = incoming.headers
    return HEADER in headers or _MARK in headers.get(b"cookie", b"")


class Previews:
    """Reads tokens and keeps drafts ready. `key` returns the key of now, empty for none; `load` makes a draft ready: it
    runs in a thread, and raises OperatorError where the draft cannot run."""

    def __init__(self, key: Callable[[], bytes] = bytes, load: Callable[[int], Draft] | None = None) -> None:
        self._key, self._load = key, load
        self._drafts: dict[int, tuple[asyncio.Future[Draft], float]] = {}

    async def find(self, incoming: Incoming, container: str) -> Found:
        """Returns where a marked request belongs, and takes cookie and header out of it.

        Raises SenderError: 403 and 410 for a header that is not valid, 409 where the draft cannot run.
        """
        header = incoming.headers.pop(HEADER, None)
        cookie = incoming.cookies.pop(COOKIE, None)
        if header is not None:
            return Found(await self._placed(self.read(header.decode("latin-1"), container)))
        if cookie is None:
            return Found(None)
        try:
            preview = self._verified(cookie, container)
        except Unsigned:
            return Found(None, over=True)
        return Found(await self._placed(preview))

    def read(self, token: str, container: str) -> Preview:
        """Returns what a token says; raises SenderError (403 preview_invalid, 410 preview_over)."""
        try:
            return self._verified(token, container)
        except Unsigned as error:
            if error.reason == "expired":
                raise SenderError(410, "preview_over", "This preview is over.", hint="Ask for a new link.") from None
            hint = "It was cut, belongs to another container, or all previews were ended: ask for a new link."
            raise SenderError(403, "preview_invalid", "This preview link is not valid.", hint=hint) from None

    async def draft(self, number: int) -> Draft:
        """Returns a draft, made ready where it is not; raises SenderError (409) where it cannot run here."""
        found, since = self._drafts.pop(number, (None, 0.0))
        if found is None or (_failed(found) and time.monotonic() - since > RETRY_S):
            assert self._load is not None  # There is a key, so there are previews.
            found, since = asyncio.ensure_future(asyncio.to_thread(self._load, number)), time.monotonic()
        self._drafts[number] = found, since
        while len(self._drafts) > KEPT:
            del self._drafts[next(iter(self._drafts))]
        try:
            return await asyncio.shield(found)
        except OperatorError as error:
            message = f"What this preview runs cannot take hits here: {error.message}"
            raise SenderError(409, "preview_unavailable", message, hint=error.hint) from None

    def for_preflight(self, incoming: Incoming, host: str, config: EdgeConfig) -> EdgeConfig:
        """Returns who answers a request that nobody claims: a preflight carries no cookie, so one for a path that
        drafts alone claim is answered by the first that is ready here."""
        if incoming.method == "OPTIONS" and self._drafts and not config.claims.methods(host, incoming.path):
            ready = [found.result().config for found, _ in self._drafts.values() if found.done() and not _failed(found)]
            return next((draft for draft in ready if draft.claims.methods(host, incoming.path)), config)
        return config

    def _verified(self, token: str, container: str) -> Preview:
        preview = verify(token, self._key())
        if preview.container != container:
            raise Unsigned("forged")
        return preview

    async def _placed(self, preview: Preview) -> Placed:
        draft = await self.draft(preview.version)
        return Placed(draft.config, ENVIRONMENT, preview.id, preview.sends)


def _failed(future: asyncio.Future[Draft]) -> bool:
    return future.done() and (future.cancelled() or future.exception() is not None)
