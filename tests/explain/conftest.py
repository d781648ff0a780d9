"""A small past to explain, made once: whoever changes something works on a copy."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.support.explained import Past, Vendors, live_through


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a shop that has lived for six versions."""
    vendors = Vendors()
    with vendors:
        past = Past(tmp_path_factory.mktemp("lived") / "data", vendors)
        past.folder.mkdir()
        asyncio.run(live_through(past, 4, 160))
    return past.folder


@pytest.fixture
def copied(lived: Path, tmp_path: Path) -> Path:
    """A copy of it to change."""
    return shutil.copytree(lived, tmp_path / "data")
