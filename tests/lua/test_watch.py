"""Who is told of a call, what a script is known by, and scripts that are not called."""

from __future__ import annotations

import pytest

from runtime.errors import ScriptFault
from runtime.lua.identity import script_id
from runtime.lua.sandbox import Sandbox, Script
from runtime.model.hit import LoggedHit
from runtime.model.refusal import Refusal
from tests.support.programs import hit

SOURCE = "return {map = function(event) if event.fail then error('no') end return 1 end}"


class Diary:
    """A watch that writes down what it is told."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, ...]] = []

    def enter(self, script: str, hit: str) -> None:
        self.lines.append((script, hit))

    def leave(self) -> None:
        self.lines.append(("left",))


def call(sandbox: Sandbox, script: Script, about: LoggedHit | None = None, **event: object) -> object:
    pushed = sandbox.push(dict(event))
    return sandbox.call(script, "map", pushed, at_us=0, seed="s", hit=about).values


def test_a_watch_is_told_of_every_call_also_of_one_that_fails() -> None:
    diary = Diary()
    sandbox = Sandbox(watch=diary)
    script = sandbox.script("destination/a", SOURCE)
    call(sandbox, script, hit({}, seq=9))
    with pytest.raises(ScriptFault):
        call(sandbox, script, fail=True)
    with pytest.raises(ScriptFault):
        sandbox.call(script, "missing", at_us=0, seed="s")
    assert sandbox.functions(script) == {"map"}
    entered = [(script.id, "1.9"), *[(script.id, "")] * 3]
    assert diary.lines == [line for each in entered for line in (each, ("left",))]


def test_a_script_that_is_put_away_is_not_called() -> None:
    diary = Diary()
    refused: dict[str, Refusal] = {}
    sandbox = Sandbox(watch=diary, quarantined=refused)
    script = sandbox.script("destination/a", SOURCE)
    refused[script.id] = Refusal("it hung", batches_only=False)
    with pytest.raises(ScriptFault, match="it hung") as error:
        call(sandbox, script, hit({}))
    assert (error.value.kind, error.value.script) == ("quarantined", "destination/a")
    with pytest.raises(ScriptFault, match="it hung"):
        sandbox.functions(script)
    assert diary.lines == []
    del refused[script.id]
    assert call(sandbox, script, hit({})) == (1,)


def test_one_that_hung_over_a_batch_still_works_on_hits() -> None:
    refused: dict[str, Refusal] = {}
    sandbox = Sandbox(quarantined=refused)
    script = sandbox.script("destination/a", SOURCE)
    refused[script.id] = Refusal("it hung", batches_only=True)
    assert call(sandbox, script, hit({})) == (1,)
    with pytest.raises(ScriptFault, match="it hung"):
        call(sandbox, script)
    with pytest.raises(ScriptFault, match="it hung"):
        sandbox.functions(script)


def test_a_script_is_known_by_its_content_in_every_sandbox() -> None:
    first, second = Sandbox().script("a", SOURCE), Sandbox().script("a", SOURCE)
    assert first.id == second.id == script_id("a", SOURCE, (), {})
    assert first.id.startswith("a#")
    assert Sandbox().script("a", SOURCE + " ").id != first.id
    assert Sandbox().script("b", SOURCE).id != first.id
    assert Sandbox().script("a", SOURCE, content="hash of manifest and source").id != first.id


def test_the_shared_modules_that_a_script_reaches_belong_to_its_content() -> None:
    shared = {"names": "return {f = function() return user.g() end}", "user": "return {}", "other": "return {}"}
    known = script_id("a", SOURCE, ("names",), shared)
    assert script_id("a", SOURCE, ("names",), shared | {"user": "return {g = 1}"}) != known
    assert script_id("a", SOURCE, ("names",), shared | {"other": "return {h = 1}"}) == known
    assert script_id("a", SOURCE, ("names", "missing"), shared) == known
