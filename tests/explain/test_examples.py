"""The example runner: what it compares, and that it notices what is wrong."""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import Any

import pytest

from runtime.containers.templates import Templates, load_template
from runtime.edge.rehearsal import rehearse
from runtime.errors import ContainerInvalid, OperatorError
from runtime.explain.differences import Difference, differences
from runtime.explain.example import Example, load_example
from runtime.explain.examples import ExampleRunner

POST_MANIFEST = """
id: post
kind: destination
name: Post
summary: Posts the event's name.
fields:
  - {id: endpoint, type: url, label: Endpoint, help: Where to., required: true}
  - {id: secret, type: secret, label: Secret, help: Signs.}
permissions:
  event: {fields: [event_name, value], why: They are sent.}
  hosts: {names: ["{setting: endpoint}"], why: It is the receiver.}
  secrets: {fields: [secret], why: Signs.}
destination:
  consent: [ad_storage, analytics_storage]
"""
POST_SCRIPT = """
local function map(event)
  if event.event_name == "broken" then error("broken") end
  if not event.value then return nil, "no_value: a value is needed" end
  return { name = event.event_name, seen = event.user_id }, { key = event.event_name }
end
local function request(batch, settings)
  return {
    method = "POST",
    url = settings.endpoint,
    headers = { ["X-Signature"] = crypto.hmac_sha256(settings.secret, batch.body), ["X-Time"] = batch.attempt_time },
    body = { data = batch.items },
  }
end
local function verdict(response, batch)
  if response.status == 207 then
    return { disposition = "delivered", items = { { index = 2, disposition = "reject", reason = "bad" } } }
  end
  if response.json and response.json.stop then return { disposition = "retry", stop = true, reason = "token" } end
  if response.status == 429 then return { disposition = "retry" } end
  return { disposition = response.status == 200 and "delivered" or "reject", reason = response.body, final = true }
end
return { map = map, request = request, verdict = verdict }
"""
SETTINGS = {"endpoint": "https://post.example/in", "secret": "secret:POST"}
EVENT = {"event_name": "purchase", "value": 1, "user_id": "u"}
ITEM = {"name": "purchase"}


@pytest.fixture(scope="module")
def post(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("tags") / "destinations" / "post", POST_MANIFEST, POST_SCRIPT)


def make_template(folder: Path, manifest: str, script: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "manifest.yaml").write_text(manifest)
    (folder / f"{folder.parent.name.removesuffix('s')}.lua").write_text(script)
    return folder


def run(folder: Path, **example: Any) -> list[Difference]:
    template = load_template(folder)
    runner = ExampleRunner(Templates({template.key: template}, {}), rehearse)
    return runner.run(template, Example.model_validate({"title": "An example", **example}, by_alias=True))


def run_post(folder: Path, **example: Any) -> list[Difference]:
    return run(folder, **({"settings": SETTINGS, "event": EVENT} | example))


@pytest.mark.parametrize(
    "expect",
    [
        {"item": ITEM},
        {"item": ITEM, "key": "purchase"},
        {
            "request": {
                "method": "POST",
                "url": "https://post.example/in",
                "headers": {"X-Signature": "hmac:POST", "X-Time": "1790000000", "Content-Type": "application/json"},
                "json": {"data": [ITEM]},
            }
        },
    ],
)
def test_what_a_destination_makes(post: Path, expect: dict[str, Any]) -> None:
    assert run_post(post, expect=expect) == []


def test_secrets_that_the_example_gives_are_filled_in(post: Path) -> None:
    body = '{"data":[{"name":"purchase"}]}'
    signature = hmac.digest(b"key", body.encode(), "sha256").hex()
    headers = {"x-signature": signature, "x-time": "1790000000", "content-type": "application/json"}
    request = {"method": "POST", "url": SETTINGS["endpoint"], "headers": headers, "body": body}
    assert run_post(post, secrets={"POST": "key"}, expect={"request": request}) == []
    with pytest.raises(OperatorError, match="gives no secret POST"):
        run_post(post, secrets={"OTHER": "key"}, expect={"request": request})


