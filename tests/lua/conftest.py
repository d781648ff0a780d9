from __future__ import annotations

import pytest

from runtime.lua.sandbox import Sandbox


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox()
