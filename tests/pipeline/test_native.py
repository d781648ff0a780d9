"""Variables that the host answers itself: what it gives is what the script gives, and where it cannot tell, it asks."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from runtime.containers.snapshot import build_snapshot
from runtime.containers.templates import BUILT_IN, load_templates
from runtime.model.container import Container
from runtime.model.reach import Denied
from runtime.model.snapshot import Template
from runtime.pipeline.native import _MAKERS, NativeVariable, content
from runtime.pipeline.program import Program
from runtime.pipeline.scope import Scope
from runtime.pipeline.variable import Variable

TEMPLATES = load_templates(BUILT_IN)
KNOWN = ("constant", "event_field", "lookup_table", "regex_table", "page_url_part", "template_string")

scalars = st.one_of(
    st.booleans(), st.integers(-(2**60), 2**60), st.sampled_from([0, 1, -1, 5, 2**53, -(2**53)]),
    st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([5.0, -0.0, 1e300, 0.1]),
    st.text(max_size=6), st.sampled_from(["", "a", "5", "true", "/p/12?x=1", "A", "p 7"]),
)  # fmt: skip
addresses = st.one_of(
    st.from_regex(r"\A(https?|ftp)://(www\.)?[a-zA-Z0-9.]{1,8}(:[0-9]{1,3})?(/[a-z%/?#=&.]{0,8})?\Z"),
    st.sampled_from(
        ["https://www.shop.example", "HTTPS://Shop.Example:443/A/b?c#d#e", "//x", "http://", "http://[::1"]
    ),
    st.text(alphabet="htps:/.ab?#[]@% \n", max_size=14),
)
keys = st.sampled_from(["a", "b", "c", "0", "1", "", "page_location"])
values = st.recursive(
    scalars,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(keys.filter(bool), below, max_size=3),
    max_leaves=6,
)
events = st.dictionaries(keys.filter(bool), values | addresses, max_size=5)
paths = st.lists(st.sampled_from(["a", "b", "c", "0", "1", "", "a*", "page_location"]), min_size=1, max_size=3).map(
    ".".join
)
words = st.text(max_size=4) | st.sampled_from(["a", "5", "true", "false"])
texts = st.sampled_from(["", "a", "A", "5", "{{other}}", "x {{other}}", "{{none}}"])
rows = st.tuples(
    st.sampled_from(["a", "(a)|(b)", "^/p/([0-9]+)", "5", ".", "^$", " ", "x -> y", "tru(e)"]),
    st.sampled_from(["", "$1", "$0-$2", "$$", "$9 %1 $1$1", "plain"]),
).map(" -> ".join)
defaults = st.fixed_dictionaries({}, optional={"default": texts})
inputs = st.one_of(
    st.fixed_dictionaries({"field": paths}),
    st.fixed_dictionaries({"input": texts}),
    st.fixed_dictionaries({"field": paths, "input": texts}),
)
flags = st.fixed_dictionaries({}, optional={"ignore_case": st.booleans()})
given_settings = st.one_of(
    st.tuples(st.just("constant"), st.fixed_dictionaries({"value": texts | st.text(max_size=5)})),
    st.tuples(
        st.just("template_string"),
        st.fixed_dictionaries(
            {"text": texts | st.sampled_from(["{a}", "{a.b} x", "{{other}} {b}", "{", "}", "%1 {}"])},
            optional={"complete": st.booleans(), "missing": texts},
        ),
    ),
    st.tuples(st.just("event_field"), st.tuples(st.fixed_dictionaries({"path": paths}), defaults)),
    st.tuples(
        st.just("lookup_table"),
        st.tuples(
            st.fixed_dictionaries({"table": st.dictionaries(words, texts | scalars, min_size=1, max_size=4)}),
            inputs, flags, defaults,
        ),
    ),
    st.tuples(
        st.just("regex_table"),
        st.tuples(
            st.fixed_dictionaries({"rows": st.lists(rows, min_size=1, max_size=3)}),
            inputs, flags, defaults, st.fixed_dictionaries({}, optional={"full_match": st.booleans()}),
        ),
    ),
    st.tuples(
        st.just("page_url_part"),
        st.tuples(
            st.fixed_dictionaries({"part": st.sampled_from(
                ["url", "scheme", "host", "domain", "port", "path", "query", "parameter", "fragment"]
            )}),
            defaults,
            st.fixed_dictionaries({}, optional={"strip_www": st.booleans(), "field": paths}),
        ),
    ),
)  # fmt: skip


def built(template: str, parts: Any, other: str = "a") -> Program:
    chosen: dict[str, Any] = {}
    for part in parts if isinstance(parts, tuple) else (parts,):
        chosen |= part
    container = Container.model_validate({
        "container": "x",
        "variables": {
            "v": {"template": template, "settings": chosen},
            "other": {"template": "event_field", "settings": {"path": other}},
            "none": {"template": "event_field", "settings": {"path": "nowhere"}},
        },
    })  # fmt: skip
    snapshot = build_snapshot(container, TEMPLATES, 1)
    return Program.build(snapshot)


def value(program: Program, event: dict[str, Any], *, native: bool) -> Any:
    """Returns what a variable gives, by its script alone or as it is asked in earnest."""
    variables: dict[str, Variable] = dict(program.variables)
    if not native:
        variables = {
            id: Variable(id, each.code, each.settings, each.format, each.asker) for id, each in variables.items()
        }
    scope = Scope(program.sandbox, event, seed="1.1/0", at_us=0, variables=variables, logs=[])
    return scope.value("v")


@settings(max_examples=200, deadline=None)
@given(given_settings, events, paths)
def test_native_gives_what_the_script_gives(chosen: tuple[str, Any], event: dict[str, Any], other: str) -> None:
    program = built(*chosen, other)
    one, script = (value(program, event, native=native) for native in (True, False))
    assert (one, type(one)) == (script, type(script))


@pytest.mark.parametrize("id", KNOWN)
def test_the_scripts_are_those_that_are_known(id: str) -> None:
    """Where this fails, a script was changed: compare the twin in native.py with it, then note its new content there.
    Until then it runs in the sandbox, and large containers cost more."""
    template = TEMPLATES.get("variable", id)
    assert template is not None
    assert content(template, TEMPLATES.modules(template.manifest.shared)) in _MAKERS
    assert len(_MAKERS) == len(KNOWN)


PLAIN = [
    ("constant", {"value": "x"}, "x"),
    ("template_string", {"text": "at {{other}}"}, "at https://www.shop.example/p?q=1"),
    ("event_field", {"path": "user.city"}, "Ulm"),
    ("event_field", {"path": "user.none", "default": "{{other}}"}, "https://www.shop.example/p?q=1"),
    ("lookup_table", {"field": "user.city", "table": {"Ulm": "south"}}, "south"),
    ("lookup_table", {"input": "{{other}}", "table": {"x": "y"}, "default": "none"}, "none"),
    ("regex_table", {"field": "user.city", "rows": ["x -> y", "^U(.) -> $1"]}, "l"),
    ("page_url_part", {"field": "page", "part": "host", "strip_www": True}, "shop.example"),
    ("page_url_part", {"field": "page", "part": "path"}, "/p"),
]


@pytest.mark.parametrize(("id", "chosen", "expected"), PLAIN)
def test_plain_cases_run_no_script(id: str, chosen: dict[str, Any], expected: Any) -> None:
    program = built(id, chosen, "page")
    event = {"user": {"city": "Ulm"}, "page": "https://www.shop.example/p?q=1"}
    assert value(program, event, native=True) == expected
    assert not [key for key, (_, calls) in program.sandbox.costs.items() if calls]


def test_a_script_that_was_changed_is_asked() -> None:
    program = built("constant", {"value": "x"})
    assert isinstance(program.variables["v"], NativeVariable)
    known = program.snapshot.templates["variable/constant"]
    changed = replace(known, source=known.source.replace("settings.value", '"changed"'))
    other = rebuilt(program, changed)
    assert type(other.variables["v"]) is Variable
    assert value(other, {}, native=True) == "changed"


def test_a_module_that_was_changed_is_asked_too() -> None:
    program = built("event_field", {"path": "a"})
    shared = program.snapshot.shared | {"paths": "return { value_at = function() return 'changed' end }"}
    other = Program.build(replace(program.snapshot, shared=shared))
    assert value(other, {"a": "x"}, native=True) == "changed"


def test_a_script_that_may_read_less_is_asked() -> None:
    program = built("event_field", {"path": "a"})
    known = program.snapshot.templates["variable/event_field"]
    asked = known.manifest.permissions.model_copy(update={"event": None})
    other = rebuilt(program, replace(known, manifest=known.manifest.model_copy(update={"permissions": asked})))
    assert value(other, {"a": "x"}, native=True) is None


def test_a_script_that_the_policy_cuts_is_asked() -> None:
    program = built("event_field", {"path": "a"})
    known = program.snapshot.templates["variable/event_field"]
    other = rebuilt(program, replace(known, denied=Denied(event=(("a", "a test"),))))
    assert value(other, {"a": "x"}, native=True) is None
    assert value(program, {"a": "x"}, native=True) == "x"


def rebuilt(program: Program, template: Template) -> Program:
    return Program.build(replace(program.snapshot, templates=program.snapshot.templates | {template.key: template}))
