"""`firsthand try` with a variable that asks a server: nobody is asked, and what would be asked is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runtime.containers.templates import BUILT_IN
from tests.cli.test_try import run

FOLDER = BUILT_IN / "variables" / "http_lookup"
SETTINGS = {"url": "https://api.shop.example/rates?of=eur", "path": "rate", "default": "1", "token": "secret:RATES"}
REQUEST = {
    "method": "GET",
    "url": "https://api.shop.example/rates?of=eur",
    "headers": {"accept": "application/json", "authorization": "Bearer secret:RATES"},
}


def attempt(folder: Path, answer: Any = None, settings: dict[str, Any] = SETTINGS) -> dict[str, Any]:
    (folder / "event.json").write_text('{"event_name": "purchase"}')
    (folder / "settings.json").write_text(json.dumps(settings))
    more: list[object] = []
    if answer is not None:
        (folder / "answer.json").write_text(json.dumps(answer))
        more = ["--answer", folder / "answer.json"]
    code, output = run(FOLDER, "--event", folder / "event.json", "--settings", folder / "settings.json", *more)
    assert code == 0, output
    return dict(json.loads(output))


def test_without_an_answer_it_says_what_it_would_ask(tmp_path: Path) -> None:
    printed = attempt(tmp_path)
    assert printed["result"] == "1"
    assert printed["requests"] == [REQUEST]
    assert printed["logs"] == ["nobody was asked: give the answer to the look-up with --answer"]


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        ({"json": {"rate": 1.08}}, 1.08),
        ({"status": 404, "json": {"rate": 1.08}}, "1"),
        ({"body": "no JSON"}, "1"),
        ({"failed": "timeout"}, "1"),
    ],
)
def test_with_an_answer_it_goes_on(tmp_path: Path, answer: dict[str, Any], result: Any) -> None:
    printed = attempt(tmp_path, answer)
    assert (printed["result"], printed["requests"], printed["logs"]) == (result, [REQUEST], [])


def test_an_answer_that_is_none_is_a_wrong_command(tmp_path: Path) -> None:
    (tmp_path / "event.json").write_text("{}")
    (tmp_path / "answer.json").write_text('{"failed": "timeout", "status": 200}')
    code, output = run(FOLDER, "--event", tmp_path / "event.json", "--answer", tmp_path / "answer.json")
    assert code == 2
    assert "failed" in output


def test_the_answers_of_an_example_count() -> None:
    code, output = run(FOLDER, "--event", FOLDER / "examples" / "posted.yaml")
    assert code == 0
    assert json.loads(output)["result"] == [1.08, 1.09]


def test_a_variable_in_the_host_is_refused(tmp_path: Path) -> None:
    printed = attempt(tmp_path, settings={"url": "https://{{host}}/rates"})
    assert printed["error"]["message"].startswith("settings.url: the host of a look-up can name no variable")
