"""The form of a hit in the log: one format byte, then the hit as a MessagePack array in the order of its fields.

A field may be added at the end, with a default: older records lack it, older readers pass over it. Any other change
needs a new format byte, and a decoder for every format before it.
"""

from __future__ import annotations

import msgspec

from runtime.errors import FormatTooNew, OperatorError
from runtime.model.hit import Hit

FORMAT = 1
_PREFIX = bytes([FORMAT])
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Hit).decode


class RecordUnreadable(OperatorError):
    """A record of the log is damaged. Restore the file from a backup, or skip the hit."""

    def __init__(self, problem: str, *, shard: int = -1, seq: int = 0) -> None:
        """`problem` is what is wrong with it; `seq` is 0 where its reader did not say which record it is."""
        which = f"hit {shard}.{seq}" if seq else "a record of the log"
        super().__init__(f"{which} cannot be read: {problem}", hint="Restore the log from a backup, or skip the hit.")
        self.problem = problem
        self.shard = shard
        self.seq = seq


def encode_hit(hit: Hit) -> bytes:
    """Returns the hit's record."""
    return _PREFIX + _encode(hit)


def decode_hit(record: bytes) -> Hit:
    """Reads a record of this format or an older one; raises `FormatTooNew` or `RecordUnreadable`."""
    if record[:1] != _PREFIX:
        raise _refused(record)
    try:
        return _decode(memoryview(record)[1:])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise RecordUnreadable(str(error)) from error


def _refused(record: bytes) -> OperatorError:
    if record and record[0] > FORMAT:
        return FormatTooNew(
            f"a record of the log has format {record[0]}; this Firsthand reads up to {FORMAT}",
            hint="Upgrade before you open this log.",
        )
    return RecordUnreadable("it is empty" if not record else f"there is no format {record[0]}")
