"""A data folder in which every page has something to show, served, and a browser; made once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.support.history import History
from tests.support.rich_history import Rich, make_rich
from tests.support.site import Site, chromium, serve


@pytest.fixture(scope="session")
def rich(history: History, tmp_path_factory: pytest.TempPathFactory) -> Rich:
    """To look at: whoever changes something works on a copy."""
    return make_rich(history, tmp_path_factory.mktemp("rich"))


@pytest.fixture(scope="session")
def site(rich: Rich) -> Iterator[Site]:
    with serve(rich.data) as served:
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """While it runs, the thread has an event loop: other tests of the module reach the site by `site.client`."""
    with chromium() as running:
        yield running
