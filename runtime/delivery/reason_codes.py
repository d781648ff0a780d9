"""Folds reasons into a few codes to count by: a vendor may put any words into its answer, and a counter must not.

Codes of an item given up: `expired` · `rejected` by the vendor or a script · `http_4xx` and the like, refused without a
word · `script_error`, `script_cpu`, `script_memory`, `script_permission`, `script_result`, `script_quarantined` ·
`internal_error`. Of one that goes again: `dns`, `connect`, `tls`, `timeout`, `reset`, `protocol`, `too_large`,
`address_refused`, `http_429`, `http_5xx` and the like, `settings`, `replay` · `vendor` the vendor asked for it.
"""

from __future__ import annotations

import re
from typing import get_args

from runtime.errors import FaultKind

_OURS = "expired rejected internal_error settings replay http_429"
_OF_THE_WAY = "dns connect tls timeout reset protocol too_large address_refused"
_CODES = {*_OURS.split(), *_OF_THE_WAY.split(), *(f"script_{kind}" for kind in get_args(FaultKind))}
_STATUS = re.compile(r"http_([2-5])\d\d")
_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")


def dead_code(tag: str, reason: str) -> str:
    """Returns the code of a dead letter's reason. The pipeline's own (tag "") are codes of templates."""
    if tag == "":
        return reason if _CODE.fullmatch(reason) else "rejected"
    return _folded(reason, "rejected")


def retry_code(reason: str) -> str:
    """Returns the code of a retry's reason."""
    return _folded(reason, "vendor")


def _folded(reason: str, otherwise: str) -> str:
    if reason in _CODES:
        return reason
    status = _STATUS.fullmatch(reason)
    return f"http_{status[1]}xx" if status else otherwise
