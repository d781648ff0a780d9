"""`regex`: what is found and replaced, and that no call takes long."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.lua.sandbox import Sandbox
from tests.lua.calls import fault, value


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("regex.find('abc', 'x')", None),
        ("regex.find('abc', 'b')", ["b"]),
        ("regex.find('', '')", [""]),
        ("regex.find('ac', 'a(b)?(c)')", ["ac", "", "c"]),
        ("regex.find('größe 5 µm', '(\\\\pL+) (\\\\d)')", ["größe 5", "größe", "5"]),
        ("regex.find('key=v', '(?P<name>\\\\w+)=')", ["key=", "key"]),
        ("regex.replace('a.b.c', '[.]', '')", "abc"),
        ("regex.replace('abc', '', '-')", "-a-b-c-"),
        ("regex.replace('äö', '', '-')", "-ä-ö-"),
        ("regex.replace('abc', 'x', 'y')", "abc"),
        ("regex.replace('2026-01-31', '(\\\\d+)-(\\\\d+)-(\\\\d+)', '\\\\3.\\\\2.\\\\1')", "31.01.2026"),
        ("regex.replace('ab', 'b', '[\\\\0\\\\\\\\]')", "a[b\\]"),
        ("regex.replace('ac', 'a(b)?', '<\\\\1>')", "<>c"),
        ("regex.replace('a$1', '\\\\$1', '$2')", "a$2"),
        ("regex.replace('x\\ny', '^y', 'z')", "x\ny"),
    ],
)
def test_find_and_replace(sandbox: Sandbox, expression: str, expected: Any) -> None:
    assert value(sandbox, f"return {expression}") == expected


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("regex.find('a', '(')", "is not a regular expression"),
        ("regex.find({}, 'a')", "bad argument #1 to 'regex.find' (text expected, got table)"),
        ("regex.replace('a', 'a', '\\\\1')", "the replacement holds `\\1`; the pattern has groups 0 to 0"),
        ("regex.replace('a', 'a', 'x\\\\')", "the replacement holds `\\`"),
        ("regex.replace('a', 'a', '\\\\n')", "the replacement holds `\\n`"),
        ("regex.replace(('a'):rep(2000), 'a', ('b'):rep(1000))", "the result is too large"),
        ("regex.replace(('x'):rep(20000), 'x[^y]*y|x', 'z')", "too many matches"),
        ("regex.match(('x'):rep(1000000), 'x.{0,900}y')", "the text is too long for this pattern: at most 12"),
        ("regex.full_match(('ab'):rep(10000), '(a.{900}|b.{900})*c')", "the text is too long for this pattern"),
    ],
)
def test_refusals(sandbox: Sandbox, body: str, message: str) -> None:
    problem = fault(sandbox, f"local x = {body}")
    assert problem.kind == "error"
    assert message in problem.message


@pytest.mark.parametrize(
    "call",
    [
        "regex.match(('x'):rep(1200), 'x.{0,900}y')",
        "regex.replace(('x'):rep(2000), 'x[^y]*y|x', 'z')",
        "pcall(regex.match, 'a', '(?i)' .. (('\\\\pL'):rep(50)) .. math.random())",
    ],
)
def test_heavy_patterns_in_a_loop_end_at_the_budget(sandbox: Sandbox, call: str) -> None:
    assert fault(sandbox, f"while true do local _ = {call} end").kind == "cpu"
    assert value(sandbox, "return 1") == 1
