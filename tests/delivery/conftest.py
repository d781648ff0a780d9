from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.delivery.rig import Rig
from tests.support.fake_meta import FakeMeta


@pytest.fixture
def meta() -> Iterator[FakeMeta]:
    with FakeMeta() as vendor:
        yield vendor


@pytest.fixture
def rig(tmp_path: Path, meta: FakeMeta) -> Rig:
    return Rig(tmp_path, meta)
