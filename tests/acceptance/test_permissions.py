"""Permissions and the operator's policy in a running server: lines in its log, cookies, and a refusal to start."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

from runtime.explain.search import list_events
from tests.support.server import Server, command, free_port, until

CONTAINER = """
container: shop
domains: [shop.localhost]
consent: {default: granted}
clients:
  json: {template: json_event, settings: {paths: [/e]}}
tags:
  loud: {template: loud, triggers: [everything], dry_run: true}
triggers:
  everything: {all: []}
"""
MANIFEST = """
id: loud
kind: destination
name: Loud
summary: Logs what it gets.
permissions:
  event: {fields: [event_name, user_data], why: To say it.}
  cookies: {read: [_ttp], why: To say it.}
  log: {scope: always, why: Tests.}
destination: {consent: []}
"""
SCRIPT = """
local function map(event)
  local email = event.user_data and event.user_data.email_address
  log.info(event.event_name, email, incoming.cookie("_ttp"))
  return {}
end
return { map = map, request = function() return { url = "https://vendor.example/" } end }
"""
POLICY = """
deny:
  - templates: [destination/loud]
    event: [user_data]
    why: Not its business.
  - templates: ["*"]
    cookies: {set: [_fhid]}
    why: No visitor ids.
"""


def prepared(folder: Path) -> Path:
    template = folder / "templates" / "destinations" / "loud"
    template.mkdir(parents=True)
    (template / "manifest.yaml").write_text(MANIFEST)
    (template / "destination.lua").write_text(SCRIPT)
    path = folder / "container.yaml"
    path.write_text(CONTAINER)
    return path


def post(server: Server) -> list[str]:
    """Sends one event and returns the names of the cookies that are set."""
    event = {"event_name": "lead", "event_id": "1", "user_data": {"email_address": "ann@shop.example"}}
    headers = {"content-type": "application/json", "cookie": "_ttp=t-1"}
    request = urllib.request.Request(server.url + "/e", json.dumps(event).encode(), headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return [value.partition("=")[0] for value in answer.headers.get_all("set-cookie", [])]


def said(server: Server) -> list[dict[str, str]]:
    """Returns the lines of scripts in the server's log, once the event has gone through the pipeline."""
    with until("the event is in the explorer") as wait:
        while not list_events(server.data, limit=1):
            wait()
    lines = [json.loads(line) for line in server.log_file.read_text().splitlines() if line.startswith("{")]
    return [{name: line[name] for name in ("script", "hit", "line")} for line in lines if line["event"] == "script_log"]


def test_a_script_that_may_log_always_does_so_once_an_event_and_masked(tmp_path: Path) -> None:
    with Server(tmp_path / "data", prepared(tmp_path)) as server:
        assert post(server) == ["_fhid", "_fbp"]
        assert said(server) == [
            {"script": "destination/loud", "hit": "0.1", "line": "tag loud: info: lead a***@***.example t-1"}
        ]
    assert "ann@" not in server.log_file.read_text()


def test_the_policy_is_in_force_in_edge_and_router(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY)
    with Server(tmp_path / "data", prepared(tmp_path), env={"FIRSTHAND_POLICY_FILE": str(policy)}) as server:
        assert post(server) == ["_fbp"]
        assert [line["line"] for line in said(server)] == ["tag loud: info: lead nil t-1"]


def test_a_bad_policy_keeps_the_server_from_starting(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("deny:\n  - {templates: ['*'], evnt: [user_data], why: Typing.}\n")
    ports = ("--port", str(free_port()), "--admin-port", str(free_port()))
    env = {"FIRSTHAND_POLICY_FILE": str(policy)}
    result = command("serve", "--container", str(prepared(tmp_path)), *ports, data=tmp_path / "data", env=env)
    assert result.returncode == 1
    assert f"{policy} cannot be used" in result.stderr
    assert "deny.0.evnt: the key `evnt` is not known here (did you mean `event`?)" in result.stderr
    assert "Traceback" not in result.stderr


def test_validate_and_try_know_the_policy(tmp_path: Path) -> None:
    container = prepared(tmp_path)
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY)
    env = {"FIRSTHAND_POLICY_FILE": str(policy)}
    checked = command("container", "validate", str(container), data=tmp_path / "data", env=env)
    assert checked.returncode == 0
    assert (
        "warning: tags.loud: the operator's policy takes event data user_data from destination/loud (Not its business.)"
    ) in checked.stdout
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"event_name": "x", "user_data": {"email_address": "a@b.example"}}))
    script = container.parent / "templates" / "destinations" / "loud" / "destination.lua"
    script.write_text("return { map = function(event) return { e = event.user_data.email_address } end }")
    tried = command("try", str(script.parent), "--event", str(event), data=tmp_path / "data", env=env)
    assert json.loads(tried.stdout)["error"] == {
        "fault": "permission",
        "message": "destination/loud:1: `event.user_data` is nil: the operator's policy denies user_data.*: "
        "Not its business.",
    }
