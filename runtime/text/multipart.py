"""The frame of a multipart/form-data body: its parts, still as bytes."""

from __future__ import annotations

import logging

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from runtime.text.malformed import Malformed

Part = tuple[bytes | None, bytes, bool]
"""Field name, None where it has none; value; and whether it is a file. Only a named field's value is given."""

# The parser tells its logger what it raises as well: with no handler that is a line on stderr for each bad body.
logging.getLogger("python_multipart").addHandler(logging.NullHandler())


def read_parts(body: bytes, content_type: str) -> list[Part]:
    """Returns the parts in order; raises `Malformed` (invalid_multipart) where the frame is broken or cut off."""
    boundary = boundary_of(content_type)
    if not boundary:
        raise Malformed("invalid_multipart", "the Content-Type of the multipart body names no boundary")
    frame = _Frame()
    try:
        frame.parser(boundary).write(body)
    except FormParserError as error:
        raise Malformed("invalid_multipart", f"the multipart body is not well formed: {error}") from error
    if not frame.complete:
        raise Malformed("invalid_multipart", "the multipart body ends before its closing boundary")
    return frame.parts


def boundary_of(content_type: str) -> bytes:
    """Returns the boundary that a Content-Type names, empty where it names none."""
    return parse_options_header(content_type.encode("latin-1", "replace"))[1].get(b"boundary", b"")


class _Frame:
    """Collects what the parser calls out."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.complete = False
        self._header, self._header_value, self._disposition = b"", b"", b""
        self._data: list[bytes] = []

    def parser(self, boundary: bytes) -> MultipartParser:
        return MultipartParser(
            boundary,
            {
                "on_part_begin": self._part_begin,
                "on_header_field": self._header_name,
                "on_header_value": self._header_text,
                "on_header_end": self._header_end,
                "on_part_data": self._part_data,
                "on_part_end": self._part_end,
                "on_end": self._end,
            },
        )

    def _part_begin(self) -> None:
        self._disposition, self._data = b"", []

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_text(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._header_value
        self._header, self._header_value = b"", b""

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        self._data.append(data[start:end])

    def _part_end(self) -> None:
        options = parse_options_header(self._disposition)[1]
        name, is_file = options.get(b"name"), b"filename" in options
        self.parts.append((name, b"" if is_file or name is None else b"".join(self._data), is_file))

    def _end(self) -> None:
        self.complete = True
