"""The operator's policy file: read whole or refused, and what it says of a container."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.containers.policy import load_policy, policy_in_force, policy_problems
from runtime.containers.snapshot import FORMAT, build_snapshot, decode_snapshot, encode_snapshot
from runtime.containers.templates import BUILT_IN, Templates, load_templates
from runtime.errors import OperatorError
from runtime.model.container import Container
from runtime.model.manifest import Manifest
from runtime.model.permissions import SETTABLE_COOKIES
from runtime.model.policy import NO_POLICY, Policy
from runtime.model.reach import Reach, covers
from runtime.model.snapshot import Template
from runtime.settings import Settings

GOOD = """
deny:
  - templates: ["*"]
    event: [user_data.*]
    headers: [Accept-*]
    cookies: {read: [_ga], set: [_fhid]}
    hosts: ["*.Example.com"]
    secrets: [meta-token]
    log: always
    why: Nothing of a person leaves this machine.
  - templates: [destination/webhook, meta_*]
    event: ["*"]
    why: Under review.
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "policy.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_good_file(tmp_path: Path) -> None:
    policy = load_policy(written(tmp_path, GOOD))
    denied = policy.against("destination/webhook")
    why = "Nothing of a person leaves this machine."
    assert denied.event == (("user_data.*", why), ("*", "Under review."))
    assert denied.headers == (("accept-*", why),)
    assert denied.hosts == (("*.example.com", why),)
    assert denied.secrets == (("META_TOKEN", why),)
    assert policy.against("client/webhook").event == (("user_data.*", why),)
    assert policy.against("client/meta_pixel").event == denied.event


@pytest.mark.parametrize(
    ("pattern", "key", "meant"),
    [
        ("*", "client/a", True),
        ("a", "client/a", True),
        ("a", "variable/a", True),
        ("a", "client/ab", False),
        ("a*", "client/ab", True),
        ("client/*", "client/a", True),
        ("client/*", "variable/a", False),
        ("client/a", "client/a", True),
        ("client/a", "variable/a", False),
    ],
)
def test_templates_that_a_rule_is_about(pattern: str, key: str, meant: bool) -> None:
    policy = Policy.model_validate({"deny": [{"templates": [pattern], "event": ["x"], "why": "w"}]})
    assert bool(policy.against(key).event) is meant


@pytest.mark.parametrize(
    ("rule", "path", "message"),
    [
        ("{templates: [a], event: [x]}", "deny.0.why", "this key is missing"),
        ("{templates: [a], event: [x], why: ' '}", "deny.0.why", "`why` is empty"),
        ("{event: [x], why: w}", "deny.0.templates", "this key is missing"),
        ("{templates: [a], why: w}", "deny.0", "denies nothing"),
        ("{templates: [a], events: [x], why: w}", "deny.0.events", "not known here"),
        ("{templates: [A/b], event: [x], why: w}", "deny.0.templates.0", "is no template"),
        ("{templates: [tag/b], event: [x], why: w}", "deny.0.templates.0", "is no template"),
        ("{templates: [a], event: ['items.*.price'], why: w}", "deny.0.event.0", "may stand at its end"),
        ("{templates: [a], event: ['a..b'], why: w}", "deny.0.event.0", "is not a dotted path"),
        ("{templates: [a], event: [''], why: w}", "deny.0.event.0", "is not a name"),
        ("{templates: [a], hosts: ['https://a.example'], why: w}", "deny.0.hosts.0", "is not a host"),
        ("{templates: [a], hosts: ['a.*'], why: w}", "deny.0.hosts.0", "is not a host"),
        ("{templates: [a], cookies: {set: [_ga]}, why: w}", "deny.0.cookies.set.0", "_fbp, _fbc, _fhid"),
        ("{templates: [a], log: debug, why: w}", "deny.0.log", "always"),
        ("{templates: a, event: [x], why: w}", "deny.0.templates", "a list is expected"),
    ],
)
def test_a_mistake_refuses_the_whole_file_with_its_place(tmp_path: Path, rule: str, path: str, message: str) -> None:
    file = written(tmp_path, f"deny:\n  - {rule}\n")
    with pytest.raises(OperatorError) as caught:
        load_policy(file)
    assert str(file) in caught.value.message
    assert f"  {path}: " in caught.value.message
    assert message in caught.value.message
    assert "FIRSTHAND_POLICY_FILE" in caught.value.hint


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    file = written(
        tmp_path, "deny:\n  - {templates: [A], why: w, event: [x]}\n  - {templates: [a], event: [x]}\nx: 1\n"
    )
    with pytest.raises(OperatorError) as caught:
        load_policy(file)
    assert caught.value.message.count("\n  ") == 3


@pytest.mark.parametrize("text", ["", "deny: [", "- a", "deny: 5", "deny:\n  - {}\n", "allow: []\n", "\xff"])
def test_what_is_no_policy_is_never_taken_for_an_empty_one(tmp_path: Path, text: str) -> None:
    file = tmp_path / "policy.yaml"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(OperatorError):
        load_policy(file)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="cannot be read"):
        load_policy(tmp_path / "none.yaml")


