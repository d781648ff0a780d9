"""The table for those who come from sGTM names only what there is."""

from __future__ import annotations

import re
from typing import get_args, get_type_hints

import pytest

from runtime.containers.templates import BUILT_IN
from runtime.explain.permission_docs import GRANTS
from runtime.explain.sgtm_apis import APIS, NOTE, table
from runtime.lua.kit.registry import namespaces
from runtime.model.manifest import ClientSpec
from runtime.model.permissions import HIT_FIELDS, SETTABLE_COOKIES, Permissions

CODE = re.compile(r"`([^`]+)`")


def test_there_are_65_apis_each_with_an_answer() -> None:
    assert len(APIS) == 65
    assert [name for name, here in APIS.items() if not re.fullmatch(r"[A-Za-z]\w+", name) or len(here) < 5] == []
    assert table().count("\n| `") == 65


def test_each_row_stands_in_the_readme() -> None:
    text = (BUILT_IN / "README.md").read_text("utf-8")
    assert [name for name, here in APIS.items() if f"| `{name}` | {here} |" not in text] == []
    assert NOTE in text


@pytest.mark.parametrize("name", APIS)
def test_a_row_names_only_what_there_is(name: str) -> None:
    kit = namespaces()
    for code in CODE.findall(APIS[name]):
        head, _, member = code.partition(".")
        if head in kit:
            assert member in kit[head], code
        if head == "hit" and member:
            assert member in {*HIT_FIELDS, "params", "body"}, code
        if head == "client" and member:
            assert member in ClientSpec.model_fields, code
        if head == "permissions":
            assert member.partition(".")[0] in Permissions.model_fields, code
        if code.startswith("_f"):
            assert code in SETTABLE_COOKIES
    for template in re.findall(r"template `(\w+)`", APIS[name]):
        assert list(BUILT_IN.glob(f"*/{template}/manifest.yaml")), template


def test_the_kit_is_named_often() -> None:
    kit = namespaces()
    named = {code for here in APIS.values() for code in CODE.findall(here) if code.partition(".")[0] in kit}
    assert len(named) > 20


def test_the_permissions_are_those_of_the_manifest() -> None:
    documented = {tuple(grant.key.split(".")) for grant in GRANTS}
    kinds = {key: get_args(hint)[0] for key, hint in get_type_hints(Permissions).items() if key != "model_config"}
    declared = {(key, name) for key, kind in kinds.items() for name in kind.model_fields if name != "why"}
    assert documented == declared
