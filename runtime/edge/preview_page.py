"""The page behind a preview link: it puts this browser into the preview, says so in words, and offers the way out.

Which hits the cookie reaches: it sits on the collector's host alone. A shop's page sends it there with images, with
beacons and with `fetch(…, {credentials: "include"})`, whatever the page's own host; a `fetch` without credentials sends
no cookie to a sibling host, neither this one nor `_fbp`. From pages on the same site (shop.example to t.shop.example)
`SameSite=Lax` is enough. Where a domain of the container is another site than the collector's, only `None` is sent from
there, which browsers take over https alone, and some of them not at all: then the header is the way.

The link's token stands in this page's URL, so the page tells nobody where one came from, and only a person who opens it
is put into the preview: an image or a frame with its address is not.
"""

from __future__ import annotations

import base64
import hashlib
import re
import time
from collections.abc import Iterable
from html import escape

from runtime.edge.asgi import Header, Receive, Reply, reply
from runtime.edge.body import read_body
from runtime.edge.client_ip import Proxies
from runtime.edge.config import EdgeConfig
from runtime.edge.hosts import Host
from runtime.edge.incoming import Incoming
from runtime.edge.pairs import name_marks
from runtime.edge.preview import COOKIE, HEADER, Draft, Previews
from runtime.edge.self_check import tell
from runtime.errors import Overloaded, SenderError
from runtime.text.domains import registrable
from runtime.text.signed import Preview

PREFIX = "/_preview/"
END = "/_preview/end"
CHECK = "/_preview/check"
"""Where the collector tells of itself; see `self_check.py`."""

_LONGEST_FORM = 1024
_STYLE = (
    "body{font:1.1rem/1.6 system-ui,sans-serif;max-width:38rem;margin:4rem auto;padding:0 1rem;color:#1b1b1f;"
    "background:#fff}h1{font-size:1.5rem}button{font:inherit;padding:.5rem 1rem}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#1b1b1f}a{color:#9ecbff}}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS: list[Header] = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-robots-tag", b"noindex, nofollow"),
    (b"referrer-policy", b"no-referrer"),
    (
        b"content-security-policy",
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'".encode(),
    ),
]
_ONWARD = re.compile(r"(https?://[A-Za-z0-9.\[\]:_-]+)(?:[/?#][!-~]*)?")
"""An absolute URL: its origin, and nothing that a browser might read as another host."""
_TO, _ID = name_marks("to"), name_marks("id")


class PreviewPages:
    """Answers everything beneath `/_preview/`. Never logged as a hit."""

    def __init__(self, previews: Previews, proxies: Proxies) -> None:
        self._previews, self._proxies = previews, proxies

    async def answer(self, incoming: Incoming, receive: Receive, config: EdgeConfig) -> Reply:
        """Returns the page, or a refusal in words; raises Disconnected. `config` is the live version's."""
        try:
            host = config.hosts.read(incoming.headers.get(b"host", b""))
            if incoming.path == END:
                return await self._end(incoming, receive, config, host)
            if incoming.path == CHECK:
                return self._check(incoming, config, host)
            return await self._begin(incoming, config, host)
        except SenderError as error:
            return _page(error.status, error.message, [error.hint] if error.hint else [])
        except Overloaded as error:
            return _page(503, error.message, [], [(b"retry-after", b"%d" % error.retry_after_s)])

    async def _begin(self, incoming: Incoming, config: EdgeConfig, host: Host) -> Reply:
        _require(incoming, "GET")
        if incoming.text_header(b"sec-fetch-dest") not in ("", "document"):
            raise SenderError(403, "preview_embedded", "A preview begins where a person opens its link.")
        token = incoming.path.removeprefix(PREFIX)
        preview = self._previews.read(token, config.container)
        draft = await self._previews.draft(preview.version)
        to = incoming.query_pairs.find("to", _TO)
        age = max(1, preview.expires - int(time.time()))
        scheme = self._proxies.locate(incoming).scheme
        cookie = preview_cookie(token, age, host, scheme=scheme, domains=config.domains)
        return _begun(preview, draft, host, to, may_go_on=_may_go_on(to, config), cookie=cookie)

    def _check(self, incoming: Incoming, config: EdgeConfig, host: Host) -> Reply:
        _require(incoming, "GET")
        asked = self._previews.read(incoming.headers.get(HEADER, b"").decode("latin-1"), config.container)
        return tell(incoming, config, host, self._proxies.locate(incoming), asked.id)

    async def _end(self, incoming: Incoming, receive: Receive, config: EdgeConfig, host: Host) -> Reply:
        """Takes the cookie away. The form names the preview: another site can send a form, but not know that."""
        _require(incoming, "POST")
        incoming.body = await read_body(incoming, receive, _LONGEST_FORM)
        token, named = incoming.cookies.get(COOKIE, ""), incoming.form_pairs.find("id", _ID)
        if token:
            try:
                known = self._previews.read(token, config.container).id
            except SenderError:
                known = named  # It is over already; what is left of it may go.
            if known != named:
                raise SenderError(403, "preview_other", "This browser is in another preview than the one to be ended.")
        cleared = cleared_cookie(host, scheme=self._proxies.locate(incoming).scheme, domains=config.domains)
        words = ["Its hits are ordinary ones again: the live version takes them."]
        return _page(200, "This browser is in no preview any more.", words, [cleared])