@pytest.mark.parametrize(
    ("example", "outcome"),
    [
        ({"event": {"event_name": "purchase"}}, {"dropped": "no_value"}),
        ({"event": {"event_name": "purchase"}}, {"dropped": "no_value: a value is needed"}),
        ({"event": {"event_name": "broken"}}, {"fault": "error"}),
        ({"consent": {"ad_storage": True}}, {"denied": ["analytics_storage"]}),
        ({"settings": {"endpoint": "https://post.example/in", "secret": "secret:POST", "x": 1}}, {"invalid": ["x"]}),
        ({"settings": {"secret": "plain"}, "event": None}, {"invalid": ["secret", "endpoint"]}),
    ],
)
def test_why_a_destination_makes_nothing(post: Path, example: dict[str, Any], outcome: dict[str, Any]) -> None:
    assert run_post(post, expect=outcome, **example) == []


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ({"status": 200}, {"disposition": "delivered", "final": True}),
        ({"status": 400, "body": "no"}, {"disposition": "reject", "reason": "no", "final": True}),
        ({"status": 500, "json": {"stop": True}}, {"disposition": "retry", "stop": True}),
        ({"status": 429, "headers": {"Retry-After": "7"}}, {"disposition": "retry", "retry_after": 7}),
        (
            {"status": 207, "count": 3},
            {"disposition": "delivered", "items": {"1": {"disposition": "reject", "reason": "bad"}}},
        ),
    ],
)
def test_what_an_answer_means(post: Path, answer: dict[str, Any], verdict: dict[str, Any]) -> None:
    assert run_post(post, answers=[answer | {"verdict": verdict}]) == []
    (wrong,) = run_post(post, answers=[answer | {"verdict": verdict | {"disposition": "other"}}])
    assert wrong.path == "expect.answers.0.verdict.disposition"


@pytest.mark.parametrize(
    "expect",
    [
        {"item": {"name": "refund"}},
        {"item": {**ITEM, "more": 1}},
        {"key": "other"},
        {"dropped": "no_value"},
        {"fault": "cpu"},
    ],
)
def test_a_wrong_expectation_is_noticed(post: Path, expect: dict[str, Any]) -> None:
    assert run_post(post, expect=expect)


def test_variables_and_transformations(tmp_path: Path) -> None:
    about = "name: X\nsummary: X.\npermissions: {event: {fields: [a], why: X.}}\n"
    script = "return {{ {0} = function(event) if event.a == 0 then error('no') end return {1} end }}"
    variable = make_template(
        tmp_path / "variables" / "x", "id: x\nkind: variable\n" + about, script.format("resolve", "event.a")
    )
    change = make_template(
        tmp_path / "transformations" / "y", "id: y\nkind: transformation\n" + about, script.format("apply", "event")
    )
    assert run(variable, event={"a": 5}, expect={"value": 5}) == []
    assert run(variable, event={"b": 5}, expect={"value": None}) == []
    assert run(variable, event={"a": 0}, expect={"fault": "error"}) == []
    assert str(run(variable, event={"a": 5}, expect={"value": 6})[0]) == "expect.value\n  expected: 6\n  actual:   5"
    assert run(change, event={"a": 5, "b": 1}, expect={"event": {"a": 5}}) == []
    assert run(change, event={"a": 0}, expect={"fault": "error"}) == []


CLIENT_MANIFEST = """
id: lines
kind: client
name: Lines
summary: One event a line.
client: {methods: [POST], paths: [/lines], decode: none, max_body: 64}
"""
CLIENT_SCRIPT = """
local function parse(hit)
  if not hit.body then return nil, "empty", "no body" end
  local events = {}
  for line in hit.body:gmatch("[^\\n]+") do
    events[#events + 1] = line == "?" and { dead = "unknown" } or { event_name = line, page_location = hit.page_url }
  end
  return events, { odd = line }
end
return { parse = parse }
"""


