"""Changes what a YAML text says, and leaves the rest of it as a person wrote it: comments, order, quotes, blank lines.

Only the entries of block maps whose value changes are written anew, in the form of `yaml_text`; a comment above an
entry, and one behind a value on one line, belong to the entry. The result is read back: where it would say anything
else than what was asked for, all of it is written anew instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode

from runtime.containers.interchange import compose_document, parse_document
from runtime.containers.yaml_text import yaml_text
from runtime.errors import ContainerInvalid


def rewrite(text: str, wanted: Mapping[str, Any]) -> str:
    """Returns a text that says what is wanted, as close to the given one as can be."""
    text = text.removeprefix("\ufeff")
    try:
        data, problems = parse_document(text.encode())
        if problems or not isinstance(data, Mapping):
            return yaml_text(wanted)
        if same(data, wanted):
            return text
        found = _rewritten(text, data, wanted)
        again, problems = parse_document(found.encode())
    except (ContainerInvalid, _Unsplittable):
        return yaml_text(wanted)
    return found if not problems and same(again, wanted) else yaml_text(wanted)


def rename_key(text: str, path: tuple[str, ...], name: str) -> str:
    """Returns the text with the last key of a path called otherwise, and nothing else changed.

    The text says what comes out as it said before where it has no such key, or is no YAML.
    """
    try:
        node = compose_document(text.encode())
    except ContainerInvalid:
        return text
    for place, part in enumerate(path):
        pairs = node.value if isinstance(node, MappingNode) else []
        found = next(((key, value) for key, value in pairs if key.value == part), None)
        if found is None:
            return text
        if place == len(path) - 1:
            start, end = found[0].start_mark.index, found[0].end_mark.index
            return text[:start] + yaml_text({name: None}).removesuffix(": null\n") + text[end:]
        node = found[1]
    return text


def same(one: Any, other: Any) -> bool:
    """Tells whether two structures of JSON types have the same bytes: order counts, and 1, 1.0 and true differ."""
    return orjson.dumps(one) == orjson.dumps(other)


class _Unsplittable(Exception):
    """This map's entries do not each have lines of their own."""


@dataclass(frozen=True)
class _Entry:
    """One key of a block map, its value, and the lines that are its own."""

    key: Node
    value: Node
    first: int
    """The line of its key; comments and blank lines above it lie between the end of the entry before and here."""
    end: int
    """The line after its last one."""


def _rewritten(text: str, data: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    lines = [f"{line}\n" for line in text.removesuffix("\n").split("\n")]
    node = compose_document(text.encode())
    if not data or node is None or not _has_lines(node):
        raise _Unsplittable
    entries = _entries(node, lines, len(lines))
    start, end = entries[0].first, entries[-1].end
    return "".join([*lines[:start], *_map(entries, lines, start, data, wanted), *lines[end:]])


def _map(
    entries: list[_Entry], lines: list[str], start: int, data: Mapping[str, Any], wanted: Mapping[str, Any]
) -> Iterator[str]:
    """Yields the lines of a map as it is wanted. `start`: the line where those begin that belong to its first entry."""
    above = {
        each.key.value: began for each, began in zip(entries, [start, *(each.end for each in entries)], strict=False)
    }
    known = {each.key.value: each for each in entries}
    for key, value in wanted.items():
        if key in known:
            yield from lines[above[key] : known[key].first]
            yield from _entry(known[key], lines, data[key], value)
        else:
            yield from _fresh(key, value, entries[0].key.start_mark.column)


def _entry(entry: _Entry, lines: list[str], old: Any, new: Any) -> Iterator[str]:
    own = lines[entry.first : entry.end]
    if same(old, new):
        yield from own
    elif old and new and isinstance(old, dict) and isinstance(new, dict) and _has_lines(entry.value):
        inner = _entries(entry.value, lines, entry.end)
        yield own[0]
        yield from _map(inner, lines, entry.first + 1, old, new)
    else:
        fresh = list(_fresh(entry.key.value, new, entry.key.start_mark.column))
        if len(own) == len(fresh) == 1:
            fresh = [f"{fresh[0].rstrip()}{_comment(own[0], entry.value)}\n"]
        yield from fresh


def _fresh(key: str, value: Any, indent: int) -> Iterator[str]:
    """Yields the lines of an entry as `yaml_text` writes it; deeper than the top, small maps stand on one line."""
    text = yaml_text({key: value}) if indent == 0 else yaml_text({"x": {key: value}}).partition("\n")[2]
    for line in text.removesuffix("\n").split("\n"):
        yield f"{' ' * indent}{line[2:] if indent else line}\n" if line else "\n"


def _comment(line: str, value: Node) -> str:
    """Returns the comment behind a value that ends on this line, with the space before it."""
    rest = line[value.end_mark.column :].rstrip()
    return rest if rest.lstrip().startswith("#") else ""


def _entries(node: Node, lines: list[str], until: int) -> list[_Entry]:
    """Returns a block map's entries; `until` is the line after what may belong to the last one."""
    firsts = [key.start_mark.line for key, _ in node.value]
    entries = []
    for (key, value), first, end in zip(node.value, firsts, [*firsts[1:], until], strict=True):
        if lines[first][: key.start_mark.column].strip() or key.start_mark.column != node.start_mark.column:
            raise _Unsplittable
        entries.append(_Entry(key, value, first, max(first + 1, _end(value, lines, end))))
    return entries


def _end(value: Node, lines: list[str], until: int) -> int:
    """Returns the line after the last one that says something of a value; comments behind it are not its own."""
    if isinstance(value, ScalarNode) and value.style in ("|", ">"):
        return _end_of_block(value.start_mark.line + 1, lines, until)
    if isinstance(value, CollectionNode) and not value.flow_style and value.value:
        last = value.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last, lines, until)
    return min(until, int(value.end_mark.line) + 1)


def _end_of_block(first: int, lines: list[str], until: int) -> int:
    """Returns the line after a text that stands on lines of its own: less deep than its first, a comment begins."""
    deep = next((_depth(line) for line in lines[first:until] if line.strip()), 0)
    ends = (place for place in range(first, until) if lines[place].strip() and _depth(lines[place]) < deep)
    return next(ends, until)


def _has_lines(node: Node) -> bool:
    return isinstance(node, MappingNode) and not node.flow_style


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
