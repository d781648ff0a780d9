"""One try of one batch: describe, fill, send, judge. Decides nothing about items and remembers nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import msgspec

from runtime.delivery.batch import Bunch
from runtime.delivery.envelope import Filled, fill
from runtime.delivery.ports import Outlet
from runtime.delivery.retry import retry_after
from runtime.errors import AddressRefused, FirsthandError, OperatorError, ScriptFault, VendorError
from runtime.model.delivery import Batch, Disposition, Item, Response, TagPlan, Verdict
from runtime.model.fingerprint import BYTES as CHECK_BYTES
from runtime.store.delivery_rows import AttemptRow, Made, storable
from runtime.text.redaction import Redactor, environment_redactor
from runtime.text.secrets import reference

ANSWER_BYTES = 2048
"""How much of an answer is kept."""


class Tried(msgspec.Struct, frozen=True):
    """What came of it."""

    verdict: Verdict
    disposition: str
    status: int
    message: str
    """The vendor's words, or what kept us from asking; secrets and personal data masked."""
    row: AttemptRow


async def attempt(plan: TagPlan, version: int, bunch: Bunch, outlet: Outlet) -> Tried:
    """Tries the batch once by the live version. Whatever goes wrong becomes a verdict: faults of the vendor are a
    retry, faults that a person must repair are a retry that stops the tag."""
    started_ms = int(outlet.clock() * 1000)
    batch = Batch(key=bunch.key, count=len(bunch.items), version=version)
    filled: Filled | None = None
    response: Response | None = None
    try:
        filled = _build(plan, batch, bunch.items, outlet, started_ms // 1000)
        if plan.dry_run:
            verdict = Verdict(Disposition.DELIVERED)
        else:
            response = await outlet.send(filled.request)
            verdict = _judged(outlet.judge(plan.tag, response, batch), response, outlet.clock())
        message = verdict.reason
    except FirsthandError as error:
        verdict, message = _fault(error), error.message
    took_ms = int(response.ms if response else outlet.clock() * 1000 - started_ms)
    time_ms = started_ms, took_ms
    return _tried(plan, batch, bunch, verdict, message, filled, response, time_ms, outlet.basis)


def _build(plan: TagPlan, batch: Batch, items: Sequence[Item], outlet: Outlet, at_s: int) -> Filled:
    envelope = outlet.request(plan.tag, batch)
    data = [item.data for item in items]
    # A dry run sends nothing, so it needs no secret either.
    secret = reference if plan.dry_run else outlet.secret
    return fill(envelope, data, at_s=at_s, secret=secret, timeout_s=plan.timeout_s, hosts=plan.hosts)


def _judged(verdict: Verdict, response: Response, now_s: float) -> Verdict:
    """A script need not read Retry-After: where it said no time itself, the header counts."""
    if verdict.disposition is not Disposition.RETRY or verdict.retry_after_s:
        return verdict
    return msgspec.structs.replace(verdict, retry_after_s=retry_after(response.headers, now_s))


def _fault(error: FirsthandError) -> Verdict:
    if isinstance(error, AddressRefused):
        return stop(error.reason)
    if isinstance(error, VendorError):
        return Verdict(Disposition.RETRY, error.reason)
    if isinstance(error, ScriptFault):
        return stop(f"script_{error.kind}")
    return stop("settings" if isinstance(error, OperatorError) else "internal_error")


def stop(reason: str) -> Verdict:
    """Returns the verdict that keeps every item and asks for a person."""
    return Verdict(Disposition.RETRY, reason, stop=True)


def _tried(
    plan: TagPlan, batch: Batch, bunch: Bunch, verdict: Verdict, message: str,
    filled: Filled | None, response: Response | None, time_ms: tuple[int, int], basis: str,
) -> Tried:  # fmt: skip
    clean = _cleaner(filled.secrets if filled else {})
    disposition = (
        "dry_run" if plan.dry_run and verdict.disposition is Disposition.DELIVERED else verdict.disposition.value
    )
    places = [number for item in bunch.items for number in (item.seq, item.pos)]
    reason = storable(clean(verdict.reason), 500)
    row = AttemptRow(
        tag=plan.tag,
        started_ms=time_ms[0],
        ms=time_ms[1],
        status=response.status if response else 0,
        disposition=disposition,
        reason=reason,
        version=batch.version,
        members=msgspec.msgpack.encode(places),
        first_seq=min(places[::2]),
        last_seq=max(places[::2]),
        count=batch.count,
        body_sha256=filled.body_sha256 if filled else b"",
        answer=_excerpt(response, message, clean),
        dry_run=int(plan.dry_run),
        made=msgspec.msgpack.encode(_made(bunch.items)),
        basis=basis,
    )
    items = {place: msgspec.structs.replace(one, reason=clean(one.reason)) for place, one in verdict.items.items()}
    shown = msgspec.structs.replace(verdict, reason=reason, items=items)
    return Tried(shown, disposition, row.status, storable(clean(message), 500), row)


def _made(items: Sequence[Item]) -> Made:
    versions = () if all([item.own for item in items]) else tuple(item.version for item in items)
    return Made(versions, b"".join([item.check.to_bytes(CHECK_BYTES) for item in items]))


def _cleaner(secrets: dict[str, str]) -> Callable[[str], str]:
    """Returns what cleans a vendor's words: they may quote the request, with its secrets and its people."""
    known = _environment()
    return (known if known.covers(secrets.values()) else environment_redactor(secrets)).text


@cache
def _environment() -> Redactor:
    return environment_redactor()


def _excerpt(response: Response | None, message: str, clean: Callable[[str], str]) -> str:
    text = _said(response) if response else message
    masked = storable(clean(text), ANSWER_BYTES)
    return masked.encode()[:ANSWER_BYTES].decode(errors="ignore")


def _said(response: Response) -> str:
    body = response.body[: 4 * ANSWER_BYTES].decode(errors="replace")
    # Where an endpoint went is all that a redirect has to say.
    place = response.headers.get("location", "") if 300 <= response.status < 400 else ""
    return f"Location: {place}\n{body}" if place else body
