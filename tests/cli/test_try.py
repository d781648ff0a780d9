"""`firsthand try` in the real sandbox: what each kind gives, how each fault is told, and what is a wrong command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from runtime.cli.try_ import try_template
from runtime.containers.templates import BUILT_IN
from tests.containers.support import TEMPLATES

app = typer.Typer()
app.command()(try_template)

EVENT = {"event_name": "purchase", "event_id": "o-1", "event_time": 1_790_000_000, "value": 12.5, "currency": "EUR"}
SINK = {"account": "123456", "token": "secret:SINK"}


def run(*arguments: object, stdin: str | None = None) -> tuple[int, str]:
    result = CliRunner().invoke(app, [*map(str, arguments)], input=stdin)
    return result.exit_code, result.output


def attempt(tmp_path: Path, folder: Path, given: Any, settings: Any = None) -> dict[str, Any]:
    """What `try` prints for a template; the command itself must not fail."""
    event = tmp_path / "event.json"
    event.write_text(json.dumps(given))
    more: list[object] = []
    if settings is not None:
        (tmp_path / "settings.json").write_text(json.dumps(settings))
        more = ["--settings", tmp_path / "settings.json"]
    code, output = run(folder, "--event", event, *more)
    assert code == 0, output
    printed = json.loads(output)
    assert list(printed) == ["result", "requests", "logs", "error"]
    return dict(printed)


@pytest.fixture
def word(tmp_path: Path) -> Path:
    """A variable's folder whose script a test may write."""
    folder = tmp_path / "word"
    folder.mkdir()
    (folder / "manifest.yaml").write_text(
        "id: word\nkind: variable\nname: Word\nsummary: A word.\n"
        "permissions: {event: {fields: [event_name], why: To say it.}}\n"
    )
    return folder


def script(folder: Path, body: str) -> Path:
    (folder / "variable.lua").write_text(f"return {{ resolve = function(event, settings) {body} end }}")
    return folder


def test_a_variable_gives_its_value(tmp_path: Path, word: Path) -> None:
    printed = attempt(tmp_path, script(word, 'log.info("seen") return event.event_name .. "!"'), EVENT)
    assert printed["result"] == "purchase!"
    assert printed["requests"] == []
    assert len(printed["logs"]) == 1
    assert "seen" in printed["logs"][0]
    assert printed["error"] is None


def test_a_variable_sees_what_its_manifest_permits(tmp_path: Path, word: Path) -> None:
    assert attempt(tmp_path, script(word, "return event.value == nil"), EVENT)["result"] is True


def test_a_transformation_gives_the_event(tmp_path: Path) -> None:
    printed = attempt(tmp_path, BUILT_IN / "transformations/exclude", EVENT, {"fields": ["value"]})
    assert printed["result"] == {name: value for name, value in EVENT.items() if name != "value"}


def test_a_destination_gives_its_item_and_the_request_for_it(tmp_path: Path) -> None:
    printed = attempt(tmp_path, TEMPLATES / "destinations/sink", EVENT, SINK)
    assert printed["result"] == {"name": "purchase", "greeting": "hello"}
    assert printed["requests"] == [
        {
            "method": "POST",
            "url": "https://sink.example/",
            "headers": {},
            "body": '[{"greeting":"hello","name":"purchase"}]',
        }
    ]
    assert printed["error"] is None


def test_a_request_names_secrets_and_never_shows_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTHAND_SECRET_META", "EAABcanary")
    settings = {"pixel_id": "123", "access_token": "secret:META"}
    visitor = {"user_data": {"email_address": "jane@shop.example"}, "user_agent": "Mozilla/5.0"}
    event = EVENT | visitor | {"page_location": "https://shop.example/"}
    printed = attempt(tmp_path, BUILT_IN / "destinations/meta_capi", event, settings)
    assert printed["error"] is None
    (request,) = printed["requests"]
    assert request["url"].startswith("https://graph.facebook.com/")
    assert "secret:META" in json.dumps(printed)
    assert "canary" not in json.dumps(printed)


