"""What a large container asks of an event: bounded by what the tags need that its name leaves, whatever its size."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from runtime.cli.benchmark.container import built
from runtime.cli.benchmark.container_case import SEEN, firing_alone, hits, large_container
from runtime.containers.check import check
from runtime.containers.templates import BUILT_IN, load_templates
from runtime.model.container import Condition, Container, Group
from runtime.pipeline.fire import fire
from runtime.pipeline.parse import parse
from runtime.pipeline.program import Program
from runtime.pipeline.run import run
from runtime.pipeline.scope import Scope

LARGE = large_container()
PROGRAM = built(LARGE)


class CountingEvent(dict[str, Any]):
    """An event that counts how often its fields are read by name."""

    reads = 0

    def get(self, key: str, default: Any = None) -> Any:
        self.reads += 1
        return super().get(key, default)


class CountingVariables(dict[str, Any]):
    """Variables that count how often each is asked for a value."""

    def __init__(self, given: Any) -> None:
        super().__init__(given)
        self.asked: Counter[str] = Counter()

    def get(self, key: str, default: Any = None) -> Any:
        self.asked[key] += 1
        return super().get(key, default)


def asked(program: Program, number: int) -> tuple[Scope, CountingEvent, CountingVariables]:
    """Returns what firing asked about one of the hits' event."""
    logged = list(hits(number + 1))[number]
    ((_, event),) = parse(logged, program.clients["json"]).events
    counting, variables = CountingEvent(event), CountingVariables(program.variables)
    scope = Scope(program.sandbox, counting, seed="1.1/0", at_us=0, variables=variables, logs=[], hit=logged)
    scope.consent = logged.hit.consent | {"ad_storage": False}
    fire(scope, program.slate(event["event_name"], None))
    return scope, counting, variables


def conditions(group: Group) -> list[Condition]:
    parts = [*(group.all or ()), *(group.any or ()), *(group.not_ or ())]
    return [leaf for part in parts for leaf in ([part] if isinstance(part, Condition) else conditions(part))]


def may_match(group: Group, name: str) -> bool:
    named = (part for part in group.all or () if isinstance(part, Condition) and part.field == "event_name")
    return all(name in ([part.value] if part.is_ == "equals" else part.value) for part in named)


def test_the_case_is_what_it_is_said_to_be() -> None:
    container = Container.model_validate(LARGE)
    assert (len(container.tags), len(container.triggers), len(container.variables)) == (200, 300, 200)
    assert not [each for each in check(container, load_templates(BUILT_IN)) if each.severity == "error"]
    assert large_container() == LARGE != large_container(seed=2)
    assert list(hits(3)) == list(hits(3))
    operators = {leaf.is_ for group in container.triggers.values() for leaf in conditions(group)}
    assert operators >= {"equals", "in", "contains", "starts_with", "ends_with", "matches", "greater"}
    assert {event.event["event_name"] for logged in hits(50) for event in run(logged, PROGRAM).events} == set(SEEN)


def test_the_same_five_fire_as_alone_and_make_the_same() -> None:
    alone = built(firing_alone(LARGE))
    for logged in hits(40):
        ((whole,), (few,)) = (run(logged, program).events for program in (PROGRAM, alone))
        fired = [each for each in whole.tags if each.state == "fired"]
        assert len(fired) == len(few.tags) == 5
        assert tuple(fired) == few.tags
        assert {each.state for each in whole.tags} == {"fired", "not_triggered", "blocked", "denied"}


@pytest.mark.parametrize("number", range(12))
def test_only_what_may_match_is_asked_and_once(number: int) -> None:
    scope, event, variables = asked(PROGRAM, number)
    groups = PROGRAM.snapshot.container.triggers
    possible = {id for id, group in groups.items() if may_match(group, event["event_name"])}
    assert set(scope.matched) <= possible
    assert len(possible) < 0.7 * len(groups)
    assert set(variables.asked.values()) <= {1}
    leaves = sum(len(conditions(groups[id])) for id in scope.matched)
    assert event.reads <= leaves + len(variables.asked)


def test_a_field_that_decides_spares_the_variable() -> None:
    """Triggers for dear orders ask a variable too, and no hit is so dear."""
    groups = PROGRAM.snapshot.container.triggers
    dear = {id for id, group in groups.items() if any(leaf.is_ == "greater" for leaf in conditions(group))}
    leaves = [(id in dear, leaf.variable) for id, group in groups.items() for leaf in conditions(group)]
    elsewhere = {variable for is_dear, variable in leaves if variable and not is_dear}
    settings = str([each["settings"] for each in LARGE["variables"].values()])
    spared = {variable for is_dear, variable in leaves if variable and is_dear} - elsewhere
    spared = {variable for variable in spared if f"{{{{{variable}}}}}" not in settings}
    assert spared
    for number in range(12):
        assert not spared & set(asked(PROGRAM, number)[2].asked)


def test_scripts_run_for_the_tags_that_fire_and_hardly_for_anything_else() -> None:
    program = built(LARGE)
    for logged in hits(10):
        run(logged, program)
    ran = {key: calls for key, (_, calls) in program.sandbox.costs.items()}
    assert (ran["client/json_event"], ran["destination/webhook"]) == (10, 50)
    assert ran["variable/constant"] == ran["variable/page_url_part"] == ran["variable/regex_table"] == 0
    assert sum(calls for key, calls in ran.items() if key.startswith("variable/")) < 10 * 20


def test_tags_for_other_events_cost_nothing() -> None:
    grown = {**LARGE, "tags": dict(LARGE["tags"]), "triggers": dict(LARGE["triggers"])}
    for n in range(300):
        name = {"field": "event_name", "is": "in", "value": [f"other {n}", f"another {n}"]}
        variable = {"variable": f"v{n % 200}", "is": "equals", "value": "x"}
        grown["triggers"][f"more{n}"] = {"all": [name, variable], "any": [variable]}
        grown["tags"][f"more{n}"] = LARGE["tags"]["tag7"] | {"triggers": [f"more{n}"], "exceptions": ["t1"]}
    larger = built(grown)
    for number in range(5):
        before, after = (asked(program, number) for program in (PROGRAM, larger))
        assert before[0].matched == after[0].matched
        assert before[1].reads == after[1].reads
        assert before[2].asked == after[2].asked
