"""`_fbc`, the click id: made of the `fbclid` of the page's URL, and never made up.

The creation time says when this click was first seen, so a click that is known keeps its value as it is.
"""

from __future__ import annotations

from runtime.identity.values import Decision, click_payload, cookie_text, parse_fbc
from runtime.text.forms import decode_pairs


def decide_fbc(
    cookie: str | None,
    given: str | None,
    *,
    page_url: str,
    referrer: str,
    now_ms: int,
    index: int,
    use_referrer: bool = True,
) -> Decision:
    """Decides the click id: the value that knows the page's click, else a new one; without a click what is there.

    `given` is what the hit itself carried; the cookie comes first. A click in the page's URL comes before one in the
    referrer's. A click id that no cookie can carry counts as none.
    """
    click = _click(page_url) or (_click(referrer) if use_referrer else "")
    kept = parse_fbc(cookie_text(cookie))
    if kept is not None and click in ("", kept.payload):
        return Decision(kept.text, changed=False)
    taken = parse_fbc(given)
    if taken is not None and click in ("", taken.payload):
        return Decision(taken.text, changed=True)
    return Decision(f"fb.{index}.{now_ms}.{click}", changed=True) if click else Decision("", changed=False)


def _click(url: str) -> str:
    """Returns the payload of the URL's first `fbclid`, "" where it has none."""
    query = url.partition("#")[0].partition("?")[2]
    if "fbclid" not in query:
        return ""
    pairs = decode_pairs(query.encode("utf-8", "replace")).items
    return click_payload(next((value for name, value in pairs if name == "fbclid"), ""))
