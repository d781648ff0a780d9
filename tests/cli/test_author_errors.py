"""`firsthand try` tells of an author's mistakes in the words of the script's check, with file, line and column."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
import typer
from typer.testing import CliRunner

from runtime.cli.new_template import make_template
from runtime.cli.try_ import try_template

app = typer.Typer()
app.command()(try_template)


def attempt(folder: Path, script: str) -> dict[str, Any]:
    make_template("variable", "mine", folder)
    (folder / "mine/variable.lua").write_text(script)
    result = CliRunner().invoke(app, [str(folder / "mine"), "--event", "-"], input='{"event_name": "a"}')
    assert result.exit_code == 0
    return dict(orjson.loads(result.stdout))


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("return {", "variable.lua:1: unexpected symbol near <eof>"),
        ("return 5", "variable.lua: the script returns no table of functions (end the script with `return {"),
        (
            "return {}",
            "variable.lua: the script returns no function `resolve` (end it with `return { resolve = resolve }`)",
        ),
        (
            "return { resolve = function()\n  return json.encod(1)\nend }",
            "variable.lua:2:15: there is no `json.encod` (did you mean `json.encode`?)",
        ),
        (
            "return { resolve = function(event)\n  print(event)\nend }",
            "variable.lua:2:3: there is no global `print` (write lines with `log.info`)",
        ),
    ],
)
def test_an_error_has_one_clear_message(tmp_path: Path, script: str, message: str) -> None:
    error = attempt(tmp_path, script)["error"]
    assert error["fault"] == "error"
    assert error["message"].startswith(message)
    assert "\n" not in error["message"]


def test_what_the_trial_did_not_reach_is_told_in_the_logs(tmp_path: Path) -> None:
    script = (
        "return { resolve = function(event)\n  if event.value then return json.encod(1) end\n  return 'none'\nend }"
    )
    printed = attempt(tmp_path, script)
    assert (printed["result"], printed["error"]) == ("none", None)
    assert printed["logs"] == ["check: variable.lua:2:35: there is no `json.encod` (did you mean `json.encode`?)"]


def test_what_is_guarded_runs(tmp_path: Path) -> None:
    printed = attempt(
        tmp_path, "return { resolve = function() return (pcall(function() return os.execute('x') end)) end }"
    )
    assert printed["result"] is False
    assert printed["error"] is None
