"""`text.base64_to_hex`: hashes that came as Base64."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.lua.sandbox import Sandbox
from tests.lua.calls import value


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return Sandbox()


def hex_of(sandbox: Sandbox, text: str) -> Any:
    return value(sandbox, "return {text.base64_to_hex(event.text)}", {"text": text}) or [None]


@settings(deadline=None)
@given(raw=st.binary(min_size=1, max_size=40), padded=st.booleans(), safe=st.booleans())
def test_any_bytes_come_out_as_hex(sandbox: Sandbox, raw: bytes, padded: bool, safe: bool) -> None:
    encoded = (base64.urlsafe_b64encode if safe else base64.b64encode)(raw).decode()
    assert hex_of(sandbox, encoded if padded else encoded.rstrip("=")) == [raw.hex()]


@pytest.mark.parametrize("text", ["*", "A", "ä", "AA AA", "AAAAA", "A=AA"])
def test_what_is_no_base64_is_nothing(sandbox: Sandbox, text: str) -> None:
    assert hex_of(sandbox, text) == [None]
