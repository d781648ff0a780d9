"""Reads an answer's body with a limit that holds before decompression and after it."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator

from runtime.errors import VendorError


async def read_body(chunks: AsyncIterator[bytes], encoding: str, limit: int) -> bytes:
    """Returns the decoded body. Raises VendorError: `too_large` past the limit (a bomb is not unpacked further),
    `protocol` where it is damaged or its encoding was not asked for."""
    decoder = _Decoder(encoding.strip().lower(), limit)
    async for chunk in chunks:
        decoder.feed(chunk)
    return decoder.finish()


class _Decoder:
    def __init__(self, encoding: str, limit: int) -> None:
        if encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise VendorError("protocol", f"The answer's encoding {encoding[:40]!r} was not asked for.")
        # 32 + 15: gzip or zlib, told apart by their first bytes.
        self._inflater = None if encoding in ("", "identity") else zlib.decompressobj(47)
        self._limit = limit
        self._body = bytearray()
        self._fed = 0

    def feed(self, chunk: bytes) -> None:
        # Packed data may stand for nothing at all, or follow the end of what is packed, without end.
        self._fed += len(chunk)
        left = self._limit - len(self._body) + 1
        self._body += chunk[:left] if self._inflater is None else _inflated(self._inflater, chunk, left)
        if max(self._fed, len(self._body)) > self._limit:
            raise VendorError("too_large", f"The answer is larger than {self._limit} bytes.")

    def finish(self) -> bytes:
        if self._inflater is not None and self._fed and not self._inflater.eof:
            raise VendorError("protocol", "The answer's compressed body ends too early.")
        return bytes(self._body)


def _inflated(inflater: zlib._Decompress, chunk: bytes, left: int) -> bytes:
    try:
        return inflater.decompress(chunk, left)
    except zlib.error as error:
        raise VendorError("protocol", f"The answer's compressed body is damaged: {error}.") from error
