"""Takes fields out of a multipart body: it is read as the pipeline reads it, and written anew with what may stay."""

from __future__ import annotations

from collections.abc import Callable

from runtime.text.malformed import Malformed
from runtime.text.multipart import boundary_of, read_parts

Replace = Callable[[str, str], str | None]
"""From a field's name and value to what stands in its place; None takes the field out."""


def redact_parts(body: bytes, content_type: str, replace: Replace) -> bytes:
    """Returns the body with each field as `replace` has it, without files and nameless parts, which nothing reads.

    What cannot be read becomes empty: nobody can say where a credential stands in it.
    """
    try:
        parts = read_parts(body, content_type)
        named = [(name, value) for name, value, is_file in parts if name is not None and not is_file]
        fields = [(name, _kept(name, value, replace)) for name, value in named]
        written = _write(boundary_of(content_type), [(name, value) for name, value in fields if value is not None])
        read_parts(written, content_type)  # what was written must read the same
    except Malformed:
        return b""
    return written


def _kept(name: bytes, value: bytes, replace: Replace) -> bytes | None:
    given = value.decode("utf-8", "replace")
    kept = replace(name.decode("utf-8", "replace"), given)
    return value if kept == given else None if kept is None else kept.encode()


def _write(boundary: bytes, fields: list[tuple[bytes, bytes]]) -> bytes:
    parts = []
    for name, value in fields:
        quoted = name.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
        parts.append(b'--%b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (boundary, quoted, value))
    return b"".join(parts) + b"--" + boundary + b"--\r\n"