def test_clients(tmp_path: Path) -> None:
    client = make_template(tmp_path / "clients" / "lines", CLIENT_MANIFEST, CLIENT_SCRIPT)
    hit = {"url": "https://t.shop.example/lines", "body": "a\n?\nb"}
    events = [{"event_name": "a"}, {"dead": "unknown"}, {"event_name": "b"}]
    assert run(client, hit=hit, expect={"events": events}) == []
    named = [{"event_name": "a", "event_time": 1_790_000_000, "event_id": "0.1.0"}, *events[1:]]
    assert run(client, hit=hit, expect={"events": named}) == []
    assert run(client, hit=hit, expect={"events": events[:2]})
    assert run(client, hit={"url": hit["url"]}, expect={"dead": "empty", "answer": {"status": 200, "body": ""}}) == []
    assert (
        run(client, hit=hit | {"body": "x" * 65}, expect={"refused": {"status": 413, "reason": "body_too_large"}}) == []
    )
    unclaimed = {"refused": {"status": 404, "reason": "unclaimed"}}
    assert run(client, hit=hit | {"url": "https://t.shop.example/other"}, expect=unclaimed) == []
    facts = {"client_ip": "198.51.100.20", "path": "/lines"}
    assert run(client, hit=hit, expect={"events": events, "hit": facts}) == []
    assert run(client, hit=hit, expect={"events": events, "hit": {"page_url": "https://x.example"}})
    with pytest.raises(OperatorError, match="needs `hit`"):
        run(client, event={"event_name": "a"}, expect={"events": []})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title: A\nevent: {}\n", "expect"),
        ("title: A\nexpect: {value: 1}\n", "either `hit`"),
        ("title: A\nevent: {}\nexpekt: {value: 1}\n", "expekt"),
        ("title: A\nevent: {}\nexpect: {valeu: 1}\n", "valeu"),
        ("- 1\n", "map"),
        ("a: [", "line"),
    ],
)
def test_an_example_that_says_nothing_or_something_unknown_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(ContainerInvalid, match=message):
        load_example(path)


@pytest.mark.parametrize(
    ("expected", "actual", "paths"),
    [
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 2}]}, []),
        (1, 1.0, []),
        (1, True, [""]),
        (0, False, [""]),
        ([], {}, []),
        ([], [1], ["0"]),
        ({}, {"a": 1}, ["a"]),
        ({"a": None}, {}, ["a"]),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3, 4]}}, ["a.b.1", "a.b.2"]),
        ({"a": []}, {"a": None}, ["a"]),
        ("1", 1, [""]),
        ((1, 2), [1, 2], []),
    ],
)
def test_structures_are_compared_whole(expected: Any, actual: Any, paths: list[str]) -> None:
    assert [difference.path for difference in differences(expected, actual)] == paths


def test_an_example_gives_the_answers_to_look_ups(tmp_path: Path) -> None:
    manifest = (
        "id: x\nkind: variable\nname: X\nsummary: x\nlookup: {}\n"
        "permissions: {hosts: {names: [api.shop.example], why: a test}}\n"
    )
    script = (
        "return { lookup = function() return { url = 'https://api.shop.example/x' } end,"
        " resolve = function(event, settings, consent, answer) return answer and answer.json.x end }"
    )
    folder = make_template(tmp_path / "variables" / "x", manifest, script)
    asked = {"method": "GET", "url": "https://api.shop.example/x", "headers": {}}
    given: dict[str, Any] = {"event": EVENT, "lookups": [{"json": {"x": 5}}]}
    assert run(folder, **given, expect={"value": 5, "lookups": [asked]}) == []
    assert [each.path for each in run(folder, **given, expect={"value": 6})] == ["expect.value"]
    assert run(folder, **given, expect={"value": 5, "lookups": []}) != []
    assert run(folder, event=EVENT, lookups=[{"failed": "timeout"}], expect={"value": None}) == []
    with pytest.raises(OperatorError, match="no answer to https"):
        run(folder, event=EVENT, expect={"value": None})
