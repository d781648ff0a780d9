"""What depends on a script that is put away fails, visibly; nothing that it decides is guessed."""

from __future__ import annotations

from functools import partial
from typing import Any

from runtime.lua.sandbox import Sandbox
from runtime.model.event import Outcome
from runtime.model.refusal import Refusal
from runtime.model.snapshot import Template
from runtime.pipeline.program import Program
from runtime.pipeline.run import run
from runtime.pipeline.trace import Trace
from tests.support.programs import hit, snapshot, tag, template

VARIABLE = template("variable", "size", "return {resolve = function(event) return event.size end}")
STEP = template("transformation", "step", "return {apply = function(event) return event end}")
ASKS: dict[str, Any] = {"all": [{"variable": "size", "is": "equals", "value": 1}]}


class EveryScriptOf(dict[str, Refusal]):
    """Refuses one template's script, whatever its digest."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self._key = key

    def __contains__(self, id: object) -> bool:
        return str(id).startswith(f"{self._key}#")

    def __getitem__(self, id: str) -> Refusal:
        return Refusal("it hung", batches_only=False)


def outcome(refused: str, container: dict[str, Any], *templates: Template, trace: Trace | None = None) -> Outcome:
    factory = partial(Sandbox, quarantined=EveryScriptOf(refused))
    program = Program.build(snapshot(container, *templates), sandbox_factory=factory)
    return run(hit({"event_name": "lead", "size": 1}), program, trace=trace)


def states(made: Outcome) -> dict[str, str]:
    return {each.tag: f"{each.state} {each.reason}".strip() for each in made.events[0].tags}


def test_a_client_costs_its_hits() -> None:
    made = outcome("client/echo", {"tags": {"a": tag()}})
    assert [(dead.reason, dead.message, dead.position) for dead in made.dead] == [("script_quarantined", "it hung", -1)]
    assert made.events == ()


def test_a_destination_costs_its_own_tags_only() -> None:
    other = template("destination", "other", "return {map = function() return {1} end}")
    made = outcome("destination/other", {"tags": {"a": tag(), "b": tag(template="other")}}, other)
    assert states(made) == {"a": "fired", "b": "failed quarantined: it hung"}


def test_a_transformation_costs_the_tags_it_is_for() -> None:
    container = {
        "tags": {"a": tag(), "b": tag()},
        "transformations": {"t": {"template": "step", "tags": ["b"]}},
    }
    made = outcome("transformation/step", container, STEP)
    assert states(made) == {"a": "fired", "b": "failed transformation t: quarantined: it hung"}


def test_a_variable_costs_the_tags_that_ask_for_it() -> None:
    container = {
        "variables": {"size": {"template": "size"}},
        "triggers": {"small": ASKS},
        "tags": {
            "plain": tag(),
            "triggered": tag(triggers=["small"]),
            "excepted": tag(exceptions=["small"]),
            "set": tag(settings={"text": "{{size}}"}),
            "twice": tag(triggers=["small"]),
        },
    }
    for trace in (None, Trace()):
        made = outcome("variable/size", container, VARIABLE, trace=trace)
        failed = "failed quarantined: it hung"
        assert states(made) == {
            "plain": "fired", "triggered": failed, "excepted": failed, "set": failed, "twice": failed,
        }  # fmt: skip


def test_a_variable_that_merely_fails_is_still_absent() -> None:
    broken = template("variable", "size", "return {resolve = function() error('no') end}")
    container = {
        "variables": {"size": {"template": "size"}},
        "triggers": {"small": ASKS},
        "tags": {"triggered": tag(triggers=["small"])},
    }
    assert states(outcome("nothing", container, broken)) == {"triggered": "not_triggered"}
