from __future__ import annotations

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA

from runtime.text.bots import is_bot


@pytest.mark.parametrize(
    "browser",
    [
        "",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0 Safari/537.36",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
        "Mozilla/5.0 (Linux; Android 14; CUBOT X70) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0 Mobile Safari",
    ],
)
def test_browsers_are_no_bots(browser: str) -> None:
    assert not is_bot(browser)


def test_every_example_of_the_list_is_a_bot() -> None:
    examples = [text for entry in CRAWLER_USER_AGENTS_DATA for text in entry.get("instances", [])]

    assert len(examples) > 1000
    assert [text for text in examples if not is_bot(text)] == []