def test_an_item_that_is_not_made_has_its_reason_in_the_logs(tmp_path: Path, word: Path) -> None:
    manifest = (TEMPLATES / "destinations/sink/manifest.yaml").read_text().replace("shared: [greeting]\n", "")
    (word / "manifest.yaml").write_text(manifest)
    (word / "destination.lua").write_text('return { map = function() return nil, "no_value" end }')
    printed = attempt(tmp_path, word, EVENT, SINK)
    assert printed == {"result": None, "requests": [], "logs": ["no item: no_value"], "error": None}


def test_an_item_stays_where_only_its_request_fails(tmp_path: Path, word: Path) -> None:
    manifest = (TEMPLATES / "destinations/sink/manifest.yaml").read_text().replace("shared: [greeting]\n", "")
    (word / "manifest.yaml").write_text(manifest)
    (word / "destination.lua").write_text(
        "return { map = function(e) return { n = e.event_name } end,"
        ' request = function() return { method = "GET", url = "https://other.example/" } end }'
    )
    printed = attempt(tmp_path, word, EVENT, SINK)
    assert printed["result"] == {"n": "purchase"}
    assert printed["requests"] == []
    assert printed["error"]["fault"] == "permission"
    assert "other.example" in printed["error"]["message"]


def test_a_client_reads_a_request_that_goes_through_the_real_edge(tmp_path: Path) -> None:
    hit = {"method": "GET", "url": "/tr?id=111&ev=Purchase&eid=o-1&cd[value]=12.5&dl=https%3A%2F%2Fshop.example%2F"}
    printed = attempt(tmp_path, BUILT_IN / "clients/meta_pixel", hit)
    assert printed["error"] is None
    (event,) = printed["result"]
    assert (event["event_name"], event["event_id"], event["value"]) == ("purchase", "o-1", 12.5)
    assert event["page_location"] == "https://shop.example/"


def test_a_client_takes_the_hit_table_itself_too(tmp_path: Path) -> None:
    hit = {"params": {"name": "purchase"}, "received_s": 1, "received_ms": 1000}
    settings = {"tokens": ["secret:INTAKE"]}
    assert attempt(tmp_path, TEMPLATES / "clients/intake", hit, settings)["result"] == [{"event_name": "purchase"}]


def test_a_refused_request_and_a_dead_letter_are_told_in_the_logs(tmp_path: Path) -> None:
    client = BUILT_IN / "clients/meta_pixel"
    refused = attempt(tmp_path, client, {"method": "GET", "url": "/nowhere"})
    assert refused["result"] is None
    assert refused["logs"][0].startswith("refused with 404")
    dead = attempt(tmp_path, client, {"method": "GET", "url": "/tr?id=111"})
    assert dead["result"] == []
    assert dead["logs"][0].startswith("dead letter: no_event_name: ")


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ('error("mine")', "error"),
        ("return nothing.here", "error"),
        ("while true do end", "cpu"),
        ("local t = {} for i = 1, 1e9 do t[i] = { i } end", "memory"),
        ("local t = {} t[1] = t return t", "result"),
        ("return )", "error"),
    ],
)
def test_a_fault_has_its_kind_and_the_command_goes_well(tmp_path: Path, word: Path, body: str, fault: str) -> None:
    printed = attempt(tmp_path, script(word, body), EVENT)
    assert printed["result"] is None
    assert printed["error"]["fault"] == fault
    assert printed["error"]["message"]


def test_a_fault_of_a_client_and_of_a_transformation_is_told_too(tmp_path: Path, word: Path) -> None:
    manifest = (TEMPLATES / "transformations/drop/manifest.yaml").read_text()
    (word / "manifest.yaml").write_text(manifest)
    (word / "transformation.lua").write_text("return { apply = function() return nil end }")
    assert attempt(tmp_path, word, EVENT, {"fields": ["a"]})["error"]["fault"] == "result"
    manifest = (BUILT_IN / "clients/meta_pixel/manifest.yaml").read_text()
    (word / "manifest.yaml").write_text(manifest)
    (word / "client.lua").write_text("return { parse = function() while true do end end }")
    hits: tuple[dict[str, Any], ...] = ({"method": "GET", "url": "/tr?id=1&ev=a"}, {"params": {}})
    for hit in hits:
        assert attempt(tmp_path, word, hit)["error"]["fault"] == "cpu"


