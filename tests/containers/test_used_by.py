"""What uses a part: every place, directly and through others, for each kind of part."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from runtime.containers.references import uses
from runtime.containers.used_by import used_by
from runtime.errors import OperatorError
from runtime.model.container import Container
from tests.containers.random_containers import CONTAINERS
from tests.containers.support import templates

SINK = {"account": "123456", "token": "secret:SINK"}
SHOP = Container.model_validate(
    {
        "container": "shop",
        "clients": {"web": {"template": "intake", "settings": {"tokens": ["secret:INTAKE"]}, "folder": "ads"}},
        "tags": {
            "main": {
                "template": "sink",
                "settings": SINK | {"headers": {"X": "{{outer}}"}},
                "triggers": ["sales"],
                "exceptions": ["bots"],
                "setup": {"tag": "login"},
                "teardown": {"tag": "logout", "stop_on_failure": True},
                "folder": "ads",
            },
            "login": {"template": "sink", "settings": SINK},
            "logout": {"template": "sink", "settings": SINK},
        },
        "triggers": {
            "sales": {"all": [{"field": "event_name", "is": "exists"}], "folder": "ads"},
            "bots": {"any": [{"all": [{"variable": "inner", "is": "equals", "value": "x"}]}]},
        },
        "variables": {
            "inner": {"template": "word", "settings": {"value": "x"}},
            "outer": {"template": "word", "settings": {"value": "<{{inner}}>"}},
        },
        "transformations": {
            "less": {"template": "drop", "settings": {"fields": ["a"]}, "tags": ["main"], "exceptions": ["bots"]}
        },
        "folders": {"ads": {}},
        "schemas": {"plan": {"schema": {"type": "object"}, "folder": "ads"}},
    }
)


def paths(part: str) -> list[tuple[str, str, int]]:
    return [(each.path, each.uses, each.distance) for each in used_by(SHOP, templates(), part)]


def test_a_variable_is_followed_through_variables_and_triggers_to_the_tags() -> None:
    assert paths("variables.inner") == [
        ("triggers.bots.any.0.all.0.variable", "variables.inner", 1),
        ("variables.outer.settings.value", "variables.inner", 1),
        ("tags.main.exceptions.0", "triggers.bots", 2),
        ("transformations.less.exceptions.0", "triggers.bots", 2),
        ("tags.main.settings.headers.X", "variables.outer", 2),
        ("transformations.less.tags.0", "tags.main", 3),
    ]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("triggers.sales", ["tags.main.triggers.0", "transformations.less.tags.0"]),
        ("tags.logout", ["tags.main.teardown.tag", "transformations.less.tags.0"]),
        ("tags.login", ["tags.main.setup.tag", "transformations.less.tags.0"]),
        ("transformations.less", []),
        ("templates.transformation/drop", ["transformations.less.template"]),
        ("transformation/drop", ["transformations.less.template"]),
        ("client/intake", ["clients.web.template"]),
        ("secrets.INTAKE", ["clients.web.settings.tokens.0"]),
        ("shared.unused", []),
    ],
)
def test_each_kind_of_part_is_found(part: str, expected: list[str]) -> None:
    assert [each.path for each in used_by(SHOP, templates(), part)] == expected


def test_a_folder_is_used_by_what_lies_in_it() -> None:
    direct = [each.part for each in used_by(SHOP, templates(), "folders.ads") if each.distance == 1]
    assert direct == ["clients.web", "tags.main", "triggers.sales", "schemas.plan"]


def test_secrets_and_shared_modules_are_found_under_short_names() -> None:
    first = ["tags.main.settings.token", "tags.login.settings.token", "tags.logout.settings.token"]
    assert [each.path for each in used_by(SHOP, templates(), "secret:SINK")][:3] == first
    assert used_by(SHOP, templates(), "SINK") == used_by(SHOP, templates(), "secrets.SINK")
    found = used_by(SHOP, templates(), "shared/greeting")
    assert [each.path for each in found][:2] == ["templates.destination/sink.shared.0", "tags.main.template"]


@pytest.mark.parametrize(
    ("part", "hint"),
    [
        ("variables.iner", "did you mean `inner`?"),
        ("triggers.x", "there is `bots`, `sales`"),
        ("destination/sinc", "did you mean `destination/sink`?"),
        ("secret:SYNK", "there is `INTAKE`, `SINK`"),
        ("nothing.x", "Name a part as `tags.meta`."),
    ],
)
def test_a_part_that_is_not_there_is_refused_with_what_there_is(part: str, hint: str) -> None:
    with pytest.raises(OperatorError) as caught:
        used_by(SHOP, templates(), part)
    assert hint in caught.value.hint


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(CONTAINERS)
def test_every_use_is_told_once_and_every_place_is_in_the_document(data: dict[str, Any]) -> None:
    container = Container.model_validate(data, by_alias=True, by_name=False)
    plain = container.model_dump(mode="json", by_alias=True)
    for use in uses(container):
        place: Any = plain
        for step in use.path.split(".")[:4]:  # Beyond, a setting's keys may hold dots themselves.
            place = place[int(step)] if isinstance(place, list) else place[step]
        found = used_by(container, templates(), use.used)
        assert len(found) == len(set(found)) == len({(each.path, each.uses) for each in found})
        assert (use.path, use.user) in {(each.path, each.part) for each in found if each.distance == 1}
