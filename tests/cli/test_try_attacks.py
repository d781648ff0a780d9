"""Attacks through the real `firsthand try`: each class in every role that a script has, and hostile input files.

The command must end well, print one JSON object, name the right fault, and show nothing of the machine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from runtime.cli.try_ import try_template
from tests.lua.attacks import ATTACKS, CLASSES
from tests.lua.attacks.table import Attack
from tests.support.hang import HANG_SOURCE_BODY

app = typer.Typer()
app.command()(try_template)

EVENT = {"event_name": "purchase", "event_id": "o-1", "event_time": 1_767_225_600, "value": 9.5,
         "items": [{"item_id": "a"}, {"item_id": "b"}]}  # fmt: skip
HEAD = "id: word\nkind: {kind}\nname: Word\nsummary: A word.\n"
SEES_ALL = "permissions: {event: {fields: ['*'], why: It is shown whole.}}\n"
MANIFESTS = {
    "variable": HEAD.format(kind="variable") + SEES_ALL,
    "transformation": HEAD.format(kind="transformation") + SEES_ALL,
    "client": HEAD.format(kind="client") + "client: {methods: [POST], paths: [/in], decode: auto}\n",
    "destination": HEAD.format(kind="destination")
    + "permissions:\n  event: {fields: ['*'], why: It is sent whole.}\n"
    + "  hosts: {names: [sink.example], why: It goes there.}\ndestination: {consent: [ad_storage]}\n",
}
REQUEST = "request = function() return {method = 'POST', url = 'https://sink.example/', body = items} end"
ROLES = {
    "variable": ("variable", "return {resolve = map}"),
    "transformation": ("transformation", "return {apply = map}"),
    "client": ("client", "return {parse = map}"),
    "map": ("destination", "return {map = map, " + REQUEST + "}"),
    "request": ("destination", "return {map = function() return {a = 1} end, request = map}"),
    "chunk": ("variable", "map({items = {}}, {})\nreturn {resolve = map}"),
    "coroutine": ("variable", "return {resolve = function(...) return coroutine.wrap(map)(...) end}"),
    "metamethod": (
        "variable",
        "local function get(t) return map(t.event, {}) end\n"
        "return {resolve = function(event) return setmetatable({event = event}, {__index = get}).x end}",
    ),
    "callback": (
        "variable",
        "return {resolve = function(event) return (('a'):gsub('a', function() map(event, {}) end)) end}",
    ),
}
"""How an attack's body becomes a script: the template's kind, and the end of its source."""

FAULTS = ("cpu", "memory", "error")
"""What an attack ends in whatever role it plays; a result depends on the role."""


def template(folder: Path, kind: str, source: str | bytes) -> Path:
    """Writes a template; returns its folder."""
    folder.mkdir(exist_ok=True)
    (folder / "manifest.yaml").write_text(MANIFESTS[kind])
    (folder / f"{kind}.lua").write_bytes(source if isinstance(source, bytes) else source.encode())
    return folder


def in_role(tmp_path: Path, role: str, body: str) -> Path:
    kind, end = ROLES[role]
    return template(tmp_path / role, kind, f"local map\nmap = function(event, settings)\n{body}\nend\n{end}")


def attempt(folder: Path, event: str = json.dumps(EVENT), settings: str | None = None) -> dict[str, Any]:
    """What `try` prints; the command must end well and show no place of the machine, no address and no traceback."""
    (folder / "event").write_text(event)
    more = []
    if settings is not None:
        (folder / "settings").write_text(settings)
        more = ["--settings", str(folder / "settings")]
    result = CliRunner().invoke(app, [str(folder), "--event", str(folder / "event"), *more])
    assert result.exit_code == 0, result.output
    for leak in ("Traceback", "0x", "sandbox/", "site-packages"):
        assert leak not in result.output
    return dict(json.loads(result.output))


def outcome(printed: dict[str, Any]) -> str:
    return printed["error"]["fault"] if printed["error"] else "ok"


@pytest.mark.parametrize("cls", CLASSES)
def test_an_attack_of_each_class_has_its_fault(tmp_path: Path, cls: str) -> None:
    mine = [attack for attack in ATTACKS if attack.cls == cls and attack.name != "own text"]
    for attack in mine[:: max(1, len(mine) // 4)]:
        printed = attempt(in_role(tmp_path, "variable", attack.body))
        assert attack.expect in ("any", outcome(printed)), (attack, printed)
        if attack.values and attack.values[0] is not None:
            assert printed["result"] == attack.values[0], attack


def spread() -> list[tuple[str, Attack]]:
    """Gives each role attacks of its own, of all that end in a fault whoever runs them."""
    roles = [role for role in ROLES if role != "variable"]
    sure = [attack for attack in ATTACKS if attack.expect in FAULTS and "settings" not in attack.body]
    return [(roles[number % len(roles)], attack) for number, attack in enumerate(sure[::3])]


@pytest.mark.parametrize("role", [role for role in ROLES if role != "variable"])
def test_an_attack_has_its_fault_in_every_role(tmp_path: Path, role: str) -> None:
    for attack in (attack for played, attack in spread() if played == role):
        printed = attempt(in_role(tmp_path, role, attack.body))
        assert outcome(printed) == attack.expect, (attack, printed)


@pytest.mark.parametrize(
    ("source", "fault", "message"),
    [
        ("return {", "error", "variable.lua:1"),
        ("return {\nresolve = function( end }", "error", "variable.lua:2"),
        ("local x = 1\nlocal y = " + "{" * 1000, "error", "variable.lua:2"),
        ("return " + "function() return\n" * 300 + "1" + " end" * 300, "error", "variable.lua:"),
        ("return 5", "error", "returns no table of functions"),
        ("", "error", "returns no table of functions"),
        ("return {}", "error", "returns no function `resolve`"),
        ("return {resolve = {}}", "error", "returns no function `resolve`"),
        ("end return 1 --", "error", "variable.lua:1"),
        ("\x1bLua\x54\x00\x19", "error", "variable.lua"),
        (b"return {resolve = function() return '\xff' end}", "error", "variable.lua"),
        ("return {resolve = print.x}", "error", "variable.lua"),
        (" " * 300_000 + "return {}", "error", "256 KB"),
        ("local x = " + "a and " * 40_000 + "a return {}", "error", "more than 6000"),
        ("local x = " + "a or " * 40_000 + "a return {}", "error", "more than 6000"),
        ("if a then " + "elseif a then " * 18_000 + "end return {}", "error", "more than 6000"),
        ("local x = {" + ",".join(str(32767 * n) for n in range(20_000)) + "}", "error", "more than 16000 numbers"),
        ("local x = {" + "9999*999," * 25_000 + "}", "error", "more than 16000 numbers"),
        ("a." * 100_000 + "b()", "error", "no global `a`"),
        ("local function f() " + "zz() " * 40_000 + "end return {resolve = f}", "error", "no global `zz`"),
        ("while true do end", "cpu", ""),
        ("local t = {} while true do t[#t + 1] = {} end", "memory", ""),
        ("return setmetatable({}, {__index = function() while true do end end})", "error", "no function `resolve`"),
    ],
)  # fmt: skip
def test_a_source_has_its_fault(tmp_path: Path, source: str | bytes, fault: str, message: str) -> None:
    printed = attempt(template(tmp_path / "t", "variable", source))
    assert outcome(printed) == fault
    assert message in printed["error"]["message"]


@pytest.mark.parametrize(
    ("role", "body", "fault"),
    [
        ("request", "return {method = 'POST', url = 'https://other.example/', body = items}", "permission"),
        ("request", "return {method = 'POST', url = 'http://127.0.0.1/', body = items}", "permission"),
        ("request", "return {method = 'POST', url = 'file:///etc/passwd', body = items}", "any"),
        (
            "request",
            "return {method = 'POST', url = 'https://sink.example@other.example/', body = items}",
            "permission",
        ),
        ("request", "return {method = 'POST', url = ('x'):rep(1000000), body = items}", "any"),
        ("request", "return 5", "result"),
        ("request", "return {method = {}, url = {}, headers = 5, body = map}", "result"),
        (
            "request",
            "return {method = 'A\\r\\nB', url = 'https://sink.example/', headers = {['a\\r\\nb'] = 'c'}}",
            "any",
        ),
        ("request", "return incoming.cookie('_fbp')", "error"),
        ("map", "return incoming.cookie('_fbp')", "permission"),
        ("map", "return incoming.header('authorization')", "permission"),
        ("map", "return 5", "result"),
        ("map", "return {a = 1}, 5", "result"),
        ("map", "return {a = 1}, {key = {}}", "result"),
        ("transformation", "return 5", "result"),
        ("client", "return 5", "any"),
        ("client", "return {{event_name = {}}}", "any"),
        ("client", "local t = {} for i = 1, 49000 do t[i] = 1 end return t", "any"),
    ],
)
def test_what_a_role_returns_has_its_fault(tmp_path: Path, role: str, body: str, fault: str) -> None:
    printed = attempt(in_role(tmp_path, role, body))
    assert fault in ("any", outcome(printed)), printed


def test_a_field_that_is_not_granted_is_a_permission(tmp_path: Path) -> None:
    folder = in_role(tmp_path, "variable", "return event.user_data.email")
    manifest = MANIFESTS["variable"].replace("'*'", "event_name")
    (folder / "manifest.yaml").write_text(manifest)
    assert outcome(attempt(folder, json.dumps(EVENT | {"user_data": {"email": "a@b.example"}}))) == "permission"


@pytest.mark.parametrize(
    ("event", "result"),
    [
        ('{"": 1, "\\u0000": 2, "__index": 3, "1": 4, "-1": 5}', {"": 2, "__index": 3, "1": 4, "-1": 5}),
        ('{"a": -9223372036854775808}', {"a": -9223372036854775808}),
        ('{"a": [null, 1, null, [null]], "b": null}', {"a": [1, {}]}),
        ('{"a": ' * 30 + "1" + "}" * 30, None),
        ("a: 2020-01-01", {"a": "2020-01-01"}),
        ('{"__gc": {"__mode": "k"}, "__metatable": false}', {"__gc": {"__mode": "k"}, "__metatable": False}),
    ],
)
def test_odd_events_are_events(tmp_path: Path, event: str, result: Any) -> None:
    printed = attempt(in_role(tmp_path, "variable", "return event"), event)
    assert printed["error"] is None
    assert result is None or printed["result"] == result


@pytest.mark.parametrize(
    ("event", "fault"),
    [
        ('{"a": ' * 33 + "1" + "}" * 33, "result"),
        ("{" + ",".join(f'"k{n}": {n}' for n in range(60_000)) + "}", "memory"),
        ('{"a": [' + "1," * 60_000 + "1]}", "memory"),
        ('{"a": [' + ",".join(['"' + "x" * 60_000 + '"'] * 500) + "]}", "memory"),
    ],
)
def test_events_that_are_too_much_have_their_fault(tmp_path: Path, event: str, fault: str) -> None:
    assert outcome(attempt(in_role(tmp_path, "variable", "return event"), event)) == fault


@pytest.mark.parametrize("option", ["--event", "--settings"])
@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000, '{"a":' * 1000 + "1" + "}" * 1000, "a: " + "[" * 5000, '{"a": "\\ud800"}', '{"\\udfff": 1}',
        "a: .nan", "a: -.inf", '{"a": 1e999}', "a: " + "9" * 5000, "1: 2", "[1]: 2", "a: 1\na: 2", "a: 1\n---\nb: 2",
        '{"a": 123456789012345678901234567890}', '{"a": -9223372036854775809}',
        "a: &x [1]\nb: *x", 'a: !!python/object/apply:os.system ["id"]', "a: !!binary aGk=", "\ta: 1", "%FOO", "null",
        '{"a": 1',
    ],
)  # fmt: skip
def test_input_that_is_none_is_told_in_one_message(tmp_path: Path, option: str, text: str) -> None:
    folder = in_role(tmp_path, "variable", "return 1")
    (folder / "bad").write_text(text)
    (folder / "good").write_text("{}")
    files = {"--event": "good", option: "bad"}
    arguments = [part for name, file in files.items() for part in (name, str(folder / file))]
    result = CliRunner().invoke(app, [str(folder), *arguments])
    assert result.exit_code == 2
    assert isinstance(result.exception, SystemExit)
    assert result.output.count("Invalid value for") == 1
    assert option in result.output


def command(folder: Path, *prefix: str) -> tuple[int, dict[str, Any], str]:
    """Runs the command in a process of its own; returns its exit code, what it printed, and what it complained of."""
    (folder / "event").write_text(json.dumps(EVENT))
    line = [*prefix, sys.executable, "-m", "runtime.cli.main", "try", str(folder), "--event", str(folder / "event")]
    ended = subprocess.run(line, capture_output=True, text=True, timeout=120, check=False, env=os.environ.copy())
    return ended.returncode, json.loads(ended.stdout), ended.stderr


def test_the_command_survives_an_operation_of_twenty_seconds(tmp_path: Path) -> None:
    code, printed, complaint = command(in_role(tmp_path, "variable", HANG_SOURCE_BODY))
    assert (code, complaint) == (0, "")
    assert printed["error"]["fault"] == "cpu"
    assert "one operation" in printed["error"]["message"]
