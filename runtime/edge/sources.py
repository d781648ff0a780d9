"""Compiles the sources that a manifest declares into functions that read them from a request."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote

from runtime.edge.documents import Document, parse_pointer
from runtime.edge.incoming import Incoming
from runtime.edge.pairs import name_marks
from runtime.model.manifest import Source

Reader = Callable[[Incoming, Document | None], Any]
"""Reads one source; of a list of objects the given one. Nothing found is None or ""."""


def compile_sources(sources: Iterable[Source]) -> tuple[Reader, ...]:
    """Returns a reader a source, in the same order."""
    return tuple(_compile(source) for source in sources)


def first_found(readers: Iterable[Reader], incoming: Incoming, document: Document | None) -> Any:
    """Returns what the first source holds that holds anything, None where none does."""
    for read in readers:
        found = read(incoming, document)
        if found is not None and found != "":
            return found
    return None


def _compile(source: Source) -> Reader:
    if source.query is not None:
        return _query(source.query)
    if source.form is not None:
        return _form(source.form)
    if source.pointer is not None:
        return _json(source.pointer)
    if source.cookie is not None:
        return _cookie(source.cookie)
    return _bearer if source.header is None else _header(source.header)


def _query(name: str) -> Reader:
    marks = name_marks(name)
    return lambda incoming, _: incoming.query_pairs.find(name, marks)


def _form(name: str) -> Reader:
    marks = name_marks(name)
    return lambda incoming, _: incoming.form_pairs.find(name, marks) if incoming.body else ""


def _json(text: str) -> Reader:
    pointer = parse_pointer(text)
    if not pointer[0].isdecimal() or len(pointer) == 1:
        return lambda _, document: None if document is None else document.find(pointer)
    index, rest = int(pointer[0]), pointer[1:]

    def read(incoming: Incoming, _: Document | None) -> Any:
        element = incoming.documents.at(index)
        return None if element is None else element.find(rest)

    return read


def _cookie(name: str) -> Reader:
    # Some writers percent-encode the value; decoding once leaves a raw one as it is.
    return lambda incoming, _: unquote(incoming.cookies.get(name, ""))


def _header(name: str) -> Reader:
    key = name.lower().encode("ascii")
    return lambda incoming, _: incoming.text_header(key)


def _bearer(incoming: Incoming, _: Document | None) -> str:
    scheme, _space, credential = incoming.text_header(b"authorization").partition(" ")
    return credential.strip() if scheme.lower() == "bearer" else ""
