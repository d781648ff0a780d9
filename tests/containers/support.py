"""The good container of these tests, its templates, and ways to spoil it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from runtime.containers.check import check
from runtime.containers.interchange import load_container, read_document
from runtime.containers.templates import Templates, load_templates
from runtime.errors import ContainerInvalid, Problem

HERE = Path(__file__).parent
TEMPLATES = HERE / "templates"
GOOD = (HERE / "good.yaml").read_text(encoding="utf-8")


@cache
def templates() -> Templates:
    """The templates of these tests: one of each kind, with a setting of every type."""
    return load_templates(TEMPLATES)


def problems_of(folder: Path, text: str | bytes) -> list[Problem]:
    """Everything that loading and checking says about a container's text, warnings included."""
    file = folder / "container.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    try:
        return check(load_container(file), templates())
    except ContainerInvalid as error:
        return list(error.problems)


def spoiled(*edits: tuple[str, str]) -> str:
    """The good container with each edit made; an edit that changes nothing is a mistake of the test."""
    text = GOOD
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


@dataclass(frozen=True)
class Mistake:
    """One row of a table of mistakes: the edit that makes it, and what must be said of it."""

    old: str
    new: str
    path: str
    message: str
    hint: str = ""
    file: str = ""

    @property
    def edit(self) -> tuple[str, str]:
        """What `spoiled` takes."""
        return self.old, self.new

    def __str__(self) -> str:
        return f"{self.path}-{self.message[:24]}"


def mistakes(table: str, file: str = "mistakes.yaml") -> list[Mistake]:
    """The rows of a table. None is a mistake of the test."""
    data, problems = read_document(HERE / file)
    assert problems == []
    rows = [{"old": row.pop("from"), "new": row.pop("to")} | row for row in data[table]]
    assert rows
    return [Mistake(**row) for row in rows]