def test_the_policy_in_force_is_the_one_that_the_settings_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert policy_in_force(Settings()) is NO_POLICY
    file = written(tmp_path, GOOD)
    assert policy_in_force(Settings(policy_file=file)) == load_policy(file)
    monkeypatch.setenv("FIRSTHAND_POLICY_FILE", str(file))
    assert policy_in_force() == load_policy(file)


SHOP = {
    "container": "shop",
    "clients": {"pixel": {"template": "meta_pixel"}},
    "tags": {
        "orders": {
            "template": "webhook",
            "settings": {"endpoint": "https://erp.example.com/hook", "secret": "secret:META_TOKEN"},
        }
    },
    "variables": {"bot": {"template": "bot"}},
}


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"event": ["user_data.*"]}, [("tags.orders", "event data user_data.* from destination/webhook")]),
        ({"event": ["user_agent"]}, [
            ("tags.orders", "event data user_agent from destination/webhook"),
            ("variables.bot", "event data user_agent from variable/bot"),
        ]),
        ({"event": ["user_agent.deeper"]}, [
            ("tags.orders", "event data user_agent.deeper from destination/webhook"),
            ("variables.bot", "event data user_agent.deeper from variable/bot"),
        ]),
        ({"cookies": {"set": ["_fhid"]}}, [("clients.pixel", "setting the cookie _fhid from client/meta_pixel")]),
        ({"cookies": {"set": ["*"]}}, [("clients.pixel", "setting the cookie * from client/meta_pixel")]),
        ({"hit": ["received_ms"]}, [("clients.pixel", "the part of the hit received_ms from client/meta_pixel")]),
        ({"hosts": ["*.example.com"]}, [("tags.orders", "the host *.example.com from destination/webhook")]),
        ({"hosts": ["example.com"]}, []),
        ({"secrets": ["meta-token"]}, [("tags.orders", "the secret META_TOKEN from destination/webhook")]),
        ({"secrets": ["OTHER"]}, []),
        ({"headers": ["*"], "log": "always"}, []),
    ],
)  # fmt: skip
def test_validate_tells_what_is_taken_from_whom(rule: dict[str, Any], told: list[tuple[str, str]]) -> None:
    policy = Policy.model_validate({"deny": [{"templates": ["*"], "why": "Because.", **rule}]})
    problems = policy_problems(Container.model_validate(SHOP), load_templates(BUILT_IN), policy)
    prefix = "the operator's policy takes "
    assert [(problem.path, problem.message) for problem in problems] == [(path, prefix + what) for path, what in told]
    assert {(problem.hint, problem.severity) for problem in problems} <= {("Because.", "warning")}


def made(kind: str, **permissions: Any) -> Template:
    specs: dict[str, dict[str, Any]] = {
        "client": {"client": {"methods": ["POST"], "paths": ["/e"], "decode": "json"}},
        "destination": {"destination": {"consent": []}},
    }
    spec = specs[kind]
    manifest = {"id": "t", "kind": kind, "name": "t", "summary": "t", "permissions": permissions, **spec}
    return Template(Manifest.model_validate(manifest), "return {}", "hash")


NAME = st.sampled_from(["a", "ab", "abc", "b", "x-a"])
PATTERN = NAME | NAME.map(lambda name: f"{name}*")


@given(
    st.lists(PATTERN, max_size=4),
    st.lists(PATTERN | st.just("*"), min_size=1, max_size=4),
    st.lists(st.sampled_from(SETTABLE_COOKIES)),
    st.sampled_from([*SETTABLE_COOKIES, "*"]),
    NAME,
)
def test_a_policy_never_allows_more(
    granted: list[str], denied: list[str], settable: list[str], unset: str, name: str
) -> None:
    template = made(
        "client",
        headers={"names": granted, "why": "w"},
        cookies={"read": granted, "set": settable, "why": "w"},
        log={"scope": "always", "why": "w"},
    )
    rule = {
        "templates": ["*"],
        "headers": denied,
        "cookies": {"read": denied, "set": [unset]},
        "log": "always",
        "why": "w",
    }
    version = build_snapshot(Container.model_validate({"container": "c"}), Templates({}, {}), 1)
    version.templates["client/t"] = template
    ruled = Policy.model_validate({"deny": [rule]}).over(version).templates["client/t"]
    for before, after in (
        (template.readable.headers, ruled.readable.headers),
        (template.readable.cookies, ruled.readable.cookies),
    ):
        assert before.allows(name) or not after.allows(name)
        assert not (after.allows(name) and any(covers(pattern, name) for pattern in denied))
    assert ruled.settable_cookies <= template.settable_cookies - {unset}
    assert template.logs_always
    assert not ruled.logs_always
    assert version.templates["client/t"] is template


def test_an_absent_permission_is_nothing() -> None:
    template = made("client")
    assert template.readable.headers == template.readable.cookies == Reach()
    assert template.settable_cookies == frozenset()
    assert not template.logs_always


