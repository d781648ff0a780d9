"""The process that runs scripts while they are written: kept, ended, started anew, and never in the way of others."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from admin_ui.refusals import Refused
from admin_ui.workbench import Workbench
from runtime.containers.own_templates import Name, scaffold_files, with_template
from tests.support.hang import HANG_SOURCE_BODY

SHOUT = Name("variable", "shout")
EXAMPLE = next(path for path in scaffold_files(SHOUT) if path.startswith("examples/"))
HANGING = f"return {{ resolve = function(event) {HANG_SOURCE_BODY} end }}"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    bench = Workbench(tmp_path)
    yield bench
    for process in bench._free:
        process.end()


def job(source: str = "") -> dict[str, Any]:
    content = scaffold_files(SHOUT) | ({"variable.lua": source} if source else {})
    files = with_template({"container.yaml": "container: x\n"}, SHOUT, content)
    return {"do": "run", "kind": "variable", "id": "shout", "files": files, "asked": {"example": EXAMPLE}}


def pid(bench: Workbench) -> int:
    (process,) = bench._free
    return process._running.pid


def test_one_process_answers_again_and_again(bench: Workbench) -> None:
    bench.warm()
    first = pid(bench)
    for _ in range(3):
        assert bench.ask(job(), "ann")["run"]["result"] is True
        assert bench.ask(job(HANGING), "ann")["error"]["fault"] == "cpu"
    assert pid(bench) == first


def test_one_that_died_is_replaced(bench: Workbench) -> None:
    bench.warm()
    first = pid(bench)
    os.kill(first, signal.SIGKILL)
    bench._free[0]._running.wait()
    assert bench.ask(job(), "ann")["run"]["result"] is True
    assert pid(bench) != first


def test_one_that_dies_while_it_answers_is_told_of(bench: Workbench) -> None:
    bench.ask(job(), "ann")
    process = bench._free[0]
    answers: list[Any] = []
    asking = threading.Thread(target=lambda: answers.append(bench.ask(job(HANGING), "ann")))
    asking.start()
    while bench._free:
        time.sleep(0.005)
    os.kill(process._running.pid, signal.SIGKILL)
    asking.join()
    assert answers[0]["error"]["message"] == "the process that ran the script ended without an answer"
    assert bench.ask(job(), "ann")["run"]["result"] is True


def test_others_are_answered_while_a_script_hangs(bench: Workbench) -> None:
    asking = threading.Thread(target=lambda: bench.ask(job(HANGING), "ann"))
    asking.start()
    assert bench.ask(job(), "bob")["run"]["result"] is True
    asking.join()


def test_a_third_question_of_one_person_is_refused(bench: Workbench) -> None:
    with bench._turn("ann"):
        waiting = threading.Thread(target=lambda: bench.ask(job(), "ann"))
        waiting.start()
        while "ann" not in bench._waiting:
            time.sleep(0.005)
        with pytest.raises(Refused, match="still under way"):
            bench.ask(job(), "ann")
    waiting.join()


def test_what_is_no_job_is_an_error(bench: Workbench) -> None:
    assert bench.ask({"do": "dance"}, "ann")["error"]["fault"] == "error"
    assert bench.ask(job() | {"kind": "tag"}, "ann")["error"]["fault"] == "error"
    bad = job()
    bad["files"]["../outside"] = "x"
    assert bench.ask(bad, "ann")["error"]["fault"] == "error"


def test_no_folder_is_left_of_a_script_that_was_ended(
    bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert bench.ask(job(HANGING), "ann")["error"]["fault"] == "cpu"
    assert list(tmp_path.iterdir()) == []