def test_wrong_settings_are_told_as_a_container_would_tell_them(tmp_path: Path) -> None:
    printed = attempt(tmp_path, TEMPLATES / "destinations/sink", EVENT, {"account": 5, "token": "EAABcanary"})
    assert printed["error"]["fault"] == "error"
    assert printed["error"]["message"].splitlines() == [
        "settings.account: text is expected, this is a number (put it in quotes)",
        "settings.token: a secret must not stand in the file itself (write secret:TOKEN, and set the environment "
        "variable FIRSTHAND_SECRET_TOKEN)",
    ]


def test_a_template_that_cannot_be_loaded_is_its_author_s_fault(tmp_path: Path, word: Path) -> None:
    assert "variable.lua: this file is missing" in attempt(tmp_path, word, EVENT)["error"]["message"]
    (word / "manifest.yaml").write_text("id: word\nkind: variables\n")
    message = attempt(tmp_path, word, EVENT)["error"]["message"]
    assert "kind: `variables` is not one of client" in message
    assert "summary: this key is missing" in message
    (word / "manifest.yaml").unlink()
    assert "manifest.yaml: No such file" in attempt(tmp_path, word, EVENT)["error"]["message"]


def test_a_shared_module_that_is_missing_is_told(tmp_path: Path, word: Path) -> None:
    manifest = (word / "manifest.yaml").read_text()
    (script(word, "return 1") / "manifest.yaml").write_text(manifest + "shared: [none]\n")
    assert attempt(tmp_path, word, EVENT)["error"] == {
        "fault": "error",
        "message": "shared: there is no shared module `none` (it lies in shared/)",
    }


def test_a_secret_that_a_request_needs_and_that_is_not_set_is_told(tmp_path: Path) -> None:
    settings = {"tokens": ["secret:INTAKE"]}
    printed = attempt(tmp_path, TEMPLATES / "clients/intake", {"url": "/in"}, settings)
    assert "environment variable FIRSTHAND_SECRET_INTAKE" in printed["error"]["message"]


@pytest.mark.parametrize("text", ['{"event_name": "a😀"}', '{"event_name": "a\\ud83d\\ude00"}', "event_name: a😀"])
def test_the_event_is_json_or_yaml_from_standard_input(word: Path, text: str) -> None:
    code, output = run(script(word, "return event.event_name"), "--event", "-", stdin=text)
    assert code == 0
    assert json.loads(output)["result"] == "a😀"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("{folder}",), "--event"),
        (("{folder}", "--event", "{folder}/none.json"), "No such file or directory"),
        (("{folder}", "--event", "{folder}"), "Is a directory"),
        (("{folder}/none", "--event", "-"), "does not exist"),
        (("{folder}", "--event", "-", "--settings", "{folder}/none.json"), "No such file or directory"),
    ],
)
def test_a_file_that_is_missing_is_a_wrong_command(word: Path, arguments: tuple[str, ...], message: str) -> None:
    code, output = run(*(argument.format(folder=word) for argument in arguments), stdin="{}")
    assert code == 2
    assert message in " ".join(output.replace("│", " ").split())


@pytest.mark.parametrize("text", ["[1]", "5", "", "a: &x 1", "a: [", "\0"])
def test_an_event_that_is_no_map_is_a_wrong_command(word: Path, text: str) -> None:
    code, output = run(script(word, "return 1"), "--event", "-", stdin=text)
    assert code == 2
    assert "--event" in output


def test_a_client_s_request_is_checked(tmp_path: Path) -> None:
    settings = tmp_path / "settings.yaml"
    settings.write_text("tokens: [secret:A]")
    hit = json.dumps({"url": "/in", "heders": {}})
    code, output = run(TEMPLATES / "clients/intake", "--event", "-", "--settings", settings, stdin=hit)
    assert code == 2
    assert "did you mean `headers`?" in " ".join(output.replace("│", " ").split())


@pytest.mark.parametrize(
    "example", ["destinations/webhook/examples/signed.yaml", "clients/json_event/examples/one.yaml"]
)
def test_an_example_is_an_input_too(example: str) -> None:
    file = BUILT_IN / example
    code, output = run(file.parent.parent, "--event", file)
    told = json.loads(output)
    assert (code, told["error"]) == (0, None)
    assert told["result"]
