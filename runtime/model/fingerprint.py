"""A short check by which a stored hit is known again: whether it still is what an attempt was made of."""

from __future__ import annotations

from zlib import crc32

import msgspec

from runtime.model.hit import Hit

BYTES = 4
"""How much of a row one takes."""

_encode = msgspec.msgpack.Encoder().encode


def fingerprint(hit: Hit) -> int:
    """Returns a number that differs, but for one in four billion, where anything differs that a sender decided.

    The fields are named one by one: one that a later Firsthand adds must not change it. The version is none of them,
    since a hit can be run by others; 0 is never returned and stands for an unknown one.
    """
    told = (
        hit.client, hit.received_us, hit.method, hit.scheme, hit.host, hit.path, hit.query, hit.headers, hit.cookies,
        hit.client_ip, hit.route, hit.page_url, hit.referrer, hit.consent, hit.fbp, hit.fbc, hit.visitor_id, hit.trust,
        hit.geo, hit.body,
    )  # fmt: skip
    return crc32(_encode(told)) or 1
