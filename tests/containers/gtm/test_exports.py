"""Every export of these tests becomes a container that works, and a report that accounts for all of it."""

from __future__ import annotations

import re
from pathlib import Path

import orjson
import pytest
import typer

from runtime.cli.container_test import container_test
from runtime.containers.gtm.secrets_file import SECRETS
from tests.containers.gtm.support import (
    MARK,
    checked,
    count,
    failing_examples,
    from_file,
    imported,
    names,
    raw,
    texts,
    version_of,
)


@pytest.mark.parametrize("name", names())
def test_the_container_is_valid_and_its_examples_pass(name: str, tmp_path: Path) -> None:
    draft = checked(from_file(name), tmp_path)
    assert [str(problem) for problem in draft.problems if problem.severity == "error"] == []
    assert failing_examples(draft, tmp_path) == []


@pytest.mark.parametrize("name", names())
def test_every_entity_is_accounted_for(name: str) -> None:
    version, report = version_of(orjson.loads(raw(name))), from_file(name).report
    assert len(report.fates) == count(version)
    assert len({(fate.entity.kind, fate.entity.position) for fate in report.fates}) == count(version)
    for fate in report.fates:
        assert all(fate.reasons), fate
        assert fate.reasons, fate
        assert fate.status == "unmapped" or fate.became, fate


@pytest.mark.parametrize("name", names())
def test_the_report_tells_of_each(name: str) -> None:
    found = from_file(name)
    rows = [line for line in found.files["report.md"].splitlines() if line.startswith("| ")]
    for fate in found.report.fates:
        told = re.sub(r"([\\|\[])", r"\\\1", fate.entity.name) or "(no name)"
        assert any(f"| {told} |" in row for row in rows), fate.entity.name


@pytest.mark.parametrize("name", names())
def test_what_a_fate_became_is_there(name: str) -> None:
    found = from_file(name)
    parts = found.container.model_dump()
    for fate in found.report.fates:
        part, _, id = fate.became.partition(".")
        if part in parts:
            assert id in parts[part], fate
        elif fate.became.startswith("templates/"):
            assert f"{fate.became}/manifest.yaml" in found.files


@pytest.mark.parametrize("name", names())
def test_no_token_but_in_the_file_of_secrets(name: str) -> None:
    found = from_file(name)
    held = {text for text in texts(orjson.loads(raw(name))) if MARK in text}
    elsewhere = "".join(text for path, text in found.files.items() if path != SECRETS)
    assert MARK not in elsewhere
    assert MARK not in orjson.dumps(found.report.as_dict()).decode()
    for text in held:
        tokens = re.findall(rf"[A-Za-z0-9_-]*{MARK}[A-Za-z0-9_-]*", text)
        assert tokens
        assert all(token in found.files[SECRETS] for token in tokens)


@pytest.mark.parametrize("name", names())
def test_same_bytes_every_time(name: str) -> None:
    assert imported(raw(name)).files == imported(raw(name)).files


def test_a_whole_run_of_container_test(tmp_path: Path) -> None:
    checked(from_file("custom_templates"), tmp_path)
    with pytest.raises(typer.Exit) as exit:
        container_test(tmp_path / "container.yaml", everything=False, as_json=True)
    assert exit.value.exit_code == 0


def test_javascript_is_kept_as_comments_alone() -> None:
    found = from_file("custom_templates")
    originals = {path: text for path, text in found.files.items() if path.endswith("original.js.txt")}
    assert len(originals) == 5
    assert all(line.startswith("//") for text in originals.values() for line in text.splitlines())
    scripts = [text for path, text in found.files.items() if path.endswith(".lua")]
    assert scripts
    assert not any("require(" in text for text in scripts)


def test_stubs_are_granted_nothing() -> None:
    found = from_file("custom_templates")
    manifests = [text for path, text in found.files.items() if path.endswith("manifest.yaml")]
    assert len(manifests) >= 7
    assert not any(re.search(r"^permissions:", text, re.MULTILINE) for text in manifests)
    stubs = [tag for tag in found.container.tags.values() if tag.template.startswith("gtm_")]
    assert len(stubs) == 5
    assert all(tag.paused for tag in stubs)


def test_unknown_keys_are_kept_in_the_report() -> None:
    (tag,) = [fate for fate in from_file("zones_and_folders").report.fates if fate.entity.kind == "tag"]
    assert tag.as_dict()["unknown"] == {"futureKey": {"a": [1, {"b": None}]}}
