"""Reads container files and other YAML documents: YAML 1.2, without the parts of YAML that surprise.

Refused, each with its line: anchors, aliases and merge keys (a file must say what it means where it means it), keys
that appear twice, keys that are not text, types that JSON lacks, numbers whose reading differs from their writing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer, ComposerError, MaxDepthExceededError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from runtime.containers.hints import shown
from runtime.containers.shape import validated
from runtime.errors import ContainerInvalid, OperatorError, Problem
from runtime.model.container import Container

MAX_BYTES = 5 * 1024 * 1024
MAX_DEPTH = 64
_REMEMBERED_BYTES = 512 * 1024

_VERSION = (1, 2)
_CORE = "tag:yaml.org,2002:"
_COLLECTIONS = {_CORE + "map", _CORE + "seq"}
_SCALARS = {_CORE + name for name in ("int", "float", "bool", "null")}
# Dates, `<<` and `=` are plain text in YAML 1.2; ruamel still gives them tags of their own.
_TEXTS = {_CORE + name for name in ("str", "timestamp", "merge", "value")}
_SURPRISING_NUMBER = re.compile(r"[-+]?0[0-9]|.*_")
_UNSAFE_TEXT = re.compile("[\x00\ud800-\udfff]")


def load_container(path: Path) -> Container:
    """Returns the container of a file; ContainerInvalid lists everything that is wrong with its form.

    What its names refer to is not looked at here: that is `check`.
    """
    data, problems = read_document(path)
    container, more = validated(Container, data)
    told = {problem.path for problem in problems}
    problems += [problem for problem in more if problem.path not in told]
    if problems or container is None:
        raise ContainerInvalid(problems)
    return container


def read_document(path: Path) -> tuple[Any, list[Problem]]:
    """Returns a file's data, JSON types only, and what is wrong with it; ContainerInvalid where it is not YAML."""
    return parse_document(read_raw(path))


