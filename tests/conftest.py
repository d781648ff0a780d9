"""What several folders of tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import structlog

from tests.support.history import History, make_history


@pytest.fixture(autouse=True)
def plain_log() -> Iterator[None]:
    """Gives every test the log as it is before a process configures it."""
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Prints figures that a run is asked for, also where output is captured."""

    def show(text: str) -> None:
        with capsys.disabled():
            print(f"\n{text}", end="")

    return show


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    """A data folder to look at. Made once: whoever changes something works on a copy."""
    return make_history(tmp_path_factory.mktemp("history"))
