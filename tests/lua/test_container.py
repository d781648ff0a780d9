"""`container`: a script learns which version took the hit, where, and by which client."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.lua.sandbox import Sandbox
from runtime.pipeline.run import run
from tests.lua.calls import value
from tests.support.programs import hit, program, tag, template

IN_PREVIEW = {"version": -7, "environment": "preview", "preview": "p-1"}


@pytest.mark.parametrize(
    ("call", "given", "expected"),
    [
        ("version", {}, 1),
        ("version", {"version": 12}, 12),
        ("version", IN_PREVIEW, -7),
        ("environment", {}, "live"),
        ("environment", {"environment": "staging"}, "staging"),
        ("environment", IN_PREVIEW, "preview"),
        ("client", {}, "in"),
        ("client", {"client": "other"}, "other"),
        ("preview", {}, False),
        ("preview", {"environment": "staging"}, False),
        ("preview", IN_PREVIEW, True),
    ],
)
def test_it_is_the_hits_own(sandbox: Sandbox, call: str, given: dict[str, Any], expected: Any) -> None:
    assert value(sandbox, f"return container.{call}()", hit=hit(**given)) == expected


@pytest.mark.parametrize(
    ("call", "expected"),
    [("version", None), ("environment", None), ("client", None), ("preview", False), ("id", None)],
)
def test_an_event_without_a_hit_has_none(sandbox: Sandbox, call: str, expected: Any) -> None:
    assert value(sandbox, f"return container.{call}()") == expected


def test_it_needs_no_grant_and_is_the_same_in_every_function() -> None:
    told = "{container.id(), container.version(), container.environment(), container.client(), container.preview()}"
    built = program(
        {
            "container": "shop",
            "variables": {"v": {"template": "told"}},
            "transformations": {"t": {"template": "told"}},
            "tags": {"a": tag(settings={"list": "{{v}}"})},
        },
        template("variable", "told", f"return {{ resolve = function() return {told} end }}"),
        template(
            "transformation", "told", f"return {{ apply = function(event) event.told = {told} return event end }}"
        ),
    )
    given = hit({"event_name": "x"}, version=3, environment="staging")
    (event,) = run(given, built).events
    expected = b'["shop",3,"staging","in",false]'
    assert event.tags[0].item.count(expected) == 2
    assert run(given, built).events[0].tags[0].item == event.tags[0].item


@pytest.mark.parametrize("function", ["request", "verdict"])
def test_a_batch_has_no_one_hit(sandbox: Sandbox, function: str) -> None:
    source = f"return {{ map = function() end, {function} = function() return {{ said = container.client() }} end }}"
    script = sandbox.script("test", source)
    with pytest.raises(Exception, match="a batch has no one hit"):
        sandbox.call(script, function, sandbox.push({}), at_us=0, seed="s")