def read_raw(path: Path) -> bytes:
    """Returns a file's bytes, no more than can be a document; OperatorError where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise OperatorError(f"Cannot read {path}: {error.strerror}.", hint="Name a file that exists.") from error


def parse_document(raw: bytes) -> tuple[Any, list[Problem]]:
    """Returns the data of a YAML or JSON text, and what is wrong with it, as `read_document` does."""
    node = compose_document(raw)
    reader = _Reader(_Yaml())
    return (None if node is None else reader.value(node, "")), reader.problems


def compose_document(raw: bytes) -> Node | None:
    """Returns the nodes of a text, each with its place in it, to look at only; None where it is empty, ContainerInvalid
    where it is not YAML."""
    if len(raw) > MAX_BYTES:
        raise ContainerInvalid([Problem("", "the file is larger than 5 MB", "keep data out of it")])
    try:
        return _remembered(raw) if len(raw) <= _REMEMBERED_BYTES else _composed(raw)
    except UnicodeDecodeError as error:
        raise ContainerInvalid([Problem("", f"byte {error.start} is not UTF-8", "save the file as UTF-8")]) from error
    except YAMLError as error:
        raise ContainerInvalid([_syntax(error)]) from error


def _composed(raw: bytes) -> Node | None:
    node: Node | None = _Yaml().compose(raw.decode("utf-8-sig"))
    return node


# One save of a draft reads the text before and the one after it several times each.
_remembered = lru_cache(maxsize=2)(_composed)


class _Composer(Composer):
    """Composes without anchors and aliases, so that no text can unfold into more than it says."""

    def compose_document(self) -> Any:
        event = self.parser.peek_event()
        if event.version not in (None, _VERSION):
            raise ComposerError(None, None, "only YAML 1.2 is read", event.start_mark)
        return super().compose_document()

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.parser.peek_event()
        if event.anchor is not None:
            kind = "alias *" if isinstance(event, AliasEvent) else "anchor &"
            raise ComposerError(None, None, f"the {kind}{event.anchor} is not allowed", event.start_mark)
        return super().compose_node(parent, index)


class _Yaml(YAML):
    """YAML 1.2 whatever the text itself asks for; safe types, pure Python."""

    def __init__(self) -> None:
        super().__init__(typ="safe", pure=True)
        self.Composer = _Composer
        self.version = _VERSION
        self.max_depth = MAX_DEPTH


def _syntax(error: YAMLError) -> Problem:
    if isinstance(error, MaxDepthExceededError):
        return Problem("", f"the document nests more than {MAX_DEPTH} deep", "make it flatter")
    mark = getattr(error, "problem_mark", None)
    words = (isinstance(error, MarkedYAMLError) and error.problem) or str(error).splitlines()[0]
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return Problem("", where + words, _syntax_hint(words))


def _syntax_hint(words: str) -> str:
    if "\\t" in words:
        return "indent with spaces, not with tabs"
    if words.startswith(("the alias", "the anchor")):
        return "write the part out where it is meant; text that begins with & or * stands in quotes"
    return "text that holds `: `, ` #` or begins with a sign stands in quotes"


@dataclass
class _Reader:
    """Turns nodes into plain data, and notes what must not be there."""

    yaml: YAML
    problems: list[Problem] = field(default_factory=list)

    def value(self, node: Node, path: str) -> Any:
        if node.tag not in _COLLECTIONS | _SCALARS | _TEXTS:
            name = str(node.tag).removeprefix(_CORE)
            return self._refuse(node, path, f"the type {shown(name)} is not allowed", "write plain text, in quotes")
        if isinstance(node, MappingNode):
            return {key: self.value(value, _join(path, key)) for key, value in self._pairs(node, path)}
        if isinstance(node, SequenceNode):
            return [self.value(item, _join(path, str(index))) for index, item in enumerate(node.value)]
        return self._scalar(node, path)

    def _pairs(self, node: MappingNode, path: str) -> Iterator[tuple[str, Node]]:
        seen: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, ScalarNode) or key.tag not in _TEXTS - {_CORE + "merge"}:
                self._refuse(key, path, *_bad_key(key))
            elif key.value in seen:
                self._refuse(key, _join(path, key.value), "this key stands here twice", "remove one of the two")
            elif _UNSAFE_TEXT.search(key.value):
                self._refuse(key, path, "a key holds a character that no key may hold", "remove it")
            else:
                seen.add(key.value)
                yield key.value, value

    def _scalar(self, node: Node, path: str) -> Any:
        if node.tag in _TEXTS:
            return self._text(node, path)
        if node.tag in (_CORE + "int", _CORE + "float"):
            return self._number(node, path)
        return self._constructed(node, path)

    def _text(self, node: Node, path: str) -> Any:
        if _UNSAFE_TEXT.search(node.value):
            return self._refuse(node, path, "the text holds NUL or half a character", "remove it")
        return node.value

    def _number(self, node: Node, path: str) -> Any:
        if _SURPRISING_NUMBER.match(node.value):
            return self._refuse(node, path, f"{shown(node.value)} reads as another number", "put text in quotes")
        value = self._constructed(node, path)
        if isinstance(value, float) and not math.isfinite(value):
            return self._refuse(node, path, f"{shown(node.value)} is not a number that JSON has", "put text in quotes")
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            return self._refuse(node, path, "the number is too large", "put text in quotes")
        return value

    def _constructed(self, node: Node, path: str) -> Any:
        try:
            return self.yaml.constructor.construct_object(node)
        except (ValueError, KeyError, YAMLError):
            return self._refuse(node, path, "this value cannot be read", "put text in quotes")

    def _refuse(self, node: Node, path: str, message: str, hint: str) -> Any:
        """Notes a problem; None stands in the value's place."""
        self.problems.append(Problem(path, f"line {node.start_mark.line + 1}: {message}", hint))


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _bad_key(key: Node) -> tuple[str, str]:
    if key.tag == _CORE + "merge":
        return "the merge key << is not allowed", "write the part out where it is meant"
    if isinstance(key, ScalarNode):
        return f"the key {shown(key.value)} is not text", "put it in quotes"
    return "a list or a map cannot be a key", "write a plain name before the colon"
