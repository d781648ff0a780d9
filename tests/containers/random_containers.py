"""Random containers that are valid: every part, every type of setting, text that YAML would read as something else."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from runtime.containers.snapshot import build_snapshot, decode_snapshot, encode_snapshot
from runtime.containers.templates import Templates, template_hash
from runtime.model.container import Container
from runtime.model.snapshot import Snapshot, Template
from tests.containers.support import templates

IDS = st.sampled_from(["a", "b-1", "c_2", "null", "yes", "True", "on", "Y", "e1"])
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
TEXTS = (
    st.text(CHARACTERS, max_size=20)
    | st.text(alphabet="ab :#-\n\t'\"?,[]{}|>&*!%@`01.e_~", max_size=12)
    | st.sampled_from(["true", "012", "1e3", "~", "=", "<<", "2026-09-15", "a: b", "- a"])
    | st.sampled_from(["a\nb\n", "a\n\n", "x" * 1100])
)  # fmt: skip
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def some(instance: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A part of a container: a few instances by id."""
    return st.dictionaries(IDS, instance, max_size=3)


def document(required: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A map with these keys."""
    return st.fixed_dictionaries(
        {name: each if isinstance(each, st.SearchStrategy) else st.just(each) for name, each in required.items()},
        optional=optional,
    )


ZONES = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TIMES = st.integers(86_400, 4_100_000_000).flatmap(
    lambda seconds: ZONES.map(lambda zone: datetime.fromtimestamp(seconds, zone).isoformat())
)
SCHEDULES = TIMES.flatmap(lambda time: st.sampled_from([{"from": time}, {"to": time}])) | st.just(
    {"from": "2026-11-30T18:00:00+01:00", "to": "2026-11-30T18:00:00Z"}
)
"""The last one's end is an hour after its beginning."""
COMPANIONS = document({"tag": IDS}, {"stop_on_failure": st.booleans()})
LABELS: dict[str, st.SearchStrategy[Any]] = {"note": TEXTS, "folder": IDS}
CONDITIONS = document(
    {"field": TEXTS, "is": st.sampled_from(["equals", "in", "exists"])},
    {"value": VALUES, "not": st.booleans(), "ignore_case": st.booleans()},
)
GROUPS = st.recursive(
    document({}, {name: st.lists(CONDITIONS, max_size=2) for name in ("all", "any", "not")}),
    lambda inner: document({}, {name: st.lists(CONDITIONS | inner, max_size=2) for name in ("all", "any")}),
    max_leaves=3,
)
SINK = document(
    {"account": "123456", "token": "secret:SINK-TOKEN"},
    {
        "size": st.integers(1, 50),
        "rate": st.sampled_from([0, 0.0, 0.5, 1, 1.0]),
        "strict": st.booleans(),
        "mode": st.sampled_from(["fast", "careful"]),
        "names": st.lists(st.sampled_from(["purchase", "refund"])),
        "headers": st.dictionaries(TEXTS, VALUES, max_size=3),
    },
)
DEFAULT = st.sampled_from(["granted", "denied", {"ad_storage": "granted"}])
SOURCE = st.sampled_from(
    [
        {"cookie": "choice", "format": "object", "path": "/a", "map": {"ads: 1": ["ad_storage", "ad_user_data"]}},
        {"platform": "cookiebot"},
        {"json": "/consent", "format": "tcf"},
    ]
)
CONSENT = document(
    {},
    {
        "default": DEFAULT,
        "regions": DEFAULT.map(lambda word: [{"regions": ["FR", "US-CA"], "default": word}]),
        "sources": st.lists(SOURCE, max_size=2),
        "tcf": document({}, {"purposes": st.just({"ad_storage": [1, 7]}), "vendors": st.lists(st.integers(1, 65535))}),
        "ldu": st.just(["ad_storage"]),
        "field": st.just("x-consent.state"),
    },
)
RANK = st.integers(-5, 5)
PATTERN = st.sampled_from(["a|b", "(?i)[^x]+$", r"\d{2,3}", "a: b #"])
WORD = document(
    {"value": TEXTS},
    {
        "pattern": PATTERN,
        "patterns": st.lists(PATTERN, max_size=2),
        "rows": st.lists(PATTERN.map("{} -> $1".format), max_size=2),
        "by_pattern": st.dictionaries(PATTERN, VALUES, max_size=2),
    },
)
TAG_OPTIONS: dict[str, st.SearchStrategy[Any]] = {
    "paused": st.booleans(),
    "dry_run": st.booleans(),
    "live_only": st.booleans(),
    "priority": RANK,
    "consent": st.just(["ad_storage"]),
    "triggers": st.lists(IDS, max_size=2),
    "exceptions": st.lists(IDS, max_size=2),
    "schedule": SCHEDULES,
    "sample": st.floats(0, 100, exclude_min=True) | st.integers(1, 100),
    "firing_limit": st.sampled_from(["once_per_event", "once_per_hit"]),
    "setup": COMPANIONS,
    "teardown": COMPANIONS,
    "throttle": st.just({"requests_per_s": 0.5}),
}
CONTAINERS = document(
    {"container": IDS},
    {
        "note": TEXTS,
        "domains": st.lists(st.sampled_from(["shop.example", "127.0.0.1", "localhost"])),
        "consent": CONSENT,
        "clients": some(
            document({"template": "intake", "settings": {"tokens": ["secret:INTAKE"]}}, {**LABELS, "priority": RANK})
        ),
        "tags": some(document({"template": "sink", "settings": SINK}, {**LABELS, **TAG_OPTIONS})),
        "triggers": some(st.tuples(GROUPS, document({}, LABELS)).map(lambda parts: parts[0] | parts[1])),
        "variables": some(document({"template": "word", "settings": WORD}, LABELS)),
        "transformations": some(
            document(
                {"template": "drop", "settings": {"fields": ["a"]}}, {**LABELS, "order": RANK, "tags": st.lists(IDS)}
            )
        ),
        "folders": some(document({}, {"note": TEXTS})),
        "schemas": some(
            document(
                {"schema": st.dictionaries(TEXTS, VALUES, max_size=2)},
                {
                    **LABELS,
                    "events": st.lists(TEXTS, max_size=2),
                    "on_violation": st.sampled_from(["pass", "annotate"]),
                },
            )
        ),
    },
)
SOURCES = st.text(CHARACTERS, max_size=60) | st.sampled_from(["return {}\n", "a\r\nb", "\ufeffx", "\tif x\n"])


def snapshot(data: dict[str, Any], among: Templates | None = None) -> Snapshot:
    """The version that a document makes, as it comes out of the database."""
    container = Container.model_validate(data, by_alias=True, by_name=False)
    built = build_snapshot(container, among or templates(), 0)
    return decode_snapshot(encode_snapshot(built), 0)


@st.composite
def own_templates(draw: st.DrawFn) -> Templates:
    """The templates of these tests with other words, scripts and modules."""
    by_key = {}
    for key, template in templates().by_key.items():
        manifest = template.manifest.model_copy(update={"summary": draw(TEXTS)})
        source = draw(SOURCES)
        by_key[key] = Template(manifest, source, template_hash(manifest, source))
    return Templates(by_key, {name: draw(SOURCES) for name in templates().shared})
