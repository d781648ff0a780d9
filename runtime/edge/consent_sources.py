"""Compiles the sources that a container's rule names: where a request holds the visitor's word, and how it is read.

What is found is read once for all requests that hold the same text, and remembered with its reasons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import Any, NamedTuple
from urllib.parse import unquote, unquote_plus

from runtime.edge.documents import descend, parse_pointer
from runtime.edge.sources import Reader, compile_sources
from runtime.model.consent_rule import TcfRule
from runtime.model.consent_source import COOKIES, ConsentSource, Format
from runtime.model.manifest import Source
from runtime.text.consent_names import (
    OWN,
    Categories,
    categories_of,
    judge,
    read_list,
    read_object,
    read_pairs,
    unreadable,
)
from runtime.text.consent_statement import Answer, Statement
from runtime.text.consent_strings import gpc_statement, gpp_statement, tcf_statement, us_privacy_statement
from runtime.text.consent_words import WordReader, google_mode

Understand = Callable[[Any], Statement]
_REMEMBERED = 1024
_LONGEST_REMEMBERED = 4096


class Voice(NamedTuple):
    """One place of a request that may say something about consent."""

    read: Reader
    understand: Understand
    """Makes a statement of what was found, its reasons with the place before them."""
    needs_json: bool


def client_voice(source: Source, words: WordReader) -> Voice:
    """Compiles a place that a client's manifest names for its own word."""
    (read,) = compile_sources((source,))
    return Voice(read, _remembering(words.read, _label(source)), source.pointer is not None)


def container_voices(source: ConsentSource, words: WordReader, tcf: TcfRule) -> Iterator[Voice]:
    """Compiles a source of the container's rule: one place, or those of a platform."""
    if source.platform is None:
        places = {"pointer" if kind == "json" else kind: name for kind, name in source.places().items()}
        yield _voice(Source(**places), source.format, source.path, _named(source.map), (), words, tcf)
        return
    for known in COOKIES[source.platform]:
        place = Source(cookie=known.cookie) if known.cookie else Source(header=known.header)
        categories = _named(source.map) if source.map else _named(known.map or None)
        yield _voice(place, known.format, known.path, categories, known.silent, words, tcf)


def _named(given: dict[str, Any] | None) -> Categories:
    return OWN if given is None else categories_of(given)


def _voice(
    place: Source,
    kind: Format,
    path: str,
    categories: Categories,
    silent: tuple[str, ...],
    words: WordReader,
    tcf: TcfRule,
) -> Voice:
    (read,) = compile_sources((place,))
    if path and not path.startswith("/") and place.cookie is not None:
        read = _raw_cookie(place.cookie)
    understand = partial(_at_path, path, _format(kind, categories, words, tcf), categories)
    if silent:
        understand = partial(_unless, silent, understand)
    return Voice(read, _remembering(understand, _label(place)), place.pointer is not None)


def _raw_cookie(name: str) -> Reader:
    # Pairs are parted before they are decoded: a value may hold `&` and `=` of an address that anybody chose.
    return lambda incoming, _: incoming.cookies.get(name, "")


def _label(source: Source) -> str:
    if source.pointer is not None:
        return source.pointer[1:].replace("/", ".")
    if source.cookie is not None:
        return f"cookie {source.cookie}"
    if source.header is not None:
        return f"header {source.header}"
    return source.query or source.form or "bearer"


def _remembering(understand: Understand, label: str) -> Understand:
    def labelled(found: Any) -> Statement:
        return {
            purpose: Answer(answer.granted, _why(label, answer.why)) for purpose, answer in understand(found).items()
        }

    remembered = lru_cache(_REMEMBERED)(labelled)
    return lambda found: (
        remembered(found) if type(found) is str and len(found) <= _LONGEST_REMEMBERED else labelled(found)
    )


def _why(label: str, why: str) -> str:
    return f"{label}: {why}" if why else label


def _unless(silent: tuple[str, ...], understand: Understand, found: Any) -> Statement:
    return {} if found in silent else understand(found)


def _at_path(path: str, understand: Understand, categories: Categories, found: Any) -> Statement:
    """Reads what the path leads to in what was found; where it leads nowhere nobody can tell what was said."""
    if path:
        found = _descend(found, path)
        if found is None:
            return unreadable(categories)
    return understand(found)


def _descend(found: Any, path: str) -> Any:
    if path.startswith("/"):
        return descend(read_object(found) if isinstance(found, str) else found, parse_pointer(path))
    text = found if isinstance(found, str) else ""
    for pair in (text if "=" in text else unquote(text)).split("&"):
        name, _, value = pair.partition("=")
        if unquote_plus(name) == path:
            return unquote_plus(value)
    return None


def _format(kind: Format, categories: Categories, words: WordReader, tcf: TcfRule) -> Understand:
    """Returns what reads values of a format."""
    texts: dict[Format, Callable[[str], Statement]] = {
        "object": lambda text: judge(read_object(text), categories),
        "map": lambda text: judge(read_pairs(text), categories),
        "list": lambda text: judge(read_list(text), categories),
        "tcf": lambda text: tcf_statement(text, tcf),
        "gpp": lambda text: gpp_statement(text, tcf),
        "us_privacy": us_privacy_statement,
        "gpc": gpc_statement,
        "google_mode": lambda text: _google(text, categories),
    }
    if kind == "auto":
        return words.read if categories is OWN else partial(_any_names, categories)
    read = texts[kind]
    return lambda found: read(found) if isinstance(found, str) else judge(found, categories)


def _google(text: str, categories: Categories) -> Statement:
    said = google_mode(text)
    return unreadable(categories) if said is None else said


def _any_names(categories: Categories, found: Any) -> Statement:
    """Reads categories in whatever way they are written."""
    if not isinstance(found, str):
        return judge(found, categories)
    if found.lstrip()[:1] in ("{", "["):
        return judge(read_object(found), categories)
    pairs = read_pairs(found)
    return judge(read_list(found) if pairs is None else pairs, categories)
