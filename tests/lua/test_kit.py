"""The kit: every function is documented, and its example is true."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.lua.kit import CallContext, KitError, KitFunction
from runtime.lua.kit.registry import namespaces
from runtime.lua.sandbox import Sandbox
from tests.lua.calls import AT_US, fault, run, script_of, value
from tests.support.programs import hit

FUNCTIONS = [(f"{space}.{name}", f) for space, functions in namespaces().items() for name, f in functions.items()]
TYPES = {"text", "integer", "number", "boolean", "table", "any"}
GIVEN = {
    "page_location": "https://shop.example/checkout/thanks",
    "event_name": "purchase",
    "currency": "EUR",
    "signing_key": "\0secret:SIGNING_KEY\0",
    "body": "\0body\0",
}


def test_the_expected_namespaces_are_there() -> None:
    expected = "json url text crypto regex time random log bots domain normalise items names"
    assert set(expected.split()) <= set(namespaces())


@pytest.mark.parametrize(("name", "function"), FUNCTIONS, ids=[name for name, _ in FUNCTIONS])
def test_every_function_is_documented(name: str, function: KitFunction) -> None:
    assert function.doc.endswith(".")
    returned, _, meaning = function.returns.partition(" — ")
    assert returned.removesuffix("?") in TYPES | {"nothing"}
    assert returned.endswith("?") == ("nil" in meaning), "a `?` after the type says that nil may come back"
    assert name.partition(".")[0] in function.example
    for declared, param in zip(function.types(), function.params, strict=True):
        assert declared.rstrip("?") in TYPES, param


@pytest.mark.parametrize(("name", "function"), FUNCTIONS, ids=[name for name, _ in FUNCTIONS])
def test_every_example_runs_and_says_what_comes_out(sandbox: Sandbox, name: str, function: KitFunction) -> None:
    call, arrow, result = function.example.partition(" --> ")
    incoming = hit(cookies={"_ttp": "2abc"}, query=b"gclid=EAIa", client="pixel", version=12)
    sandbox.belong_to("shop")
    if not arrow:
        body = f"local batch, headers = event, {{}}\n{call if '=' in call else 'local _ = ' + call}"
        run(sandbox, body, GIVEN, GIVEN, hit=incoming)
        return
    found = value(sandbox, f"return {{found = {call}, expected = {result}}}", GIVEN, GIVEN, hit=incoming)
    assert found.get("found") == found.get("expected")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("json.encode({b = {1, 2.5, 10 / 2}, a = 'ä\"\\\\\\n\\1', [\"c\"] = {}})",
         '{"a":"ä\\"\\\\\\n\\u0001","b":[1,2.5,5],"c":{}}'),
        ("json.encode(nil)", "null"),
        ("json.encode(0.1)", "0.1"),
        ("json.encode(1e300)", "1e+300"),
        ("json.encode(1/3)", "0.3333333333333333"),
        ("json.encode(math.mininteger)", "-9223372036854775808"),
        ("json.decode('[1, {\"a\": null, \"b\": [null, true]}, \"\\\\u00e4\\\\ud834\\\\udd1e\\\\n\\\\/\"]')",
         [1, {"b": [True]}, "ä𝄞\n/"]),
        ("json.decode('\"text\"')", "text"),
        ("json.decode('3.5')", 3.5),
        ("json.decode('{bad')", None),
        ("json.decode(' \\t{ \"a\" : [ ] , \"b\" : -1.5e-3 } ')", {"a": {}, "b": -0.0015}),
        ("json.decode(json.encode({a = {'x', {b = 'quote\" and \\\\ slash'}}}))",
         {"a": ["x", {"b": 'quote" and \\ slash'}]}),
        ("url.parse('https://Shop.Example:8443/a%20b?x=1#top')", {
            "scheme": "https", "host": "shop.example", "port": 8443, "path": "/a%20b", "query": "x=1",
            "fragment": "top",
        }),
        ("url.parse('/relative')", None),
        ("url.parse('http://[bad')", None),
        ("url.query('?a=1&a=2&b=%C3%A4&c')", {"a": "2", "b": "ä", "c": ""}),
        ("url.build_query({b = 'ä &', a = true, n = 1.5})", "a=true&b=%C3%A4%20%26&n=1.5"),
        ("url.decode('%ff%41+')", "\ufffdA+"),
        ("text.trim('\\t a b \\n')", "a b"),
        ("text.trim('   ')", ""),
        ("text.lower('ÀB')", "àb"),
        ("text.upper('straße')", "STRASSE"),
        ("text.unbase64('not base64!')", None),
        ("text.unbase64('_-8')", None),
        ("text.unhex('zz')", None),
        ("#text.unhex('ff00')", 2),
        ("text.split('abc', ',')", ["abc"]),
        ("text.split('', ',')", [""]),
        ("text.starts_with('ab', '')", True),
        ("text.ends_with('ab', 'ab')", True),
        ("text.ends_with('b', 'ab')", False),
        ("crypto.sha256(5)", "ef2d127de37b942baad06145e54b0c619a1f22327b2ebbcfbec78f5564afe39d"),
        ("crypto.hmac_sha256('\\0secret:KEY\\0', 'ä\\0body\\0')", "\0hmac:KEY:c3a400626f647900\0"),
        ("regex.match('abc', 'B')", False),
        ("regex.match('abc', '(?i)B')", True),
        ("regex.full_match('abc', 'b')", False),
        ("time.iso(0)", "1970-01-01T00:00:00Z"),
        ("time.iso(1.9)", "1970-01-01T00:00:01Z"),
        ("time.parse('2026-01-01')", 1767225600),
        ("time.parse('2026-01-01T00:00:00.5Z')", 1767225600.5),
        ("time.parse('soon')", None),
        ("bots.match('')", False),
        ("domain.registrable(('a.'):rep(1000) .. 'com')", None),
    ],
)  # fmt: skip
def test_functions_at_their_edges(sandbox: Sandbox, expression: str, expected: Any) -> None:
    assert value(sandbox, f"return {expression}") == expected


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("local x = crypto.sha256({})", "bad argument #1 to 'crypto.sha256' (text expected, got table)"),
        ("local x = crypto.sha256('\\xff')", "bad argument #1 to 'crypto.sha256' (text is not valid UTF-8)"),
        ("local x = crypto.hmac_sha256('key', 'm')", "takes a setting of type secret"),
        ("local x = regex.match('a', '(')", "is not a regular expression"),
        ("local x = regex.match('a', ('a'):rep(1025))", "longer than 1024"),
        ("local x = url.build_query({a = {}})", "`a` is none of these"),
        ("local x = url.build_query({1})", "takes a table of names"),
        ("local x = url.build_query({a = map})", "a function has no JSON form"),
        ("local x = json.encode({map})", "a function has no JSON form"),
        ("local x = json.encode({a = 1, 2})", "names and places"),
        ("local x = json.encode({[3] = 1})", "a key is a number"),
        ("local x = json.encode(0/0)", "NaN"),
        ("local x = json.encode({'\\xff'})", "UTF-8"),
        ("local x = text.split('a', '')", "not empty"),
        ("local x = text.nfc('e' .. ('\\u{301}'):rep(31))", "combining marks"),
        ("local x = time.iso(1e18)", "Unix seconds"),
        ("local x = time.iso('now')", "Unix seconds"),
        ("local x = random.integer(2, 1)", "interval is empty"),
        ("local x = random.integer(1.5, 2)", "integer expected"),
        ("local x = text.base64(('x'):rep(1000000))", "the result is too large"),
    ],
)
def test_refusals_say_what_is_wrong_and_where(sandbox: Sandbox, body: str, message: str) -> None:
    problem = fault(sandbox, body)
    assert problem.kind == "error"
    assert problem.message.startswith("test:3: ")
    assert message in problem.message


def _broken(text: str) -> str:
    raise RuntimeError(f"secret path of the host in {text}")


def _ending(text: str) -> str:
    raise SystemExit(3)


def _refusing(text: str) -> str:
    raise KitError("x" * 1000 + text)


def _shaped(value: Any) -> Any:
    return {"same": value, "list": [1, [2]], "none": None}


def _sums(context: CallContext, a: int, b: float | None = None, c: bool | None = None, d: Any = None) -> Any:
    return [context.at_us, a, b, c, d]


KIT = {
    "text": dict(namespaces()["text"]),
    "own": {
        "broken": KitFunction(_broken, "", ("text: text",), "", ""),
        "ending": KitFunction(_ending, "", ("text: text",), "", ""),
        "refusing": KitFunction(_refusing, "", ("text: text",), "", ""),
        "shaped": KitFunction(_shaped, "", ("value: any",), "", ""),
        "sums": KitFunction(_sums, "", ("a: integer", "b: number?", "c: boolean?", "d: table?"), "", "", context=True),
        "huge": KitFunction(lambda: 2**70, "", (), "", ""),
        "surrogate": KitFunction(lambda: "\ud800", "", (), "", ""),
        "strange": KitFunction(lambda: object(), "", (), "", ""),
    },
}


@pytest.fixture
def own() -> Sandbox:
    return Sandbox(kit=KIT)


def test_values_cross_both_ways(own: Sandbox) -> None:
    assert value(own, "return own.shaped({a = {1, 'x'}})") == {"same": {"a": [1, "x"]}, "list": [1, [2]]}
    assert value(own, "return own.shaped('text')") == {"same": "text", "list": [1, [2]]}
    assert value(own, "return own.sums(2.0, 1.5, true, {k = 1})") == [AT_US, 2, 1.5, True, {"k": 1}]
    assert value(own, "return own.sums(2)") == [AT_US, 2]
    assert value(own, "return math.type(own.huge())") == "float"


@pytest.mark.parametrize("call", ["own.broken('a')", "own.surrogate()", "own.strange()"])
def test_an_unforeseen_exception_says_nothing_to_the_script(own: Sandbox, call: str) -> None:
    body = f"local ok, problem = pcall(function() local x = {call} end) return problem"
    assert value(own, body) == "test:3: host error"


def test_a_refusal_is_cut(own: Sandbox) -> None:
    assert len(fault(own, "local x = own.refusing('a')").message) == 500


def test_an_order_to_end_the_process_is_obeyed_after_the_call(own: Sandbox) -> None:
    script = own.script("test", script_of("pcall(own.ending, 'a') return 1"))
    with pytest.raises(SystemExit):
        own.call(script, "map", at_us=AT_US, seed="")
    assert value(own, "return 5") == 5
