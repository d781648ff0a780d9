"""Checking a whole container: single mistakes with their exact place and hint, many at once, and the good one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from runtime.containers.check import check, require_valid
from runtime.containers.interchange import load_container
from runtime.containers.templates import BUILT_IN, Templates, load_templates
from runtime.errors import ContainerInvalid, Problem
from runtime.model.container import Container
from runtime.model.snapshot import Template
from tests.containers.support import HERE, Mistake, mistakes, problems_of, spoiled, templates


def test_the_good_container_has_no_problem(tmp_path: Path) -> None:
    assert problems_of(tmp_path, spoiled()) == []


@pytest.mark.parametrize("mistake", mistakes("errors"), ids=str)
def test_a_mistake_is_told_with_its_path_and_a_hint(tmp_path: Path, mistake: Mistake) -> None:
    told = [problem for problem in problems_of(tmp_path, spoiled(mistake.edit)) if problem.severity == "error"]
    assert [problem.path for problem in told] == [mistake.path], told
    assert mistake.message in told[0].message
    assert mistake.hint in told[0].hint


@pytest.mark.parametrize("mistake", mistakes("warnings"), ids=str)
def test_what_is_probably_not_meant_is_a_warning(tmp_path: Path, mistake: Mistake) -> None:
    problems = problems_of(tmp_path, spoiled(mistake.edit))
    told = [problem for problem in problems if problem.path == mistake.path]
    assert {problem.severity for problem in problems} == {"warning"}
    assert len(told) == 1, problems
    assert mistake.message in told[0].message
    assert mistake.hint in told[0].hint


def test_a_trigger_of_a_transformation_alone_is_used(tmp_path: Path) -> None:
    text = spoiled(("triggers:\n  purchases:", "triggers:\n  tests2: {all: [{field: a, is: exists}]}\n  purchases:"))
    assert [problem.path for problem in problems_of(tmp_path, text)] == ["triggers.tests2"]
    for key in ("triggers", "exceptions"):
        assert problems_of(tmp_path, text.replace("tags: [sink]}", f"{key}: [tests2]}}")) == []


def test_ten_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = spoiled(
        ("domains: [shop.example", "domains: [co.uk"),
        ("template: intake", "template: intak"),
        ('account: "123456"', "account: 123456"),
        ("token: secret:SINK-TOKEN", "token: EAAB"),
        ("size: 20", "size: 51"),
        ("mode: fast", "mode: fasst"),
        ("triggers: [purchases]", "triggers: [purchase, purchases]"),
        ("value: 10}", "value: ten}"),
        ('"[?&]test="', '"(?=x)"'),
        ("tags: [sink]", "tags: [sync]"),
    )
    assert [problem.path for problem in problems_of(tmp_path, text)] == [
        "domains.0",
        "clients.browser.template",
        "tags.sink.settings.account",
        "tags.sink.settings.token",
        "tags.sink.settings.size",
        "tags.sink.settings.mode",
        "tags.sink.triggers.0",
        "triggers.purchases.all.1.any.0.value",
        "triggers.tests.all.0.value",
        "transformations.no-email.tags.0",
    ]


def test_no_problem_repeats_what_stands_where_a_secret_belongs(tmp_path: Path) -> None:
    problems = problems_of(tmp_path, spoiled(("secret:SINK-TOKEN", "EAABcanary"), ("secret:INTAKE", "EAABcanary")))
    assert len(problems) == 2
    assert "canary" not in repr(problems)


def test_a_client_whose_tokens_are_optional_may_have_none() -> None:
    container = load_container(HERE / "demo_shop.yaml")
    problems = check(container, load_templates(BUILT_IN))
    assert not [problem for problem in problems if problem.path.startswith("clients.json")]


def test_the_demo_shop_has_no_errors_with_the_built_in_templates() -> None:
    problems = check(load_container(HERE / "demo_shop.yaml"), load_templates(BUILT_IN))
    assert [problem for problem in problems if problem.severity == "error"] == []
    assert [problem.path for problem in problems] == ["variables.tax_free"]
    require_valid(problems)


def test_each_script_in_use_is_checked_once_and_told_of_by_its_file() -> None:
    checked: list[str] = []
    found = Problem("templates/shared/greeting.lua:1:1", "unexpected symbol")

    def make(shared: Mapping[str, str], file_of: Callable[[str], str]) -> Callable[[Template], list[Problem]]:
        assert "greeting" in shared

        def script_check(template: Template) -> list[Problem]:
            checked.append(file_of(template.key))
            return [found] if template.manifest.shared else []

        return script_check

    problems = check(load_container(HERE / "good.yaml"), templates(), script_check=make)
    assert problems == [found]
    assert sorted(checked) == [
        "templates/clients/intake/client.lua",
        "templates/destinations/sink/destination.lua",
        "templates/transformations/drop/transformation.lua",
        "templates/variables/word/variable.lua",
    ]


def test_a_shared_module_that_does_not_exist_is_told_where_the_template_is_named() -> None:
    without = Templates(templates().by_key, {"greetings": "return {}"})
    (problem,) = check(load_container(HERE / "good.yaml"), without)
    assert problem == Problem(
        "tags.sink.template",
        "`sink` uses the shared module `greeting`, which does not exist",
        "did you mean `greetings`?",
    )


def test_only_errors_keep_a_container_back() -> None:
    warning = Problem("a", "b", severity="warning")
    require_valid([warning])
    with pytest.raises(ContainerInvalid) as caught:
        require_valid([warning, Problem("c", "d", "e")])
    assert str(caught.value) == "a: b\nc: d (e)"


def test_tags_that_lead_back_to_themselves_are_told_with_the_way(tmp_path: Path) -> None:
    second = '  second: {template: sink, settings: {account: "123456", token: secret:B}, teardown: {tag: sink}}\n'
    edit = ("    consent: [ad_storage, ad_user_data]\n", f"    setup: {{tag: second}}\n{second}")
    told = [problem for problem in problems_of(tmp_path, spoiled(edit)) if problem.severity == "error"]
    assert [(problem.path, problem.message) for problem in told] == [
        ("tags.sink", "setup and teardown lead back to this tag: `sink` → `second` → `sink`"),
        ("tags.second", "setup and teardown lead back to this tag: `second` → `sink` → `second`"),
    ]


def test_a_tag_that_another_one_calls_needs_no_trigger(tmp_path: Path) -> None:
    second = '  second: {template: sink, settings: {account: "123456", token: secret:B}}\n'
    text = spoiled(("    consent: [ad_storage, ad_user_data]\n", f"    teardown: {{tag: second}}\n{second}"))
    assert problems_of(tmp_path, text) == []
    paused = text.replace("    teardown:", "    paused: true\n    teardown:")
    assert "tags.second.triggers" in [problem.path for problem in problems_of(tmp_path, paused)], "its caller is paused"


def shop(**parts: Any) -> Container:
    return Container.model_validate({"container": "shop", **parts})


def client(*paths: str, priority: int = 100) -> dict[str, Any]:
    settings = {"paths": list(paths), "tokens": ["secret:A"]}
    return {"template": "intake", "priority": priority, "settings": settings}


@pytest.mark.parametrize(
    ("clients", "told"),
    [
        ({"a": client("/in"), "b": client("/in/")}, {"b": "gets no hit"}),
        ({"a": client("/in"), "b": client("/in", priority=101)}, {"a": "gets no hit"}),
        ({"a": client("/{x}", priority=101), "b": client("/in")}, {"b": "gets no hit"}),
        ({"a": client("/{x}"), "b": client("/in")}, {}),  # Of equal priority the exact path is asked first.
        ({"a": client("/{x:int}", priority=101), "b": client("/in", "/7")}, {"b": "`a` claims GET /7 too"}),
        ({"a": client("/{x}"), "b": client("/{y:int}")}, {"b": "gets no hit"}),
        ({"a": client("/{x:int}"), "b": client("/{y}")}, {}),
        ({"a": client("/x"), "b": client("/y"), "c": client("/x", "/y")}, {"c": "goes to `a` and `b` first"}),
        ({"a": client("/{x}/e", priority=101), "b": client("/c/d")}, {}),
    ],
)
def test_a_client_from_which_another_takes_all_or_some_is_told(clients: dict[str, Any], told: dict[str, str]) -> None:
    problems = check(shop(clients=clients), templates())
    assert {problem.path for problem in problems} == {f"clients.{id}" for id in told}
    for problem in problems:
        assert told[problem.path.partition(".")[2]] in problem.message
        assert problem.severity == "warning"


def test_clients_on_hosts_of_their_own_take_nothing_from_each_other() -> None:
    intake = templates().by_key["client/intake"]
    assert intake.manifest.client
    spec = intake.manifest.client.model_copy(update={"hosts": ("one.example",)})
    manifest = intake.manifest.model_copy(update={"id": "one", "client": spec})
    among = Templates({**templates().by_key, "client/one": Template(manifest, "", "")}, templates().shared)
    first, other = client("/in"), client("/in")
    assert check(shop(clients={"a": first | {"template": "one"}, "b": other}), among) == []
    (problem,) = check(shop(clients={"a": first, "b": other | {"template": "one"}}), among)
    assert problem.path == "clients.b"


def test_schedules_are_judged_by_the_time_that_is_given() -> None:
    sink = {"template": "sink", "settings": {"account": "123456", "token": "secret:A"}, "triggers": ["all"]}
    spans = {
        "past": {"to": "2026-01-01T00:00:00Z"},
        "now": {"from": "2026-01-01T00:00:00Z"},
        "later": {"from": "2026-03-01T00:00:00Z"},
    }
    tags = {id: sink | {"schedule": span} for id, span in spans.items()}
    container = shop(tags=tags, triggers={"all": {"all": []}})
    assert check(container, templates()) == [], "without a clock nothing is said"
    problems = check(container, templates(), now=datetime(2026, 2, 1, tzinfo=UTC))
    assert [problem.path for problem in problems] == ["tags.past.schedule.to", "tags.later.schedule.from"]
    assert {problem.severity for problem in problems} == {"warning"}
    before = check(container, templates(), now=datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC))
    assert [problem.path for problem in before] == ["tags.now.schedule.from", "tags.later.schedule.from"]


def test_all_mistakes_have_messages_of_their_own_in_our_words(tmp_path: Path) -> None:
    """What is said of each row of the tables differs in words or in place, and never quotes the library behind it."""
    said: dict[str, list[str]] = {}
    for table in ("form", "errors", "warnings"):
        for mistake in mistakes(table):
            problems = problems_of(tmp_path, spoiled(mistake.edit))
            found = str(next(problem for problem in problems if problem.path == mistake.path))
            said.setdefault(found, []).append(mistake.new)
            assert not re.search(r"Input should|pydantic|validation error|NoneType|Value error", found)
    assert len(said) >= 130
    assert {words: edits for words, edits in said.items() if len(edits) > 1} == {}
