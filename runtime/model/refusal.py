"""Why a script is not called."""

from __future__ import annotations

from typing import NamedTuple


class Refusal(NamedTuple):
    """What holds against a script that hung or crashed a router."""

    message: str
    batches_only: bool
    """It happened over a batch, in `request` or `verdict`: calls about a hit go on, so that what its tag makes waits
    for a corrected version instead of being given up."""
