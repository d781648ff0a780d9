"""TLS for the tests' own vendors, from an authority that lives no longer than the test: no key lies in the tree."""

from __future__ import annotations

import ssl

import trustme


def certified(name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Returns what a server of that name speaks TLS with, and what a client needs that trusts it."""
    authority = trustme.CA()
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert(name).configure_cert(server)
    authority.configure_trust(client)
    return server, client
