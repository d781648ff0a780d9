"""Reads query strings and form bodies: leniently, and counting each thing it mended.

Nothing here refuses a pair: what a browser or a hand-written image tag sends wrongly is mended and counted in
`Pairs.repairs`. Only a multipart body whose frame is broken raises `Malformed`.

Repairs: `invalid_utf8` characters replaced by U+FFFD · `bad_percent` percent signs without two hex digits, kept as
text · `control_chars` NULs removed (they mark the host's own placeholders) · `too_many_pairs` pairs past the limit,
dropped · `file_part` uploaded files, ignored · `nameless_part` parts without a name, ignored · `duplicate_name` a name
given again, the earlier value dropped · `name_collision` a name used in two ways, the lesser dropped · `body_ignored` a
body whose content type is no form.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_to_bytes

from runtime.text.multipart import read_parts

PAIRS_LIMIT = 512
"""More pairs than any known pixel sends; the rest is dropped and counted."""

_PAIR_MARK, _VALUE_MARK = "\x1e", "\x1f"
# In one pass `&`, `=` and `+` become two marks and a space, and `%` becomes the `=` of quoted-printable, so that the
# escapes of the whole text are decoded by one call instead of one for each name and value.
_TO_QUOTED_PRINTABLE = bytes.maketrans(b"&=+%", b"\x1e\x1f =")
# Percent signs that are no escape, and escapes of the marks. An alternation at its start would cost 8 times as much.
_NEEDS_CARE = re.compile(rb"%(?![02-9A-Fa-f][0-9A-Fa-f]|1[0-9A-Da-d])")
_STRAY_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_ONE_TO_QUOTED_PRINTABLE = bytes.maketrans(b"+%", b" =")
_NESTED = re.compile(r"([A-Za-z0-9_]+)\[(.*)\]", re.DOTALL)
_SHORT_NAME = 64
"""Characters of a name that is worth remembering; remembered names must not fill the memory."""
_FORM_TYPES = frozenset({"application/x-www-form-urlencoded", "text/plain", ""})


@dataclass(slots=True)
class Pairs:
    """Names and values in order, and what was mended, by code."""

    items: list[tuple[str, str]]
    repairs: dict[str, int] = field(default_factory=dict)

    def mended(self, code: str, count: int) -> None:
        """Adds to a repair's count; zero leaves no entry."""
        if count:
            self.repairs[code] = self.repairs.get(code, 0) + count


def decode_pairs(raw: bytes, *, limit: int = PAIRS_LIMIT) -> Pairs:
    """Decodes `name=value&...`: percent-escapes as UTF-8, `+` as a space, a name without `=` with an empty value."""
    if _NEEDS_CARE.search(raw) is not None or b"\x1e" in raw or b"\x1f" in raw:
        return _decode_with_care(raw, limit)
    try:
        text = binascii.a2b_qp(raw.translate(_TO_QUOTED_PRINTABLE)).decode()
    except UnicodeDecodeError:
        return _decode_with_care(raw, limit)
    pairs = Pairs([])
    if "\0" in text:
        pairs.mended("control_chars", text.count("\0"))
        text = text.replace("\0", "")
    parts = text.split(_PAIR_MARK, limit)
    if len(parts) > limit:
        pairs.mended("too_many_pairs", parts.pop().count(_PAIR_MARK) + 1)
    pairs.items = [(name, value) for name, _, value in [part.partition(_VALUE_MARK) for part in parts if part]]
    if any([_VALUE_MARK in value for _, value in pairs.items]):  # equals signs after a pair's first
        pairs.items = [(name, value.replace(_VALUE_MARK, "=")) for name, value in pairs.items]
    return pairs


def _decode_with_care(raw: bytes, limit: int) -> Pairs:
    """Does the same a name or value at a time, and counts what it mends."""
    pairs = Pairs([])
    parts = raw.replace(b"+", b" ").split(b"&", limit)
    if len(parts) > limit:
        pairs.mended("too_many_pairs", parts.pop().count(b"&") + 1)
    for part in parts:
        if part:
            name, _, value = part.partition(b"=")
            pairs.items.append((_unquote(name, pairs), _unquote(value, pairs)))
    return pairs


def _unquote(raw: bytes, pairs: Pairs) -> str:
    if b"%" not in raw:
        return _text(raw, pairs)
    pairs.mended("bad_percent", len(_STRAY_PERCENT.findall(raw)))
    return _text(unquote_to_bytes(raw), pairs)


def _text(raw: bytes, pairs: Pairs) -> str:
    """Decodes UTF-8, with every bad byte sequence as U+FFFD, and without NULs."""
    text = raw.decode("utf-8", "replace")
    if "\ufffd" in text:
        pairs.mended("invalid_utf8", text.count("\ufffd") - raw.count(b"\xef\xbf\xbd"))
    if "\0" in text:
        pairs.mended("control_chars", text.count("\0"))
        text = text.replace("\0", "")
    return text


def unquote_value(raw: bytes) -> bytes:
    """Decodes the escapes of one value, and `+` as a space; a percent sign without two hex digits stays."""
    if b"=" in raw or _STRAY_PERCENT.search(raw) is not None:
        return unquote_to_bytes(raw.replace(b"+", b" "))
    return binascii.a2b_qp(raw.translate(_ONE_TO_QUOTED_PRINTABLE))


