"""An attempt keeps what its request was made of: versions where they are not the hits' own, fingerprints, the basis."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import msgspec
import pytest

from runtime.model.delivery import Disposition, Verdict
from runtime.model.fingerprint import BYTES, fingerprint
from runtime.store.delivery_reader import Attempt
from tests.delivery.rig import Rig, hit, ids, run, until
from tests.support.vendor import status


def checks(rig: Rig, *seqs: int) -> bytes:
    return b"".join(fingerprint(rig.log[seq - 1].hit).to_bytes(BYTES) for seq in seqs)


def attempts(rig: Rig) -> list[Attempt]:
    with closing(rig.reader()) as reader:
        return reader.attempts_after(0, 100)


def test_items_of_their_hits_own_version_name_none(rig: Rig) -> None:
    async def work() -> None:
        rig.add_events(ids(0, 3))
        async with rig.router() as router:
            await until(lambda: router.upto() == 3)

    run(work())
    (tried,) = attempts(rig)
    assert tried.made.versions == ()
    assert tried.made.checks == checks(rig, 1, 2, 3)
    assert tried.row.basis == "the basis"


def test_what_waited_in_the_file_names_its_version_and_forgets_its_hit(rig: Rig) -> None:
    """A retry row does not tell which version its hit arrived on, so that the item's own is written down."""
    rig.judge = lambda tag, response, batch: (
        Verdict(Disposition.DELIVERED) if response.status == 200 else Verdict(
            Disposition.DELIVERED, items={0: Verdict(Disposition.RETRY, "later")}
        )
    )  # fmt: skip

    async def work() -> None:
        rig.add_events(ids(0, 2))
        rig.vendor.then(status(207))
        async with rig.router():
            await until(lambda: len(rig.vendor.requests) == 2)

    run(work())
    first, again = attempts(rig)
    assert first.made.versions == ()
    assert again.members == ((1, 0),)
    assert again.made.versions == (1,)
    assert again.made.checks == bytes(BYTES)


CHANGES: dict[str, Any] = {
    "body": b"x", "query": b"a=1", "headers": {"accept": "x"}, "cookies": {"a": "b"}, "client_ip": "198.51.100.8",
    "page_url": "https://shop.example/", "consent": {"ad_storage": True}, "fbp": "fb.1.1.1", "received_us": 1,
    "geo": {"country": "DE"},
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_a_fingerprint_differs_where_the_hit_does(name: str) -> None:
    plain = hit(1, at_s=5.0).hit
    assert fingerprint(msgspec.structs.replace(plain, **{name: CHANGES[name]})) != fingerprint(plain)


def test_a_fingerprint_is_that_of_the_hit_by_any_version_and_from_any_file() -> None:
    plain = hit(1, at_s=5.0, body=b'{"a": 1}').hit
    stored = msgspec.msgpack.decode(msgspec.msgpack.encode(plain), type=type(plain))
    assert fingerprint(stored) == fingerprint(msgspec.structs.replace(plain, version=9)) == fingerprint(plain) != 0
