"""What the collector tells of itself to its own operator, over the way that visitors come: which server answers, whose
address and which scheme arrive here, and where a cookie would sit.

It is asked by `firsthand doctor`, with a token that this installation signed a moment ago; anybody else gets what any
unknown preview gets. No hit is made of it, so no figure can count it. The cookie is called after nothing else, lives
for a minute, and has the attributes that `_fbp` would have.
"""

from __future__ import annotations

import time

import msgspec

from runtime import __version__
from runtime.edge.answers import SAFE_HEADERS
from runtime.edge.asgi import Reply, reply
from runtime.edge.client_ip import Sender
from runtime.edge.config import EdgeConfig
from runtime.edge.cookies import set_cookie
from runtime.edge.hosts import Host
from runtime.edge.incoming import Incoming

COOKIE = "firsthand_check"
AGE_S = 60
_LONGEST = 500


def tell(incoming: Incoming, config: EdgeConfig, host: Host, sender: Sender, asked: str) -> Reply:
    """Returns the answer. `asked` is the id in the token: the answer repeats it, so that no cache can give it."""
    told = {
        "firsthand": __version__,
        "asked": asked,
        "container": config.container,
        "version": config.version,
        "host": host.text,
        "scheme": sender.scheme,
        "ip": sender.ip,
        "by_proxy": sender.by_proxy,
        "peer": incoming.peer[0] if incoming.peer else "",
        "forwarded": incoming.text_header(b"x-forwarded-for")[-_LONGEST:],
        "now_ms": time.time_ns() // 1_000_000,
    }
    cookie = set_cookie(COOKIE, asked, host, secure=sender.scheme == "https", age_s=AGE_S)
    return reply(200, [*SAFE_HEADERS, (b"content-type", b"application/json"), cookie], msgspec.json.encode(told))
