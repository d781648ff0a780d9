"""How long to wait: full-jitter backoff, and what a vendor says in Retry-After."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits somewhere between nothing and a ceiling that doubles with each failure.

    Full jitter: after an outage, waiting senders come back spread out rather than at once.
    """

    base_s: float = 1.0
    cap_s: float = 60.0
    ceiling_of_retry_after_s: float = 3600.0
    """A vendor that asks for more is asked again after this."""
    uniform: Callable[[float, float], float] = random.uniform

    def wait(self, failures: int, retry_after_s: float = 0.0) -> float:
        """Returns seconds to wait after that many failures in a row; never less than the vendor asked for."""
        ceiling = min(self.cap_s, self.base_s * 2 ** min(failures, 30))
        return max(self.uniform(0.0, ceiling), min(retry_after_s, self.ceiling_of_retry_after_s))


def retry_after(headers: Mapping[str, str], now_s: float) -> float:
    """Returns the seconds that a Retry-After header asks for, 0.0 where it is absent or makes no sense.

    Both forms of RFC 9110 section 10.2.3: a count of seconds, or a date.
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now_s)
    except ValueError:
        return 0.0
