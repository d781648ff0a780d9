"""Reads the verdict of a script on a vendor's answer, or gives one by the manifest's status classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import structs

from runtime.errors import ScriptFault
from runtime.model.delivery import Disposition, Response, Verdict
from runtime.model.manifest import DestinationSpec
from runtime.text.jsons import decode_json
from runtime.text.malformed import Malformed

BODY_BYTES = 64 * 1024
"""How much of an answer a script sees."""

REASON_LENGTH = 500
"""Characters of a reason that are kept."""

_DISPOSITIONS = {disposition.value: disposition for disposition in Disposition}


def by_status(status: int, spec: DestinationSpec) -> Verdict:
    """Returns the verdict by the status alone."""
    reason = f"http_{status}"
    if 200 <= status < 300:
        return Verdict(Disposition.DELIVERED)
    if status in spec.retry_statuses or status >= 500 or status < 200:
        return Verdict(Disposition.RETRY, reason)
    if status in spec.stop_statuses or is_redirect(status):
        return Verdict(Disposition.RETRY, reason, stop=True)
    return Verdict(Disposition.REJECT, reason)


def is_redirect(status: int) -> bool:
    """Tells whether the vendor says that its endpoint is elsewhere. No redirect is followed: a person must look at the
    setting, and until then the tag stops and keeps its events."""
    return 300 <= status < 400


def answer_table(response: Response) -> dict[str, Any]:
    """Returns the answer as `verdict` receives it; `json` is there where the body can be read as JSON."""
    body = response.body[:BODY_BYTES]
    answer = {
        "status": response.status,
        "headers": dict(response.headers),
        "body": body.decode("utf-8", "replace").replace("\0", ""),
    }
    try:
        return answer | {"json": decode_json(body)}
    except Malformed:
        return answer


def read_verdict(said: Any, count: int) -> Verdict:
    """Returns what `verdict` said of a batch of `count` items; raises ScriptFault (result)."""
    if not isinstance(said, dict):
        raise ScriptFault("result", "`verdict` must return a table with a disposition")
    whole = _one(said)
    items = said.get("items") or []
    if not isinstance(items, list):
        raise ScriptFault("result", "`items` of a verdict must be a list of tables with index and disposition")
    return structs.replace(whole, items=dict(_item(item, count) for item in items))


def _item(said: Any, count: int) -> tuple[int, Verdict]:
    index = said.get("index") if isinstance(said, dict) else None
    if not isinstance(index, int) or isinstance(index, bool) or not 1 <= index <= count:
        raise ScriptFault("result", f"the index of an item in a verdict must be a number from 1 to {count}")
    return index - 1, _one(said)


def _one(said: Mapping[str, Any]) -> Verdict:
    disposition = said.get("disposition")
    if not isinstance(disposition, str) or disposition not in _DISPOSITIONS:
        raise ScriptFault("result", f"a disposition must be one of {', '.join(_DISPOSITIONS)}")
    reason, wait = said.get("reason", ""), said.get("retry_after", 0)
    return Verdict(
        _DISPOSITIONS[disposition],
        reason[:REASON_LENGTH] if isinstance(reason, str) else "",
        float(wait) if isinstance(wait, int | float) and wait > 0 else 0.0,
        stop=said.get("stop") is True,
        final=said.get("final") is True,
    )
