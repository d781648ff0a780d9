"""The process in which the admin port has scripts run while they are written: `python -m runtime.cli.workbench`.

It reads one job a line and answers each with a line of JSON. It has everything loaded and runs no script itself: each
job has a child of its own, so what hangs or crashes there is the end of that child alone. It ends with its standard
input, or where nothing is asked for a while.
"""

from __future__ import annotations

import signal
import sys
from typing import Any

import orjson
from pydantic import ValidationError

from runtime.cli.isolated import isolated
from runtime.cli.options import read_settings
from runtime.containers.files import as_folder
from runtime.containers.policy import policy_in_force
from runtime.edge.rehearsal import rehearse
from runtime.errors import FirsthandError
from runtime.explain.workbench import Job, Workbench
from runtime.telemetry import configure
from runtime.text.redaction import clean_line

IDLE_S = 900
RUN_CPU_S, RUN_WALL_S = 4, 8.0
TEST_CPU_S, TEST_WALL_S = 30, 60.0
"""All examples of a template; a single call has the limits of the sandbox anyway."""


def main() -> None:
    """Answers jobs until there is nobody left to answer."""
    configure("warning", redact=clean_line)
    try:
        settings = read_settings()
        bench = Workbench(settings.data_dir, rehearse, policy_in_force(settings))
    except FirsthandError as error:
        _tell(_error(str(error)))
        sys.exit(1)
    while line := _next_line():
        _tell(_answer(bench, line))


def _next_line() -> bytes:
    signal.alarm(IDLE_S)  # Its default is to end the process, which is what is wanted.
    line = sys.stdin.buffer.readline()
    signal.alarm(0)
    return line


def _answer(bench: Workbench, line: bytes) -> dict[str, Any]:
    try:
        job = Job.model_validate_json(line)
        wall_s, cpu_s = (TEST_WALL_S, TEST_CPU_S) if job.do == "test" else (RUN_WALL_S, RUN_CPU_S)
        with as_folder(job.files) as folder:  # Here, so that it goes also where the child is killed.
            found: dict[str, Any] = orjson.loads(
                isolated(lambda timer: bench.perform(job, folder, timer), wall_s, cpu_s)
            )
        return found
    except (FirsthandError, ValidationError) as error:
        return _error(str(error))


def _error(message: str) -> dict[str, Any]:
    return {"error": {"fault": "error", "message": message}}


def _tell(answer: dict[str, Any]) -> None:
    sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
