"""`incoming`: a script reads of the request what its manifest names, and learns what line is missing."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.errors import ScriptFault
from runtime.lua.sandbox import Grants, Sandbox
from runtime.model.reach import Reach, Readable, Rule
from tests.lua.calls import AT_US, fault, script_of, value
from tests.support.programs import hit

HIT = hit(
    cookies={"_ttp": "t-1", "_ga_AB": "GS1.1", "session": "s"},
    headers={"accept-language": "de-DE", "x-shop-id": "7", "user-agent": "Browser/1"},
    query=b"gclid=a%C3%A4%00b&empty=&twice=1&twice=2",
    path="/e/1",
    geo={"country": "DE", "city": "Berlin"},
)


def grants(
    cookies: tuple[str, ...] = (),
    headers: tuple[str, ...] = (),
    parts: tuple[str, ...] = (),
    denied_cookies: tuple[Rule, ...] = (),
) -> Grants:
    return Grants(readable=Readable(Reach(headers), Reach(cookies, denied_cookies), Reach(parts)))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('incoming.cookie("_ttp")', "t-1"),
        ('incoming.cookie("_ga_AB")', "GS1.1"),
        ('incoming.cookie("_ga_XY")', None),
        ('incoming.header("Accept-Language")', "de-DE"),
        ('incoming.header("X-SHOP-ID")', "7"),
        ('incoming.header("x-shop-none")', None),
        ("incoming.method()", "POST"),
        ("incoming.host()", "t.shop.example"),
        ("incoming.path()", "/e/1"),
        ('incoming.query("gclid")', "aäb"),
        ('incoming.query("empty")', ""),
        ('incoming.query("twice")', "1"),
        ('incoming.query("none")', None),
        ("incoming.query()", "gclid=a%C3%A4%00b&empty=&twice=1&twice=2"),
        ("incoming.geo().country", "DE"),
        ("incoming.geo().region", None),
    ],
)
def test_what_is_granted_is_read(sandbox: Sandbox, expression: str, expected: Any) -> None:
    given = grants(("_ttp", "_ga_*"), ("accept-language", "x-shop-*"), ("query", "geo"))
    assert value(sandbox, f"return {expression}", hit=HIT, grants=given) == expected


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            'incoming.cookie("_ttp")',
            "cookie `_ttp` is not granted: add `cookies: {read: [_ttp], why: ...}` to the manifest's permissions",
        ),
        (
            'incoming.header("X-Shop-Id")',
            "header `x-shop-id` is not granted: add `headers: {names: [x-shop-id], why: ...}` to the manifest's "
            "permissions",
        ),
        (
            'incoming.query("gclid")',
            "the query of the request is not granted: add `hit: {fields: [query], why: ...}` to the manifest's "
            "permissions",
        ),
        (
            "incoming.geo()",
            "the visitor's place is not granted: add `hit: {fields: [geo], why: ...}` to the manifest's permissions",
        ),
        ('incoming.header("Cookie")', "header `cookie` holds credentials: no script may read it"),
        ('incoming.header("authorization")', "header `authorization` holds credentials: no script may read it"),
    ],
)
def test_what_is_not_granted_is_a_permission_fault_with_the_line_to_add(
    sandbox: Sandbox, expression: str, message: str
) -> None:
    given = grants(("_ttp_",), ("x-shop",), ("path",))
    problem = fault(sandbox, f"local _ = {expression}", hit=HIT, grants=given)
    assert (problem.kind, problem.message) == ("permission", f"test:3: {message}")
    without_a_hit = fault(sandbox, f"local _ = {expression}", grants=given)
    assert without_a_hit.kind == "permission"


def test_no_wildcard_opens_a_header_with_credentials(sandbox: Sandbox) -> None:
    secret = hit(headers={"cookie": "a=b", "authorization": "Bearer t"})
    for name in ("cookie", "authorization", "proxy-authorization"):
        problem = fault(sandbox, f"local _ = incoming.header('{name}')", hit=secret, grants=grants((), ("*",)))
        assert problem.kind == "permission"


def test_the_operators_policy_wins_and_is_named(sandbox: Sandbox) -> None:
    given = grants(("_ga*",), denied_cookies=(("_ga_*", "Streams are\nnobody's business."),))
    assert value(sandbox, "return incoming.cookie('_ga')", hit=HIT, grants=given) is None
    problem = fault(sandbox, "local _ = incoming.cookie('_ga_AB')", hit=HIT, grants=given)
    assert (problem.kind, problem.message) == (
        "permission",
        "test:3: the operator's policy denies cookie `_ga_AB`: Streams are nobody's business.",
    )


@pytest.mark.parametrize("function", ["request", "verdict"])
def test_there_is_no_request_where_there_is_a_batch(sandbox: Sandbox, function: str) -> None:
    source = f"return {{{function} = function() local _ = incoming.method() end}}"
    with pytest.raises(ScriptFault) as caught:
        sandbox.call(sandbox.script("test", source), function, at_us=AT_US, seed="", hit=HIT)
    assert (caught.value.kind, caught.value.message) == (
        "error",
        f"test:1: there is no incoming request in `{function}`: read it in `map`",
    )


@pytest.mark.parametrize("name", ["", "a b", "a\nb", "a;b", "x" * 200])
def test_what_is_no_name_is_an_error(sandbox: Sandbox, name: str) -> None:
    body = f"local _ = incoming.cookie({name!r})"
    problem = fault(sandbox, body, hit=HIT, grants=grants(("*",)))
    assert problem.kind == "error"
    assert "the name of a cookie expected" in problem.message


def test_a_script_may_catch_a_refusal_and_go_on(sandbox: Sandbox) -> None:
    body = "local ok, why = pcall(incoming.cookie, 'session') return {ok = ok, why = why}"
    found = value(sandbox, body, hit=HIT, grants=grants())
    assert found["ok"] is False
    assert "cookie `session` is not granted" in found["why"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("pcall(incoming.cookie, 'session') error('something else')", "error"),
        ("pcall(incoming.cookie, 'session') local x = nil; return x.y", "error"),
        ("local _, why = pcall(incoming.cookie, 'session') error(why, 0)", "permission"),
        ("error(\"cookie `session` is not granted: add `cookies: {read: [session], why: ...}` to the manifest's "
         "permissions\")", "error"),
        ("pcall(incoming.cookie, 'session') error({})", "error"),
        ("pcall(incoming.cookie, 'session') while true do end", "cpu"),
    ],
)  # fmt: skip
def test_the_kind_is_what_the_host_refused_and_never_what_a_script_says(sandbox: Sandbox, body: str, kind: str) -> None:
    assert fault(sandbox, body, hit=HIT, grants=grants()).kind == kind


def test_a_refusal_is_forgotten_with_its_call(sandbox: Sandbox) -> None:
    words = fault(sandbox, "local _ = incoming.cookie('session')", hit=HIT, grants=grants()).message
    assert fault(sandbox, f"error({words!r}, 0)", hit=HIT, grants=grants()).kind == "error"


def test_a_long_reason_still_makes_it_a_permission_fault(sandbox: Sandbox) -> None:
    given = grants(("a",), denied_cookies=(("a", "ü" * 1000),))
    script = sandbox.script("destination/" + "n" * 60, script_of("local _ = incoming.cookie('a')"), grants=given)
    with pytest.raises(ScriptFault) as caught:
        sandbox.call(script, "map", sandbox.push({}), at_us=AT_US, seed="", hit=HIT)
    assert caught.value.kind == "permission"


def test_no_call_sees_the_request_of_another() -> None:
    sandbox = Sandbox(shared={"kept": "local seen = incoming.path() return {seen = function() return seen end}"})
    script = sandbox.script("test", script_of("return {path = kept.seen() or 'none'}"), shared=["kept"])
    for path in ("/a", "/b"):
        found = sandbox.call(script, "map", sandbox.push({}), at_us=AT_US, seed="", hit=hit(path=path)).values
        assert found[0]["path"] in (path, "none")
    sandbox.discard()
    assert sandbox.call(script, "map", sandbox.push({}), at_us=AT_US, seed="").values == ({"path": "none"},)