def preview_cookie(value: str, age_s: int, host: Host, *, scheme: str, domains: Iterable[str]) -> Header:
    """Returns the Set-Cookie header of the preview's cookie, which lives for `age_s` more seconds."""
    secure = scheme == "https" or host.loopback
    elsewhere = any(_site(domain) != _site(host.name) for domain in domains)
    attributes = f"Path=/; Max-Age={age_s}; HttpOnly; SameSite={'None' if secure and elsewhere else 'Lax'}"
    return b"set-cookie", f"{COOKIE}={value}; {attributes}{'; Secure' if secure else ''}".encode("ascii")


def cleared_cookie(host: Host, *, scheme: str, domains: Iterable[str]) -> Header:
    """Returns the Set-Cookie header that takes the cookie away."""
    return preview_cookie("", 0, host, scheme=scheme, domains=domains)


def _site(name: str) -> str:
    return registrable(name) or name


def _require(incoming: Incoming, method: str) -> None:
    if incoming.method != method:
        raise SenderError(405, "method_not_allowed", "This page takes another method.", hint=f"Use {method}.")


def _may_go_on(to: str, config: EdgeConfig) -> bool:
    """Whether a page is one of the container's own: those that may read the collector's answers."""
    found = _ONWARD.fullmatch(to)
    return found is not None and config.cors.allows(found[1].lower())


def _begun(preview: Preview, draft: Draft, host: Host, to: str, *, may_go_on: bool, cookie: Header) -> Reply:
    until = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(preview.expires))
    sends = (
        "What they make is sent to the destinations, once each and without retries."
        if preview.sends
        else "Nothing is sent to any destination; the explorer shows the requests that would go."
    )
    words = [
        f"The hits of this browser to {host.text} run by {draft.words}, until {until}.",
        sends,
        "Nobody else is affected, and no figure counts them.",
    ]
    form = (
        f'<form method="post" action="{END}"><input type="hidden" name="id" value="{escape(preview.id)}">'
        "<button>End this preview</button></form>"
    )
    onward = ""
    if to:
        onward = f'<p><a rel="noreferrer" href="{escape(to)}">Go on to {escape(to[:100])}</a></p>' if may_go_on else ""
        words += [] if may_go_on else ["The page to go on to is left out: it is none of this container's."]
    return _page(200, "This browser is in a preview.", words, [cookie], markup=onward + form)


def _page(status: int, title: str, words: Iterable[str], headers: Iterable[Header] = (), *, markup: str = "") -> Reply:
    """Returns a page of plain words; `markup` alone is HTML already."""
    paragraphs = "".join(f"<p>{escape(text)}</p>" for text in words)
    text = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<meta name="robots" content="noindex"><title>{escape(title)}</title><style>{_STYLE}</style>'
        f"<main><h1>{escape(title)}</h1>{paragraphs}{markup}</main></html>"
    )
    return reply(status, [*_HEADERS, *headers], text.encode())
