"""Runs a destination's example: consent, `map`, `request` and the verdict on each answer, in that order."""

from __future__ import annotations

from typing import Any

import msgspec
import orjson

from runtime.delivery.envelope import fill, mask
from runtime.delivery.retry import retry_after
from runtime.errors import ScriptFault
from runtime.explain.example import Example, ExampleAnswer
from runtime.model.delivery import Batch, Disposition, Envelope, Response, Verdict
from runtime.model.event import TagRun
from runtime.pipeline.fire import fire
from runtime.pipeline.mapping import map_tags
from runtime.pipeline.program import Program
from runtime.pipeline.scope import Scope
from runtime.pipeline.tag import describe_request, judge
from runtime.pipeline.transform import transform

Result = dict[str, Any]


def run_tag(program: Program, tag: str, scope: Scope, example: Example) -> Result:
    """Returns what came of the example, in the words of its expectation: the outcome, and what else it asks for."""
    run = _map(program, scope)
    outcome = _outcome(run, example)
    if run.state != "fired":
        return outcome
    return outcome | _asked(program, tag, run, example)


def _map(program: Program, scope: Scope) -> TagRun:
    firing = fire(scope, program.slate(scope.event.get("event_name"), None))
    return map_tags(scope, firing, transform(scope))[0]


def _outcome(run: TagRun, example: Example) -> Result:
    if run.state == "denied":
        return {"denied": run.reason.split(", ")}
    if run.state == "dropped":
        whole = ":" in (example.expect.dropped or "")
        return {"dropped": run.reason if whole else run.reason.partition(":")[0]}
    if run.state == "failed":
        return {"fault": run.reason.partition(":")[0]}
    return {"item": orjson.loads(run.item)} if "item" in example.expect.model_fields_set else {}


def _asked(program: Program, tag: str, run: TagRun, example: Example) -> Result:
    asked = example.expect.model_fields_set
    found: Result = {"key": run.key} if "key" in asked else {}
    try:
        if "request" in asked or "fault" in asked:
            found["request"] = _request(program, tag, run, example)
    except ScriptFault as fault:
        found["fault"] = fault.kind
    if example.answers:
        found["answers"] = [_verdict(program, tag, run, answer, example) for answer in example.answers]
    return found


def _request(program: Program, tag: str, run: TagRun, example: Example) -> Result:
    """Returns the request for the one item; with the names of secrets, or with the values that the example gives."""
    envelope = describe_request(program, tag, Batch(run.key, 1, program.number))
    items = [run.item]
    if example.secrets:
        return _filled(envelope, items, example)
    shown = mask(envelope, items, at_s=example.at)
    return _shown(shown.method, shown.url, shown.headers, shown.body, example)


def _filled(envelope: Envelope, items: list[bytes], example: Example) -> Result:
    request = fill(envelope, items, at_s=example.at, secret=example.secret, timeout_s=1.0, hosts=()).request
    return _shown(request.method, request.url, request.headers, request.body, example)


def _shown(method: str, url: str, headers: dict[str, str], body: bytes, example: Example) -> Result:
    wanted = example.expect.request or {}
    shown: Result = {"method": method, "url": url, "headers": headers}
    if "json" in wanted:
        return shown | {"json": orjson.loads(body)}
    return shown | {"body": body.decode()} if "body" in wanted or body else shown


def _verdict(program: Program, tag: str, run: TagRun, answer: ExampleAnswer, example: Example) -> Result:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    response = Response(answer.status, headers, answer.encoded(), 1.0)
    verdict = judge(program, tag, response, Batch(run.key, answer.count, program.number))
    return {"verdict": _plain(_waiting(verdict, response, example.at), answer.verdict)}


def _waiting(verdict: Verdict, response: Response, at_s: int) -> Verdict:
    """Takes the time to wait from Retry-After where the script said none itself, as delivery does."""
    if verdict.disposition is not Disposition.RETRY or verdict.retry_after_s:
        return verdict
    return msgspec.structs.replace(verdict, retry_after_s=retry_after(response.headers, at_s))


def _plain(verdict: Verdict, wanted: Result) -> Result:
    """Returns a verdict without what is as ever; its reason only where the example asks for it."""
    plain: Result = {"disposition": verdict.disposition.value}
    if "reason" in wanted:
        plain["reason"] = verdict.reason
    if verdict.retry_after_s:
        plain["retry_after"] = verdict.retry_after_s
    plain |= {name: True for name in ("stop", "final") if getattr(verdict, name)}
    if verdict.items:
        wanted_items = wanted.get("items") or {}
        plain["items"] = {
            str(place): _plain(item, wanted_items.get(str(place), {})) for place, item in verdict.items.items()
        }
    return plain
