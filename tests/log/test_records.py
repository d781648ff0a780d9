from __future__ import annotations

import msgspec
import pytest

from runtime.errors import FormatTooNew
from runtime.log.records import RecordUnreadable, decode_hit, encode_hit
from runtime.model.hit import Hit
from tests.log.samples import SAMPLE, make_hit

# Written by the first release. It must be read for ever; a change of `Hit` that breaks it needs a new format.
GOLDEN = bytes.fromhex("""
01dc0017a5706978656c03cf00065bfeda25e000a3474554a56874747073b3742e73686f702e6578616d706c653a38343433a32f7472c425
69643d3131312665763d507572636861736526636425354276616c75652535443d31322e3582aa757365722d6167656e74ab4d6f7a696c6c
612f352e30af6163636570742d6c616e6775616765a2646581a45f666270bd66622e312e313739303030303030303030302e313233343536
37383930ab3230332e302e3131332e3781a5706978656ca3313131bb68747470733a2f2f73686f702e6578616d706c652f7468616e6b73b9
68747470733a2f2f73686f702e6578616d706c652f6361727484aa61645f73746f72616765c3ac61645f757365725f64617461c3b261645f
706572736f6e616c697a6174696f6ec2b1616e616c79746963735f73746f72616765c3bd66622e312e313739303030303030303030302e31
323334353637383930bb66622e312e313739303030303030303030302e497741525f616263b66162636465666768696a6b6c6d6e6f707172
732d5f3992a45f666263a55f66686964ad7365637265743a494e54414b45a6736572766572c40400ff7b7d80
""")


def test_the_format_of_the_first_release_stays() -> None:
    assert decode_hit(GOLDEN) == SAMPLE
    first, now = (msgspec.msgpack.decode(record[1:]) for record in (GOLDEN, encode_hit(SAMPLE)))
    assert now[: len(first)] == first  # What later releases add stands behind it.


def test_the_format_byte_stands_first() -> None:
    assert encode_hit(SAMPLE)[0] == 1


def test_a_record_that_lacks_the_last_fields_gets_their_defaults() -> None:
    fields = msgspec.msgpack.decode(encode_hit(SAMPLE)[1:])

    hit = decode_hit(b"\x01" + msgspec.msgpack.encode(fields[:18]))

    assert hit == make_hit(issued=(), verified="", trust="browser", body=b"")


def test_fields_that_a_newer_release_added_are_passed_over() -> None:
    fields = msgspec.msgpack.decode(encode_hit(SAMPLE)[1:])

    assert decode_hit(b"\x01" + msgspec.msgpack.encode([*fields, "new", 7])) == SAMPLE


def test_only_optional_fields_may_follow_the_first_eighteen() -> None:
    required = [field.name for field in msgspec.structs.fields(Hit) if field.required]

    assert [field.name for field in msgspec.structs.fields(Hit)][:18] == required


def test_a_newer_format_is_refused_in_plain_words() -> None:
    with pytest.raises(FormatTooNew, match=r"format 2; this Firsthand reads up to 1.*Upgrade"):
        decode_hit(b"\x02" + encode_hit(SAMPLE)[1:])


@pytest.mark.parametrize(
    "record",
    [b"", b"\x00", b"\x01", encode_hit(SAMPLE)[:-5], b"\x01\xc1", b"\x01\x93\x01\x02\x03", b"\x01\x91\xa1\xff"],
)
def test_a_damaged_record_is_told_from_a_newer_one(record: bytes) -> None:
    with pytest.raises(RecordUnreadable, match="a record of the log cannot be read"):
        decode_hit(record)
