"""A running server with a fake Meta behind it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fake_meta import FakeMeta
from tests.support.server import Server
from tests.support.shop import SECRETS, write_container


@pytest.fixture
def meta() -> Iterator[FakeMeta]:
    with FakeMeta(token=SECRETS["FIRSTHAND_SECRET_META_TOKEN"]) as fake:
        yield fake


@pytest.fixture
def server(meta: FakeMeta, tmp_path: Path) -> Iterator[Server]:
    container = write_container(tmp_path, meta.endpoint)
    with Server(tmp_path / "data", container, env=SECRETS) as running:
        yield running
