"""A template asks for what it uses, and for no more: whatever is taken from it, an example notices."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from runtime.model.permissions import Permissions
from runtime.pipeline.hosts import host_of, is_allowed
from runtime.text.references import setting_named
from tests.contracts.support import (
    FOLDERS,
    every_template,
    examples_of,
    grants,
    issued_cookies,
    likeliest_first,
    passes,
    template_of,
    with_permissions,
    without,
)
from tests.support.templates import name_of, shared_modules

GRANTS = [
    (folder, *grant)
    for folder in FOLDERS
    for grant in grants(template_of(folder).manifest)
    if grant[:2] != ("cookies", "set") and grant[0] != "hosts" and grant[2] != "*"
]
ALL = [(folder, permission) for folder in FOLDERS for permission, _, name in grants(template_of(folder).manifest)
       if name == "*"]  # fmt: skip
LOGS = re.compile(r"\blog\.(info|warn)\b")


def test_there_are_grants() -> None:
    assert len(GRANTS) > 20
    assert {permission for _, permission, _, _ in GRANTS} >= {"event", "hit", "secrets"}


@pytest.mark.parametrize(
    ("folder", "permission", "part", "name"),
    GRANTS,
    ids=[f"{name_of(folder)}-{permission}-{name}" for folder, permission, _, name in GRANTS],
)
def test_an_example_shows_what_a_grant_is_for(folder: Path, permission: str, part: str, name: str) -> None:
    template = template_of(folder)
    less = with_permissions(template, without(template.manifest.permissions, permission, part, name))
    examples = likeliest_first([*examples_of(folder).values()], name)
    assert not all(passes(less, example) for example in examples), f"no example changes without {permission} {name}"


@pytest.mark.parametrize(("folder", "permission"), ALL, ids=[f"{name_of(folder)}-{asked}" for folder, asked in ALL])
def test_who_asks_for_all_shows_that_it_reads(folder: Path, permission: str) -> None:
    template = template_of(folder)
    less = with_permissions(template, template.manifest.permissions.model_copy(update={permission: None}))
    assert not all(passes(less, example) for example in examples_of(folder).values())


@every_template
def test_who_asks_for_nothing_can_do_without(folder: Path) -> None:
    template = template_of(folder)
    asked = {name for name, permission in dict(template.manifest.permissions).items() if permission is not None}
    if asked:
        assert any(True for _ in grants(template.manifest)) or asked == {"log"}
    else:
        assert all(passes(with_permissions(template, Permissions()), each) for each in examples_of(folder).values())


@every_template
def test_each_host_that_may_be_contacted_is_contacted_in_an_example(folder: Path) -> None:
    template = template_of(folder)
    expected = [example.expect for example in examples_of(folder).values()]
    requests = [request for each in expected for request in (each.request, *(each.lookups or ())) if request]
    shown = [host_of(request["url"]) for request in requests]
    for permission, _, name in grants(template.manifest):
        if permission == "hosts":
            setting = setting_named(name)
            patterns = [name] if setting is None else setting_hosts(folder, setting)
            assert any(is_allowed(host, patterns) for host in shown), name


def setting_hosts(folder: Path, setting: str) -> list[str]:
    """Returns the hosts that a setting has by default and in the examples."""
    field = template_of(folder).manifest.field(setting)
    assert field is not None
    values = [field.default, *(example.settings.get(setting) for example in examples_of(folder).values())]
    return [host for host in map(host_of, values) if host]


@every_template
def test_each_cookie_that_may_be_set_is_set_in_an_example(folder: Path) -> None:
    template = template_of(folder)
    asked = {name for permission, part, name in grants(template.manifest) if (permission, part) == ("cookies", "set")}
    assert not asked or template.manifest.kind == "client"
    examples = examples_of(folder).values() if asked else ()
    assert {name for example in examples for name in issued_cookies(template, example)} == asked


@every_template
def test_who_logs_always_logs(folder: Path) -> None:
    template = template_of(folder)
    modules = [shared_modules()[name] for name in template.manifest.shared]
    asked = template.manifest.permissions.log
    assert asked is None or asked.scope == "debug" or any(map(LOGS.search, [template.source, *modules]))
