"""The two forms of a reference, and what only looks like one."""

from __future__ import annotations

import pytest

from runtime.text.domains import is_loopback
from runtime.text.references import (
    fill_variables,
    is_id,
    mentions_variable,
    names_in_braces,
    setting_named,
    whole_variable,
)


@pytest.mark.parametrize("text", ["{{name}}", "{{ name }}", "{{\tname\n}}"])
def test_a_text_that_is_one_variable(text: str) -> None:
    assert whole_variable(text) == "name"
    assert mentions_variable(text)
    assert names_in_braces(text) == ["name"]


@pytest.mark.parametrize("text", ["", "name", "{name}", "{{}}", "{{1a}}", "{{a b}}", "{{ü}}", f"{{{{{'a' * 65}}}}}"])
def test_what_is_no_variable_stays(text: str) -> None:
    assert whole_variable(text) is None
    assert not mentions_variable(text)
    assert fill_variables(text, lambda name: "filled") == text


def test_variables_inside_a_text_are_filled_and_their_values_never_searched() -> None:
    values = {"a": "{{b}}", "b": "two"}
    assert fill_variables("{{a}}, {{ b }} and {{{b}}} {{9}}", values.__getitem__) == "{{b}}, two and {two} {{9}}"
    assert whole_variable("{{a}} ") is None


def test_names_in_braces_are_also_those_that_cannot_be_ids() -> None:
    assert names_in_braces("{{a}} {{ b c }} {{}} {d} {{{e}}}") == ["a", "b c", "", "e"]
    assert [is_id(name) for name in ("a", "b c", "", "a-1_B", "-a")] == [True, False, False, True, False]


def test_a_host_may_be_named_by_a_setting() -> None:
    assert setting_named("{setting: endpoint}") == setting_named("{ setting:endpoint }") == "endpoint"
    for host in ("api.vendor.example", "*.vendor.example", "{setting: a}.example", "{setting: }"):
        assert setting_named(host) is None


def test_loopback_names() -> None:
    for name in ("localhost", "shop.localhost", "127.0.0.1", "127.9.9.9", "::1"):
        assert is_loopback(name), name
    for name in ("", "shop.example", "localhost.example", "notlocalhost", "192.0.2.1", "0.0.0.0", "::", "2001:db8::1"):
        assert not is_loopback(name), name
