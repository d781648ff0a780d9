"""Reads the base chunks, the Lua files beside this one."""

from __future__ import annotations

from functools import cache
from pathlib import Path

PRELUDE = "prelude"
PARTS = (
    "base",
    "budget",
    "copies",
    "crossing",
    "flatten",
    "json",
    "kit",
    "kit_items",
    "kit_names",
    "libraries",
    "matcher",
    "pattern_parser",
    "patterns",
    "shared",
    "strings",
    "weigh",
)
"""The chunks that the prelude assembles, by file name."""


@cache
def read_chunk(name: str) -> str:
    """Returns the source of `<name>.lua`."""
    return (Path(__file__).parent / f"{name}.lua").read_text(encoding="utf-8")
