"""`_fbp`, the browser id: kept while it is valid, else taken from the hit, else drawn."""

from __future__ import annotations

from collections.abc import Callable

from runtime.identity.chance import draw_bytes
from runtime.identity.values import Decision, cookie_text, parse_fbp


def draw_browser_number() -> int:
    """Draws from the range that Meta's server builders draw from, 0 to 2147483647 (parameter builder 1.3.2)."""
    return int.from_bytes(draw_bytes()[:4], "big") >> 1


def decide_fbp(
    cookie: str | None, given: str | None, *, now_ms: int, index: int, draw: Callable[[], int] = draw_browser_number
) -> Decision:
    """Decides the browser id.

    `given` is what the hit itself carried: it counts where no valid cookie came, and is then set, so that page and
    server speak of the same browser. `index` is `subdomain_index` of the domain that the cookie will sit on.
    """
    if kept := parse_fbp(cookie_text(cookie)):
        return Decision(kept.text, changed=False)
    if taken := parse_fbp(given):
        return Decision(taken.text, changed=True)
    return Decision(f"fb.{index}.{now_ms}.{draw()}", changed=True)
