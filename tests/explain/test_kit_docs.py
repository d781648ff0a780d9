"""The kit's documents are those of the functions, and what they say of scripts' arguments is so."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from runtime.explain.kit_docs import ANNOTATIONS, LUA_TYPES, REFERENCE, annotated, params_of, reference
from runtime.explain.script_values import TABLES
from runtime.lua.kit.registry import namespaces
from runtime.lua.sandbox import Sandbox
from runtime.model.consent import PURPOSES
from runtime.model.delivery import Batch, Response
from runtime.model.permissions import HIT_FIELDS
from runtime.pipeline.tag import describe_request
from runtime.pipeline.verdict import answer_table
from tests.lua.calls import AT_US
from tests.support.programs import program, template

FUNCTIONS = [(f"{space}.{name}", f) for space, functions in namespaces().items() for name, f in functions.items()]
PAYLOAD = {"params", "body", "events", "fields", "index"}
STALE = "run `python -m runtime.explain.kit_docs`"


def members(table: str) -> dict[str, str]:
    """Returns the types of what a table is said to hold, by name."""
    return next({value.name: value.type for value in each.values} for each in TABLES if each.name == table)


def test_the_documents_are_up_to_date() -> None:
    assert ANNOTATIONS.read_text("utf-8") == annotated(), STALE
    assert REFERENCE.read_text("utf-8") == reference(), STALE


def test_the_annotations_are_lua_that_defines_every_function() -> None:
    sandbox = Sandbox()
    names = ", ".join(f'"{name}"' for name, _ in FUNCTIONS)
    body = f"""
    local found = {{}}
    for _, name in ipairs({{{names}}}) do
      local space, key = name:match("(.*)%.(.*)")
      found[name] = type(_G[space][key])
    end
    return found
    """
    script = sandbox.script("kit", f"{annotated()}\nreturn {{ map = function() {body} end }}")
    found = sandbox.call(script, "map", at_us=AT_US, seed="").values[0]
    assert found == {name: "function" for name, _ in FUNCTIONS}
    assert len(found) > 50


@pytest.mark.parametrize(("name", "function"), FUNCTIONS, ids=[name for name, _ in FUNCTIONS])
def test_every_function_is_in_both(name: str, function: Any) -> None:
    arguments = ", ".join(param.name for param in params_of(function))
    block = annotated().partition(f"\nfunction {name}({arguments}) end\n")[0].rpartition("\n\n")[2]
    assert block.count("---@param") == len(function.params)
    assert ("---@return" in block) == (function.returns != "nothing")
    assert function.example.splitlines()[0] in block
    entry = reference().partition(f"### `{name}(")[2].partition("\n### ")[0]
    assert function.doc in entry
    assert f"```lua\n{function.example}\n```" in entry


def test_annotations_hold_known_types_only() -> None:
    kinds = re.findall(r"^---@(?:param \S+|return) (\S+)", annotated(), re.MULTILINE)
    assert kinds
    assert {kind.removesuffix("?") for kind in kinds} <= set(LUA_TYPES.values())


def test_the_hit_is_what_a_manifest_can_ask_for_and_the_payload() -> None:
    assert set(members("hit")) == {*HIT_FIELDS, *PAYLOAD}


def test_the_consent_has_every_purpose() -> None:
    assert tuple(members("consent")) == PURPOSES


def test_the_batch_is_what_request_receives() -> None:
    source = """
    local function request(batch)
      local names = {}
      for name in pairs(batch) do names[#names + 1] = name end
      return { url = "https://api.vendor.example/", body = json.encode(names) }
    end
    return { map = function(event) return event end, request = request }
    """
    hosts = {"hosts": {"names": ["api.vendor.example"], "why": "a test"}}
    built = program(
        {"tags": {"a": {"template": "d", "triggers": ["everything"]}}},
        template("destination", "d", source, permissions=hosts),
    )
    envelope = describe_request(built, "a", Batch("", 1, 1))
    assert set(json.loads(envelope.body)) == set(members("batch"))


def test_the_response_is_what_verdict_receives() -> None:
    answer = answer_table(Response(200, {}, b"{}", 1.0))
    assert set(answer) == set(members("response"))
