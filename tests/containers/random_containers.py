"""Random containers that are valid: every part, every type of setting, text that YAML would read as something else."""

from __future__ import annotations

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
RANK = st.integers(-5, 5)
CONTAINERS = document(
    {"container": IDS},
    {
        "domains": st.lists(st.sampled_from(["shop.example", "127.0.0.1", "localhost"])),
        "consent": document({}, {"default": st.sampled_from(["granted", {"ad_storage": "granted"}])}),
        "clients": some(
            document(
                {"template": "intake", "settings": {"tokens": ["secret:INTAKE"]}}, {"note": TEXTS, "priority": RANK}
            )
        ),
        "tags": some(
            document(
                {"template": "sink", "settings": SINK},
                {"note": TEXTS, "paused": st.booleans(), "priority": RANK, "consent": st.just(["ad_storage"]),
                 "triggers": st.lists(IDS, max_size=2), "throttle": st.just({"requests_per_s": 0.5})},
            )
        ),
        "triggers": some(GROUPS),
        "variables": some(document({"template": "word", "settings": document({"value": TEXTS}, {})}, {"note": TEXTS})),
        "transformations": some(
            document({"template": "drop", "settings": {"fields": ["a"]}}, {"order": RANK, "tags": st.lists(IDS)})
        ),
    },
)  # fmt: skip
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
