"""Calls: what goes in, what comes out, and that nothing stays behind."""

from __future__ import annotations

import pytest

from runtime.errors import ScriptFault
from runtime.lua.sandbox import Sandbox
from tests.lua.calls import AT_US, fault, run, script_of, value

COUNTING = "count = (count or 0) + 1\nevent.seen = (event.seen or 0) + 1\nreturn {count, event.seen, settings.x}"


def test_up_to_three_values_come_back_without_trailing_nils(sandbox: Sandbox) -> None:
    assert run(sandbox, "return 1, 'a', true, 4").values == (1, "a", True)
    assert run(sandbox, "return nil, 'reason', nil").values == (None, "reason")
    assert run(sandbox, "return").values == ()


def test_data_arrives_as_it_was_given(sandbox: Sandbox) -> None:
    data = {"a": [1, 2.5, "x", True, {"b": {"c": [[], ["d"]]}}], "ä": "\0€𝄞", "empty": {}, "big": 2**62}
    assert value(sandbox, "return event", data) == data | {"a": [1, 2.5, "x", True, {"b": {"c": [{}, ["d"]]}}]}


def test_nulls_are_left_out_of_objects_and_lists(sandbox: Sandbox) -> None:
    assert value(sandbox, "return event", {"a": None, "b": [1, None, 3], "null": "null"}) == {
        "b": [1, 3],
        "null": "null",
    }


def test_integers_past_64_bits_arrive_as_floats(sandbox: Sandbox) -> None:
    assert value(sandbox, "return math.type(event.n)", {"n": 2**64 - 1}) == "float"


def test_data_that_shares_parts_is_copied_whole(sandbox: Sandbox) -> None:
    part = {"x": [1]}
    assert value(sandbox, "return event", {"a": part, "b": part, "c": [part, part]}) == {
        "a": part,
        "b": part,
        "c": [part, part],
    }


def test_push_takes_json_only(sandbox: Sandbox) -> None:
    with pytest.raises(TypeError):
        sandbox.push({"a": object()})
    with pytest.raises(TypeError):
        sandbox.push({"a": "\ud800"})


def test_nothing_survives_from_call_to_call(sandbox: Sandbox) -> None:
    script = sandbox.script("test", script_of(COUNTING))
    event, settings = sandbox.push({"a": 1}), sandbox.push({"x": 5})
    for _ in range(3):
        assert sandbox.call(script, "map", event, settings, at_us=AT_US, seed="").values == ([1, 1, 5],)


def test_nothing_passes_from_script_to_script(sandbox: Sandbox) -> None:
    first = sandbox.script("first", script_of("_G.mark, event.mark, settings.mark = 1, 1, 1 return map"))
    second = sandbox.script("second", script_of("return {mark == nil, event.mark == nil, settings.mark == nil}"))
    event, settings = sandbox.push({}), sandbox.push({})
    sandbox.call(first, "map", event, settings, at_us=AT_US, seed="")
    assert sandbox.call(second, "map", event, settings, at_us=AT_US, seed="").values == ([True, True, True],)


def test_the_last_use_of_data_needs_no_copy_and_still_spares_the_pushed_text(sandbox: Sandbox) -> None:
    script = sandbox.script("test", script_of("event.a = event.a + 1 return event.a"))
    event = sandbox.push({"a": 1})
    assert sandbox.call(script, "map", event, at_us=AT_US, seed="", last=True).values == (2,)
    assert sandbox.call(script, "map", event, at_us=AT_US, seed="", last=True).values == (2,)


def test_functions_tells_what_a_script_offers(sandbox: Sandbox) -> None:
    script = sandbox.script("test", "return {map = function() end, request = function() end, version = 1}")
    assert sandbox.functions(script) == {"map", "request"}
    assert sandbox.functions(sandbox.script("none", "return {}")) == frozenset()


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("return {}", "the script returns no function `map`"),
        ("return {map = 1}", "the script returns no function `map`"),
        ("return 5", "the script returns no table of functions"),
        ("local x = nil\nx.y = 1", "test:2: attempt to index a nil value (local 'x')"),
        ("return {map = function()\nerror('no ' .. 1)\nend}", "test:2: no 1"),
        ("return {map = function() error({}) end}", "test:1: (error object is a table)"),
        ("return {map = function() error() end}", "test:1: (error object is a nil)"),
        ("return {map = function() error(5) end}", "test:1: 5"),
        (
            "return {map = function()\nstring.rep('x', -1, {})\nend}",
            "test:2: bad argument #3 to 'rep' (string expected",
        ),
        ("return {map = function()\nlocal at = ('x'):find('[')\nend}", "test:2: malformed pattern (missing ']')"),
        ("return {map = function()\nreturn ('x'):find('[')\nend}", "malformed pattern (missing ']')"),
        (
            "return {map = function()\ncrypto.sha256()\nend}",
            "test:2: bad argument #1 to 'crypto.sha256' (text expected",
        ),
        ("return {map = function()\nurl.parse({})\nend}", "test:2: bad argument #1 to 'url.parse' (text expected"),
    ],
)
def test_errors_name_script_line_and_cause(sandbox: Sandbox, source: str, message: str) -> None:
    script = sandbox.script("test", source)
    with pytest.raises(ScriptFault) as caught:
        sandbox.call(script, "map", at_us=AT_US, seed="")
    assert caught.value.kind == "error"
    assert caught.value.script == "test"
    assert caught.value.message.startswith(message)


def test_messages_are_short_and_valid_text(sandbox: Sandbox) -> None:
    assert len(fault(sandbox, "error(('x'):rep(10000), 0)").message) == 500
    assert fault(sandbox, "error('a\\xffb', 0)").message == "test:3: a?b"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("return {", "test:1:"),
        ("\n\nreturn return", "test:3:"),
        ("return {} end end", "test:1:"),
        ("\x1bLua", "the source is bytecode"),
        ("-- " + "x" * 300_000, "the source is larger than"),
        ("x = " + "(" * 500 + "1" + ")" * 500, "test:1: the source nests too deep"),
    ],
)
def test_what_does_not_compile_is_refused_with_its_line(sandbox: Sandbox, source: str, message: str) -> None:
    with pytest.raises(ScriptFault) as caught:
        sandbox.script("test", source)
    assert caught.value.kind == "error"
    assert caught.value.message.startswith(message)


def test_log_lines_come_back_with_the_values(sandbox: Sandbox) -> None:
    returned = run(sandbox, "log.info('a', 1, nil, {b = true}, map) log.warn('bad \\xff') return 1")
    assert returned.logs == ('info: a 1 nil {"b":true} function', "warn: bad ?")
    assert run(sandbox, "for i = 1, 100 do log.info(('x'):rep(1000)) end").logs == (("info: " + "x" * 494),) * 50


def test_instructions_are_counted(sandbox: Sandbox) -> None:
    assert run(sandbox, "return 1").instructions == 0
    assert 20_000 < run(sandbox, "for i = 1, 20000 do local x = i + i end").instructions < 100_000


@pytest.mark.parametrize(
    ("ending", "kind"),
    [('error("boom")', "error"), ("while true do end", "cpu"), ("return 0 / 0", "result")],
)
def test_a_fault_tells_what_was_logged_before_it(sandbox: Sandbox, ending: str, kind: str) -> None:
    script = sandbox.script("test", f'return {{map = function() log.info("so far") {ending} end}}')
    with pytest.raises(ScriptFault) as caught:
        sandbox.call(script, "map", at_us=AT_US, seed="")
    assert (caught.value.kind, caught.value.logs) == (kind, ("info: so far",))
