"""The four consent purposes and what a visitor has said about them.

Names are Google's consent-mode purposes, which sGTM's common event data uses too.
"""

from __future__ import annotations

from typing import Literal, get_args

Purpose = Literal["ad_storage", "ad_user_data", "ad_personalization", "analytics_storage"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)

Consent = dict[str, bool]
"""Purpose to granted. Always holds all four purposes; what nobody said is False (denied)."""
