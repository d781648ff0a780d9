"""A process that appends until it is killed, and prints each number the moment it is acknowledged."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from runtime.log.sqlite import SqliteLog
from runtime.log.writer import Writer
from tests.log.samples import make_hit


async def send(writer: Writer) -> None:
    while True:
        seq = await writer.append(make_hit(body=b"x" * 500))
        os.write(1, b"%d\n" % seq)


async def main() -> None:
    writer = Writer(SqliteLog(Path(sys.argv[1]), 0))
    await asyncio.gather(*[send(writer) for _ in range(20)])


asyncio.run(main())