def decode_multipart(body: bytes, content_type: str, *, limit: int = PAIRS_LIMIT) -> Pairs:
    """Decodes the fields of a multipart form; raises `Malformed` (invalid_multipart) where its frame is broken."""
    pairs = Pairs([])
    for name, value, is_file in read_parts(body, content_type):
        if name is None or is_file:
            pairs.mended("nameless_part" if name is None else "file_part", 1)
        elif len(pairs.items) < limit:
            pairs.items.append((_text(name, pairs), _text(value, pairs)))
        else:
            pairs.mended("too_many_pairs", 1)
    return pairs


def nest(pairs: Pairs) -> dict[str, Any]:
    """Builds the nested form: `a[b]=1` is {"a": {"b": "1"}} with the inside taken literally, `a[]=1` is {"a": ["1"]}.

    A later pair replaces an equal earlier name, counted as `duplicate_name`. Where one name is used in two ways the map
    wins over the list and the list over the plain value, and what loses is counted as `name_collision`.
    """
    tree: dict[str, Any] = {}
    for name, value in pairs.items:
        if "[" not in name:
            _put(tree, name, value, pairs)
            continue
        prefix, leaf, is_list = _place_of(name) if len(name) <= _SHORT_NAME else _place_of.__wrapped__(name)
        branch = tree if prefix is None else _branch(tree, prefix, pairs)
        _put(branch, leaf, [value] if is_list else value, pairs)
    return tree


@lru_cache(maxsize=1024)
def _place_of(name: str) -> tuple[str | None, str, bool]:
    """Returns the map that a name with brackets belongs to, its key there, and whether it is a list."""
    is_list = name.endswith("[]")
    plain = name[:-2] if is_list else name
    nested = _NESTED.fullmatch(plain)
    return (nested[1], nested[2], is_list) if nested else (None, plain, is_list)


def _branch(tree: dict[str, Any], prefix: str, pairs: Pairs) -> dict[str, Any]:
    branch = tree.get(prefix)
    if isinstance(branch, dict):
        return branch
    pairs.mended("name_collision", branch is not None)
    made: dict[str, Any] = {}
    tree[prefix] = made
    return made


def _put(branch: dict[str, Any], name: str, value: str | list[str], pairs: Pairs) -> None:
    """Places one value; a list grows, and never gives way to plain text."""
    there = branch.get(name)
    if there is None or (isinstance(there, str) and isinstance(value, str)):
        pairs.mended("duplicate_name", there is not None)
        branch[name] = value
    elif isinstance(there, list) and isinstance(value, list):
        there.extend(value)
    else:
        pairs.mended("name_collision", 1)
        if isinstance(there, str):
            branch[name] = value


def decode_form(query: bytes, body: bytes, content_type: str) -> tuple[dict[str, Any], dict[str, int]]:
    """Reads query and form body together, nested; a name of the body replaces the query's. Also returns the repairs."""
    usual = None if body else _usual_form(query)
    if usual is not None:
        return usual, {}
    pairs = decode_pairs(query)
    if body:
        pairs = _merged(pairs, _decode_body(body, content_type))
    return nest(pairs), pairs.repairs


def _usual_form(raw: bytes) -> dict[str, Any] | None:
    """Does what decode_pairs and nest do for a query of the usual kind, at 60 % of their cost; None for any other.

    Usual is: nothing to mend, one `=` in each pair, each name once, no list, no name used in two ways.
    """
    if _NEEDS_CARE.search(raw) is not None or b"\x1e" in raw or b"\x1f" in raw:
        return None
    try:
        text = binascii.a2b_qp(raw.translate(_TO_QUOTED_PRINTABLE)).decode()
        parts = text.split(_PAIR_MARK)
        # A part with another number of marks gives no pair, which is a ValueError, as is text that is not UTF-8.
        tree: dict[str, Any] = dict([part.split(_VALUE_MARK) for part in parts])
    except ValueError:
        return None
    if len(tree) < len(parts) or len(parts) > PAIRS_LIMIT or "\0" in text:
        return None
    return tree if _nest_in_place(tree) else None


def _nest_in_place(tree: dict[str, Any]) -> bool:
    """Moves names with brackets into their maps; False where one is a list, or in the way of another."""
    maps: dict[str, dict[str, str]] = {}
    for name in [name for name in tree if "[" in name]:
        prefix, leaf, is_list = _place_of(name) if len(name) <= _SHORT_NAME else (None, "", False)
        if prefix is None or is_list:
            return False
        maps.setdefault(prefix, {})[leaf] = tree.pop(name)
    if not maps.keys().isdisjoint(tree):
        return False
    tree.update(maps)
    return True


def _decode_body(body: bytes, content_type: str) -> Pairs:
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return decode_multipart(body, content_type)
    if kind in _FORM_TYPES:
        return decode_pairs(body)
    return Pairs([], {"body_ignored": 1})


def _merged(query: Pairs, body: Pairs) -> Pairs:
    replaced = {name for name, _ in body.items}
    both = [pair for pair in query.items if pair[0] not in replaced] + body.items
    merged = Pairs(both[:PAIRS_LIMIT], dict(query.repairs))
    for code, count in body.repairs.items():
        merged.mended(code, count)
    merged.mended("too_many_pairs", len(both) - len(merged.items))
    return merged