@pytest.mark.parametrize(
    ("kind", "permissions", "message"),
    [
        ("destination", {"cookies": {"set": ["_fbp"], "why": "w"}}, "is for clients alone"),
        ("client", {"cookies": {"set": ["_ga"], "why": "w"}}, "_fbp"),
        ("client", {"headers": {"names": ["Cookie"], "why": "w"}}, "holds credentials"),
        ("client", {"headers": {"names": ["authorization"], "why": "w"}}, "holds credentials"),
        ("client", {"headers": {"names": ["Proxy-Authorization"], "why": "w"}}, "holds credentials"),
        ("client", {"headers": {"names": ["*"], "why": "w"}}, "is not the name of a header"),
        ("client", {"cookies": {"read": ["*"], "why": "w"}}, "is not the name of a cookie"),
        ("client", {"cookies": {"read": ["a b"], "why": "w"}}, "is not the name of a cookie"),
        ("client", {"cookies": {"read": ["a"]}}, "why"),
        ("client", {"log": {"scope": "never", "why": "w"}}, "debug"),
        ("client", {"event": {"fields": ["*"], "why": " "}}, "`why` is empty"),
    ],
)
def test_a_manifest_with_a_faulty_permission_is_refused(kind: str, permissions: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        made(kind, **permissions)


def test_the_policy_is_no_part_of_a_version(tmp_path: Path) -> None:
    version = build_snapshot(Container.model_validate(SHOP), load_templates(BUILT_IN), 1)
    ruled = load_policy(written(tmp_path, GOOD)).over(version)
    assert ruled != version
    assert encode_snapshot(ruled) == encode_snapshot(version)
    assert decode_snapshot(encode_snapshot(ruled), 1) == version


def test_a_version_from_before_cookies_were_granted_by_name_sets_them_as_it_did() -> None:
    version = build_snapshot(Container.model_validate(SHOP), load_templates(BUILT_IN), 1)
    old = orjson.loads(encode_snapshot(version))
    assert old["format"] == FORMAT == 2
    for cookies, expected in ((None, set(SETTABLE_COOKIES)), (True, set(SETTABLE_COOKIES)), (False, set())):
        manifest = old["templates"]["client/meta_pixel"]["manifest"]
        manifest["permissions"].pop("cookies", None)
        manifest["client"].pop("cookies", None)
        manifest["client"] |= {} if cookies is None else {"cookies": cookies}
        read = decode_snapshot(orjson.dumps(old | {"format": 1}), 1)
        assert read.templates["client/meta_pixel"].settable_cookies == expected


SETTING: dict[str, Any] = {
    "headers": {"names": ["{setting: names}", "X-Fixed"], "why": "w"},
    "cookies": {"read": ["{setting: cookie}"], "why": "w"},
}


def with_settings(*given: dict[str, Any]) -> Template:
    """Returns a destination whose settings name headers and a cookie, as a container with these tags completes it."""
    fields = [
        {"id": "names", "type": "list", "label": "l", "help": "h", "default": ["X-Default"]},
        {"id": "cookie", "type": "text", "label": "l", "help": "h"},
    ]
    manifest = made("destination", **SETTING).manifest.model_dump(by_alias=True) | {"fields": fields}
    template = Template(Manifest.model_validate(manifest), "return {}", "hash")
    tags = {f"t{index}": {"template": "t", "settings": settings} for index, settings in enumerate(given)}
    return template.used_in(Container.model_validate({"container": "c", "tags": tags}))


def test_settings_complete_what_a_manifest_grants() -> None:
    template = with_settings({"names": ["X-One", "x-two"], "cookie": "Group"}, {"cookie": "other"})
    assert template.readable.headers.granted == ("x-one", "x-two", "x-default", "x-fixed")
    assert template.readable.cookies.granted == ("Group", "other")
    assert with_settings().readable.cookies.granted == ()
    unnamed = made("destination")
    assert unnamed.used_in(Container.model_validate({"container": "c"})) is unnamed


@pytest.mark.parametrize("name", ["*", "x-*", "a b", "", "{{v}}", "{setting: cookie}", 5, None, True])
def test_a_setting_grants_single_names_only(name: Any) -> None:
    assert with_settings({"cookie": name, "names": [name]}).readable.headers.granted == ("x-fixed",)
    assert with_settings({"cookie": name}).readable.cookies.granted == ()


def test_the_policy_takes_what_a_setting_names() -> None:
    shop = SHOP | {"variables": {"c": {"template": "request_header", "settings": {"name": "X-Country"}},
                                 "m": {"template": "request_cookie", "settings": {"name": "member"}}}}  # fmt: skip
    rule = {"templates": ["*"], "headers": ["x-country"], "cookies": {"read": ["mem*"]}, "why": "Because."}
    policy = Policy.model_validate({"deny": [rule]})
    problems = policy_problems(Container.model_validate(shop), load_templates(BUILT_IN), policy)
    assert [(problem.path, problem.message) for problem in problems] == [
        ("variables.c", "the operator's policy takes the header x-country from variable/request_header"),
        ("variables.m", "the operator's policy takes reading the cookie mem* from variable/request_cookie"),
    ]
