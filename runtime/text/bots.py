"""Whether a user agent names itself as a bot, by the patterns of the crawler-user-agents list."""

from __future__ import annotations

from functools import cache

from crawleruseragents import CRAWLER_USER_AGENTS_DATA

from runtime.text.regex import PatternSet


def is_bot(user_agent: str) -> bool:
    """Whether any pattern of the list occurs; an empty user agent says nothing, so it is no bot."""
    return bool(user_agent) and _patterns().search(user_agent)


@cache
def _patterns() -> PatternSet:
    """Compiled at first use: it takes a moment and some megabytes that not every process needs."""
    return PatternSet(entry["pattern"] for entry in CRAWLER_USER_AGENTS_DATA)
