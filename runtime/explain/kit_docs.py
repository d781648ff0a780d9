"""Writes the kit's two documents from its functions, so that neither is ever out of date: tags/KIT.md for people, and
tags/kit.d.lua for editors that know the Lua Language Server's annotations.

`python -m runtime.explain.kit_docs` writes both; a test fails where one is stale.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from runtime.containers.templates import BUILT_IN
from runtime.explain.script_values import TABLES, Table, Value
from runtime.lua import kit
from runtime.lua.kit import KitFunction
from runtime.lua.kit.registry import namespaces

ANNOTATIONS, REFERENCE = BUILT_IN / "kit.d.lua", BUILT_IN / "KIT.md"

LUA_TYPES = {
    "text": "string",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "table": "table",
    "any": "any",
    "nothing": "nil",
}
"""A type of the kit in the words of the Lua Language Server."""

_REFERENCE_HEAD = """\
# The kit

What a template's script can call beside Lua's own libraries. Each namespace is a global; nothing is loaded. This file
is written from the functions themselves by `python -m runtime.explain.kit_docs`, and every example with an arrow is run
by the tests: change those, not this.

- Functions are pure. Time is the arrival of the hit and chance follows from it, so a replay gives the same.
- `?` after a type: it may be left out, or nil may come back. Text is UTF-8. A list is a table with the places 1 to n.
- Wrong arguments raise an error that names the line. What only data can get wrong gives nil.
- Calls are paid from the script's budget, long texts more than short ones.
- For editors: [kit.d.lua](kit.d.lua) describes the kit, and what scripts are handed, to the Lua Language Server. Add it
  to the libraries of its workspace, and write `---@param event event` above `map`.

Of Lua 5.4 a script has `string`, `table`, `math`, `utf8` and `coroutine`, without what reaches bytecode or memory;
`os.time` and `os.date`, which tell the hit's arrival; and the basic functions without those that load code.
"""

_ANNOTATIONS_HEAD = """\
---@meta firsthand

-- The kit, and what scripts are handed, for the Lua Language Server. Written by `python -m runtime.explain.kit_docs`.
"""


class Param(NamedTuple):
    """One declared parameter."""

    name: str
    type: str
    optional: bool
    meaning: str


def params_of(function: KitFunction) -> list[Param]:
    """Returns a function's parameters; the last may be called `...`."""
    return [_param(text) for text in function.params]


def _param(text: str) -> Param:
    declared, _, meaning = text.partition(" — ")
    name, _, kind = declared.partition(": ")
    return Param(name, kind.removesuffix("?"), kind.endswith("?"), meaning)


def about(namespace: str) -> str:
    """Returns what a namespace is for, from its module's docstring."""
    text = importlib.import_module(f"{kit.__name__}.{namespace}").__doc__ or ""
    words = " ".join(text.split()).removeprefix(f"`{namespace}`: ")
    return words[:1].upper() + words[1:]


def annotated() -> str:
    """Returns the text of kit.d.lua."""
    return "\n".join([_ANNOTATIONS_HEAD, *_classes(), *_namespaces()])


def _classes() -> Iterator[str]:
    for table in TABLES:
        yield f"---{table.about}"
        yield f"---@class {table.name}"
        yield from (f"---@field {_key(value)} {value.type} {value.meaning}" for value in table.values)
        if table.open:
            yield "---@field [string] any what else the source sent"
        yield ""


def _key(value: Value) -> str:
    return value.name if value.name.isidentifier() else f'["{value.name}"]'


def _namespaces() -> Iterator[str]:
    for namespace, functions in namespaces().items():
        yield f"---{about(namespace)}"
        yield f"{namespace} = {{}}\n"
        for name, function in functions.items():
            yield from _function(f"{namespace}.{name}", function)


def _function(name: str, function: KitFunction) -> Iterator[str]:
    params = params_of(function)
    yield f"---{function.doc}"
    yield from ("---", "---```lua", *(f"---{line}" for line in function.example.splitlines()), "---```")
    for param in params:
        mark = "?" if param.optional and param.name != "..." else ""
        yield f"---@param {param.name}{mark} {LUA_TYPES[param.type]} {param.meaning}".rstrip()
    returned, _, meaning = function.returns.partition(" — ")
    if returned != "nothing":
        kind = LUA_TYPES[returned.removesuffix("?")] + ("?" if returned.endswith("?") else "")
        yield f"---@return {kind}" + (f" # {meaning}" if meaning else "")
    yield f"function {name}({', '.join(param.name for param in params)}) end\n"


def completions() -> dict[str, Any]:
    """Returns what an editor can offer, as JSON data: the kit's functions, and the tables that scripts are handed."""
    functions = [
        {"name": f"{namespace}.{name}", "signature": _signature(function), "doc": function.doc,
         "example": function.example}
        for namespace, found in namespaces().items()
        for name, function in found.items()
    ]  # fmt: skip
    return {"functions": functions, "tables": [{"name": table.name, "values": _members(table)} for table in TABLES]}


def _members(table: Table) -> list[dict[str, str]]:
    return [value._asdict() for value in table.values]


def _signature(function: KitFunction) -> str:
    params = ", ".join(param.name + ("?" if param.optional else "") for param in params_of(function))
    returned = function.returns.partition(" — ")[0]
    return f"({params})" + (f" → {returned}" if returned != "nothing" else "")


def reference() -> str:
    """Returns the text of KIT.md."""
    return "\n".join([_REFERENCE_HEAD, *_contents(), *_sections(), *_handed()])


def _contents() -> Iterator[str]:
    yield "| namespace | functions |\n|---|---|"
    for namespace, functions in namespaces().items():
        yield f"| [`{namespace}`](#{namespace}) | {', '.join(f'`{name}`' for name in functions)} |"
    yield ""


def _sections() -> Iterator[str]:
    for namespace, functions in namespaces().items():
        yield f"## {namespace}\n\n{about(namespace)}\n"
        for name, function in functions.items():
            yield from _entry(f"{namespace}.{name}", function)


def _entry(name: str, function: KitFunction) -> Iterator[str]:
    params = params_of(function)
    signature = ", ".join(param.name + ("?" if param.optional else "") for param in params)
    yield f"### `{name}({signature})`\n\n{function.doc}\n"
    yield from (_described(f"`{param.name}`", param.type + "?" * param.optional, param.meaning) for param in params)
    returned, _, meaning = function.returns.partition(" — ")
    yield _described("returns", returned, meaning)
    yield f"\n```lua\n{function.example}\n```\n"


def _described(what: str, kind: str, meaning: str) -> str:
    return f"- {what}: {kind}" + (f"; {meaning}" if meaning else "")


def _handed() -> Iterator[str]:
    yield "## What scripts are handed\n"
    for table in TABLES:
        yield from _table(table)


def _table(table: Table) -> Iterator[str]:
    yield f"### {table.name}\n\n{table.about}\n\n| member | type | |\n|---|---|---|"
    yield from (f"| `{v.name}` | {v.type.replace('|', ' or ')} | {v.meaning} |" for v in table.values)
    yield "| others | any | what else the source sent |\n" if table.open else ""


if __name__ == "__main__":
    ANNOTATIONS.write_text(annotated(), encoding="utf-8")
    REFERENCE.write_text(reference(), encoding="utf-8")
