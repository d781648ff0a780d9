"""`bots`: who says that it is one."""

from __future__ import annotations

from runtime.lua.kit import KitFunction
from runtime.text.bots import is_bot

FUNCTIONS: dict[str, KitFunction] = {
    "match": KitFunction(
        is_bot,
        "Tells whether a user agent names itself as a bot, by the crawler-user-agents list.",
        ("user_agent: text",),
        "boolean",
        'bots.match("Googlebot/2.1") --> true',
        cost=1.0,
        base_cost=100,
    ),
}
