"""One test event to one tag's destination: made, sent once, and told. It is in no log, so no figure here counts it.

The tag maps a made-up purchase whatever its triggers and the visitor's consent say, by the transformations and
variables of its version; nothing waits, nothing is tried again. A vendor's own switch for tests is set where its
template has one. Meta counts what is sent so as production data all the same (Meta developer documentation, 2026-09).
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import msgspec
import orjson

from runtime.delivery.attempt import attempt
from runtime.delivery.batch import Bunch
from runtime.delivery.envelope import mask
from runtime.delivery.ports import Outlet
from runtime.errors import OperatorError, ScriptFault
from runtime.explain.programs import Programs
from runtime.model.consent import PURPOSES
from runtime.model.delivery import Batch, Item, Request, Response
from runtime.model.event import Event, TagRun
from runtime.model.manifest import Manifest
from runtime.model.snapshot import Snapshot
from runtime.pipeline.answers import Answers
from runtime.pipeline.consent import decide_consent
from runtime.pipeline.mapping import Firing, map_tags
from runtime.pipeline.program import Program
from runtime.pipeline.scope import Scope
from runtime.pipeline.tag import describe_request, judge, plan
from runtime.pipeline.transform import transform

CODE, VALIDATE = "test_event_code", "validate"
"""Settings that templates have for tests: a code that their vendor shows events by; a mode that records nothing."""
META_COUNTS = "Meta counts test events as production data: they are in reports, and campaigns learn from them."

Send = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Sent:
    """What came of it."""

    tag: str
    event_id: str = ""
    state: str = ""
    """delivered, retry or reject, as a delivery would have it; not_made where there was nothing to send."""
    status: int = 0
    reason: str = ""
    request: dict[str, Any] | None = None
    """As it went, with names in place of secrets."""
    answer: str = ""
    notes: tuple[str, ...] = ()
    """What whoever sent it should know."""
    error: dict[str, str] | None = None
    """`fault` and `message` where a script or the setting-up failed."""

    def as_dict(self) -> dict[str, Any]:
        """Returns it as JSON types."""
        return asdict(self)

    def as_json(self) -> bytes:
        """Returns it as text."""
        return orjson.dumps(self.as_dict())


def settings_for_test(manifest: Manifest, settings: Mapping[str, Any], code: str) -> dict[str, Any]:
    """Returns the settings with which a tag sends a test. OperatorError where its vendor wants a code and has none."""
    fields = {field.id for field in manifest.fields}
    changed = dict(settings)
    if CODE in fields:
        changed[CODE] = code or settings.get(CODE) or ""
        if not changed[CODE]:
            hint = "Take it from the vendor's Events Manager, under Test events."
            raise OperatorError(f"{manifest.name} wants a test event code.", hint=hint)
    elif code:
        raise OperatorError(f"{manifest.name} knows no test event code.", hint="Leave it out.")
    if VALIDATE in fields:
        changed[VALIDATE] = True
    return changed


def made_up_purchase(domain: str, at_s: int) -> Event:
    """Returns a purchase that nobody made, with an id of its own."""
    return {
        "event_name": "purchase",
        "event_id": f"firsthand-test-{secrets.token_hex(6)}",
        "event_time": at_s,
        "client_id": "firsthand.test",
        "page_location": f"https://{domain}/firsthand-test",
        "user_agent": "Mozilla/5.0 (compatible; Firsthand test event)",
        "value": 1.0,
        "currency": "EUR",
        "transaction_id": "firsthand-test",
        "items": [{"item_id": "firsthand-test", "item_name": "Test event", "price": 1.0, "quantity": 1}],
        "user_data": {"email_address": f"test@{domain}"},
    }


async def send_test(
    snapshot: Snapshot,
    tag: str,
    *,
    programs: Programs,
    send: Send,
    secret: Callable[[str], str],
    code: str = "",
    event: Event | None = None,
) -> Sent:
    """Sends it, and waits for the answer. OperatorError where there is no such tag, or a code is missing."""
    at_s = int(time.time())
    snapshot, manifest = _for_test(snapshot, tag, code)
    domain = next(iter(snapshot.container.domains), "shop.example")
    given = made_up_purchase(domain, at_s) | (event or {})
    notes = _notes(manifest)
    sent = Sent(tag, str(given["event_id"]), notes=notes)
    try:
        program = programs.build(snapshot)
        run, needs = _mapped(program, tag, given, at_s)
    except ScriptFault as fault:
        return replace(sent, state="not_made", error={"fault": fault.kind, "message": fault.message})
    if needs:
        notes += ("A variable that asks a server was left without a value: nobody was asked.",)
    if run.state != "fired":
        return replace(sent, state="not_made", reason=run.reason or run.state, notes=notes)
    return await _sent(replace(sent, notes=notes), program, run, send, secret, at_s)


def _for_test(snapshot: Snapshot, tag: str, code: str) -> tuple[Snapshot, Manifest]:
    """Returns the version with the tag as it sends tests."""
    part = snapshot.container.tags.get(tag)
    if part is None:
        known = ", ".join(snapshot.container.tags) or "none"
        raise OperatorError(f"There is no tag {tag}.", hint=f"The tags are: {known}.")
    manifest = snapshot.template("destination", part.template).manifest
    settings = settings_for_test(manifest, part.settings, code)
    # A test is asked for by a person, so a pause or a dry run of the tag does not keep it.
    changed = part.model_copy(update={"settings": settings, "paused": False, "dry_run": False})
    tags = {**snapshot.container.tags, tag: changed}
    return msgspec.structs.replace(snapshot, container=snapshot.container.model_copy(update={"tags": tags})), manifest


def _mapped(program: Program, tag: str, event: Event, at_s: int) -> tuple[TagRun, bool]:
    """Returns what the tag makes of the event, and whether a look-up was not made."""
    answers = Answers({})
    scope = Scope(
        program.sandbox, event, seed="test/0", at_us=at_s * 1_000_000, variables=program.variables, logs=[],
        answers=answers,
    )  # fmt: skip
    decide_consent(scope, dict.fromkeys(PURPOSES, True))
    compiled = program.tags[tag]
    run = map_tags(scope, Firing([compiled.not_triggered], [(0, compiled)]), transform(scope))[0]
    return run, bool(answers.needs)


async def _sent(sent: Sent, program: Program, run: TagRun, send: Send, secret: Callable[[str], str], at_s: int) -> Sent:
    how = plan(program, sent.tag)
    item = Item(seq=0, pos=0, version=program.number, data=run.item, key=run.key, event_id=sent.event_id, expires_s=0)
    outlet = Outlet(partial(describe_request, program), partial(judge, program), send, secret)
    tried = await attempt(how, program.number, Bunch([item]), outlet)
    try:
        shown = mask(describe_request(program, sent.tag, Batch(run.key, 1, program.number)), [run.item], at_s=at_s)
    except ScriptFault as fault:
        return replace(sent, state="not_made", error={"fault": fault.kind, "message": fault.message})
    request = {"method": shown.method, "url": shown.url, "headers": shown.headers}
    request["body"] = shown.body.decode("utf-8", "replace")
    reason = tried.verdict.reason if tried.disposition != "delivered" else ""
    if not tried.status and tried.disposition != "delivered":
        reason = f"{reason}: {tried.message}" if tried.message and tried.message != reason else reason
    return replace(
        sent, state=tried.disposition, status=tried.status, reason=reason, request=request, answer=tried.row.answer
    )


def _notes(manifest: Manifest) -> tuple[str, ...]:
    fields = {field.id for field in manifest.fields}
    notes: tuple[str, ...] = (META_COUNTS,) if manifest.vendor and manifest.vendor.name == "Meta" else ()
    if VALIDATE in fields:
        notes += ("It goes to the vendor's validation address, which records nothing.",)
    if CODE not in fields and VALIDATE not in fields:
        notes += ("The receiver cannot tell it from a real purchase but by its event id.",)
    return notes
