"""Checking a whole container: single mistakes with their exact place and hint, many at once, and the good one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from runtime.containers.check import check, require_valid
from runtime.containers.interchange import load_container
from runtime.containers.templates import BUILT_IN, Templates, load_templates
from runtime.errors import ContainerInvalid, Problem
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
    text = spoiled(("triggers:\n  purchases:", "triggers:\n  tests2: {all: []}\n  purchases:"))
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
        "triggers.purchases.all.1.any.0.value",
        "triggers.tests.all.0.value",
        "tags.sink.triggers.0",
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
