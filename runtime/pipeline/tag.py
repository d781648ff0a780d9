"""A tag towards its destination: how it delivers, how a batch is sent, and what the answer means. All without I/O.

Dispatchers are handed these three functions. They give the program of the live version, because endpoint, secrets and
pause are the live version's, whichever version made the items.
"""

from __future__ import annotations

from runtime.errors import ScriptFault
from runtime.model.delivery import Batch, Disposition, Envelope, Response, TagPlan, Verdict
from runtime.model.manifest import DestinationSpec, FromSetting, Manifest
from runtime.model.snapshot import Template
from runtime.pipeline import placeholder
from runtime.pipeline.age import number
from runtime.pipeline.batch_key import unpack
from runtime.pipeline.envelope import check_host, check_secrets, read_envelope
from runtime.pipeline.hosts import allowed_hosts
from runtime.pipeline.program import Program
from runtime.pipeline.verdict import REASON_LENGTH, answer_table, by_status, is_redirect, read_verdict

_DAY_S = 86400


def plan(program: Program, tag: str) -> TagPlan:
    """Returns how the tag delivers: its manifest's figures with the instance's settings filled in."""
    part = program.snapshot.container.tags[tag]
    manifest, spec = _manifest(program, tag)
    settings = program.tags[tag].settings.fixed

    def whole(given: FromSetting | float, otherwise: int) -> int:
        found = number(given, settings)
        return otherwise if found is None else int(found)

    return TagPlan(
        tag=tag,
        template=part.template,
        max_items=max(1, whole(spec.batch.max_items, 1)),
        max_bytes=spec.batch.max_bytes,
        linger_ms=max(0, whole(spec.batch.linger_ms, 50)),
        concurrency=spec.concurrency,
        timeout_s=spec.timeout_s,
        backlog_age_s=whole(spec.age.limit_days if spec.age else 7, 7) * _DAY_S,
        requests_per_s=part.throttle.requests_per_s or spec.throttle.requests_per_s,
        events_per_s=part.throttle.events_per_s or spec.throttle.events_per_s,
        dry_run=part.dry_run,
        paused=part.paused,
        hosts=allowed_hosts(manifest, settings),
        settings=program.snapshot.settings("destination", part.template, part.settings),
    )


def describe_request(program: Program, tag: str, batch: Batch) -> Envelope:
    """Returns the request of a tag's batch, checked, with its placeholders; raises ScriptFault.

    Scripts see no clock here: what depends on the attempt is `batch.attempt_time`, a placeholder.
    """
    compiled = program.tags[tag]
    key, resolved = unpack(batch.key)
    about = {"key": key, "count": batch.count, "items": placeholder.ITEMS, "body": placeholder.BODY}
    pushed = program.sandbox.push(about | {"attempt_time": placeholder.TIME})
    settings = compiled.settings.pushed(resolved)
    seed = f"{tag}/{batch.count}/{key}/request"
    returned = compiled.code.call("request", pushed, settings, at_us=0, seed=seed, last=True)
    envelope = read_envelope(returned.values[0] if returned.values else None)
    template, fixed = _template(program, tag), compiled.settings.fixed
    check_host(envelope.url, allowed_hosts(template.manifest, fixed), fixed, template.denied.hosts)
    check_secrets(envelope, compiled.settings, template.denied.secrets)
    return envelope


def judge(program: Program, tag: str, response: Response, batch: Batch) -> Verdict:
    """Returns what the answer means: by the script where it has a `verdict`, else by the manifest's status classes.
    What a redirect means is not left to a script.

    A verdict that cannot be had, because the script failed or returned something else, decides nothing about any item:
    the tag stops and keeps them.
    """
    code = program.tags[tag].code
    try:
        if is_redirect(response.status) or not code.has("verdict"):
            return by_status(response.status, _manifest(program, tag)[1])
        key, _ = unpack(batch.key)
        answer = program.sandbox.push(answer_table(response))
        about = program.sandbox.push({"key": key, "count": batch.count})
        seed = f"{tag}/{batch.count}/{key}/verdict"
        returned = code.call("verdict", answer, about, at_us=0, seed=seed, last=True)
        return read_verdict(returned.values[0] if returned.values else None, batch.count)
    except ScriptFault as fault:
        return Verdict(Disposition.RETRY, f"script_{fault.kind}: {fault.message}"[:REASON_LENGTH], stop=True)


def _template(program: Program, tag: str) -> Template:
    return program.snapshot.template("destination", program.snapshot.container.tags[tag].template)


def _manifest(program: Program, tag: str) -> tuple[Manifest, DestinationSpec]:
    manifest = _template(program, tag).manifest
    assert manifest.destination is not None
    return manifest, manifest.destination
