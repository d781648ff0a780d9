"""The table that `make faults` prints: a row for each thing that was done to a running server, and what came of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

ROWS = pytest.StashKey[list[tuple[str, str]]]()

Row = Callable[[str, str], None]
"""Adds a row: what was done, and the figures. Call it before the assertions, so that a failure shows them too."""


def pytest_configure(config: pytest.Config) -> None:
    config.stash[ROWS] = []


@pytest.fixture
def row(request: pytest.FixtureRequest) -> Row:
    rows = request.config.stash[ROWS]

    def add(what: str, figures: str) -> None:
        rows.append((what, figures))

    return add


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    rows = config.stash[ROWS]
    if not rows:
        return
    width = max(len(what) for what, _ in rows)
    terminalreporter.section("faults")
    for what, figures in rows:
        terminalreporter.write_line(f"{what.ljust(width)}  {figures}")
