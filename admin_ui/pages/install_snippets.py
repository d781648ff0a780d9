"""What a store copies into its pages and its backend: made of the live container's clients and their paths."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from runtime.model.container import Client
from runtime.model.snapshot import Snapshot

PIXEL_ID = "YOUR_PIXEL_ID"
TOKEN = "$TOKEN"  # noqa: S105 - what stands for one
_PLACEHOLDER = re.compile(r"\{(\w+)(?::\w+)?\}")
_VERSION = "25.0"


class Snippet(NamedTuple):
    """One text to copy."""

    title: str
    client: str
    """The client that takes what it sends."""
    help: str
    text: str


class Target(NamedTuple):
    """One client, as snippets address it."""

    id: str
    url: str
    """Its address with its first path."""
    base: str
    """The collector's, without a path."""
    pixel: str
    settings: dict[str, Any]


def snippets(snapshot: Snapshot, base: str) -> list[Snippet]:
    """Returns the texts for the collector at `base`, `https://t.shop.example`, in the order of the container."""
    pixel = _pixel_id(snapshot)
    found: list[Snippet] = []
    for id, client in snapshot.container.clients.items():
        make = _MAKERS.get(client.template)
        if make is not None:
            found += make(_target(snapshot, id, client, base, pixel))
    return found


def _target(snapshot: Snapshot, id: str, client: Client, base: str, pixel: str) -> Target:
    settings = snapshot.settings("client", client.template, client.settings)
    paths = settings.get("paths") or ["/"]
    path = _PLACEHOLDER.sub(lambda found: {"pixel": pixel, "version": _VERSION}.get(found[1], "1"), str(paths[0]))
    return Target(id, base + path, base, pixel, settings)


def _pixel_id(snapshot: Snapshot) -> str:
    """Returns the pixel of the first tag that names one, else what stands for it."""
    for tag in snapshot.container.tags.values():
        pixel = str(tag.settings.get("pixel_id", ""))
        if pixel.isdigit():
            return pixel
    return PIXEL_ID


def _meta_pixel(target: Target) -> Iterator[Snippet]:
    image = f'<img height="1" width="1" alt="" src="{target.url}?id={target.pixel}&ev=PageView&noscript=1">'
    yield Snippet(
        "Pixel: swap its address", target.id,
        "Wherever your own code names https://www.facebook.com/tr, name this address in its place. As an image:",
        f"<noscript>{image}</noscript>",
    )  # fmt: skip


def _openbridge(target: Target) -> Iterator[Snippet]:
    yield Snippet(
        "Pixel: one line more", target.id,
        "Keep Meta's pixel as it is, and put this line behind its `init`: it copies each event, with the same event id."
        " The call is internal to Meta's script and may go away.",
        f"fbq('set', 'openbridge', '{target.pixel}', '{target.url}');",
    )  # fmt: skip


def _sdk(target: Target) -> Iterator[Snippet]:
    yield Snippet(
        "Meta's SDK: base URL", target.id,
        "Point Meta's Business SDK here; in Python so. Its access token is one of this client's own, not Meta's.",
        "import os\n\nfrom facebook_business.api import FacebookAdsApi\n"
        "from facebook_business.session import FacebookSession\n\n"
        f'FacebookSession.GRAPH = "{target.base}"\n'
        'FacebookAdsApi.init(access_token=os.environ["TOKEN"])',
    )  # fmt: skip
    event = (
        '{"event_name": "Purchase", "event_time": \'$(date +%s)\', "event_id": "order-1001",'
        ' "action_source": "system_generated", "user_data": {"external_id": ["customer-1"]},'
        ' "custom_data": {"value": 12.5, "currency": "EUR"}}'
    )
    yield Snippet(
        "Server events, as Meta's API takes them", target.id,
        "From a shell or any backend. TOKEN is one of the client's access tokens.",
        f"curl -sS '{target.url}' -H 'Content-Type: application/json' -H \"Authorization: Bearer {TOKEN}\" \\\n"
        f"  -d '{{\"data\": [{event}]}}'",
    )  # fmt: skip


def _json(target: Target) -> Iterator[Snippet]:
    if target.settings.get("tokens"):
        yield Snippet(
            "Server events, in common event data", target.id,
            "From a shell or any backend. TOKEN is one of the client's tokens.",
            f"curl -sS '{target.url}' -H 'Content-Type: application/json' -H \"Authorization: Bearer {TOKEN}\" \\\n"
            '  -d \'{"event_name": "purchase", "event_id": "order-1001", "value": 12.5, "currency": "EUR"}\'',
        )  # fmt: skip
        return
    yield Snippet(
        "Events from your own pages", target.id,
        "Give the same event id to every copy of an event, so that nothing is counted twice.",
        f"fetch('{target.url}', {{\n  method: 'POST', credentials: 'include', keepalive: true,\n"
        "  headers: {'Content-Type': 'text/plain'},\n"
        "  body: JSON.stringify({event_name: 'purchase', event_id: 'order-1001', value: 12.5, currency: 'EUR',\n"
        "    page_location: location.href}),\n});",
    )  # fmt: skip


def _ga4(target: Target) -> Iterator[Snippet]:
    yield Snippet(
        "Google's tag: server address", target.id,
        "In the `config` line of Google's tag; its hits come here, and a GA4 tag here sends them on.",
        f"gtag('config', 'G-XXXXXXX', {{server_container_url: '{target.base}'}});",
    )  # fmt: skip


_MAKERS: dict[str, Callable[[Target], Iterator[Snippet]]] = {
    "meta_pixel": _meta_pixel,
    "meta_openbridge": _openbridge,
    "meta_capi_intake": _sdk,
    "json_event": _json,
    "ga4_web": _ga4,
}
