"""Snapshots: complete, stable in bytes and hash, and read back as they were built."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from runtime.containers.check import check
from runtime.containers.interchange import load_container
from runtime.containers.snapshot import FORMAT, build_snapshot, content_hash, decode_snapshot, encode_snapshot
from runtime.containers.templates import BUILT_IN, Templates, load_templates
from runtime.errors import ContainerInvalid, FormatTooNew, OperatorError
from runtime.model.container import Container
from tests.containers.support import GOOD, HERE, spoiled, templates


def container(tmp_path: Path, text: str = GOOD) -> Container:
    file = tmp_path / "container.yaml"
    file.write_text(text, encoding="utf-8")
    return load_container(file)


def test_what_is_built_is_what_is_read_back(tmp_path: Path) -> None:
    built = build_snapshot(container(tmp_path), templates(), 7)
    data = encode_snapshot(built)
    assert decode_snapshot(data, 7) == built
    assert encode_snapshot(decode_snapshot(data, 8)) == data
    assert built.number == 7
    assert built.hash == content_hash(data)


def test_the_design_s_container_goes_there_and_back_with_the_built_in_templates() -> None:
    original = load_container(HERE / "demo_shop.yaml")
    built = build_snapshot(original, load_templates(BUILT_IN), 1)
    read = decode_snapshot(encode_snapshot(built), 1)
    assert read == built
    assert read.container == original
    assert check(read.container, load_templates(BUILT_IN)) == check(original, load_templates(BUILT_IN))


def test_only_what_is_used_is_kept(tmp_path: Path) -> None:
    built = build_snapshot(container(tmp_path), templates(), 1)
    assert list(built.templates) == ["client/intake", "destination/sink", "transformation/drop", "variable/word"]
    assert list(built.shared) == ["greeting"]
    without = container(tmp_path, GOOD[: GOOD.index("transformations:")])
    assert "transformation/drop" not in build_snapshot(without, templates(), 1).templates


def test_modules_that_modules_use_are_kept_too(tmp_path: Path) -> None:
    more = {"greeting": "return { hello = words.first }", "words": "return { first = unused and 1 }"}
    with_words = Templates(templates().by_key, {**templates().shared, **more, "apart": "return {}"})
    built = build_snapshot(container(tmp_path), with_words, 1)
    assert list(built.shared) == ["greeting", "unused", "words"]


def test_the_hash_follows_content_and_nothing_else(tmp_path: Path) -> None:
    first = build_snapshot(container(tmp_path), templates(), 1)
    assert build_snapshot(container(tmp_path, "# a comment\n" + GOOD), templates(), 9).hash == first.hash
    moved = (
        GOOD.replace("domains: [shop.example, localhost, 127.0.0.1]\n", "")
        + "domains: [shop.example, localhost, 127.0.0.1]\n"
    )
    assert build_snapshot(container(tmp_path, moved), templates(), 1).hash == first.hash
    changed = spoiled(("size: 20", "size: 21"))
    assert build_snapshot(container(tmp_path, changed), templates(), 1).hash != first.hash


def test_the_file_s_order_is_kept(tmp_path: Path) -> None:
    """Where two clients or transformations are of equal rank, the one that is written first comes first."""
    more = "transformations:\n  z-first: {template: drop, settings: {fields: [a]}}\n"
    built = build_snapshot(container(tmp_path, spoiled(("transformations:\n", more))), templates(), 1)
    snapshot = decode_snapshot(encode_snapshot(built), 1)
    assert list(snapshot.container.transformations) == ["z-first", "no-email"]


def test_settings_come_over_the_manifest_s_defaults(tmp_path: Path) -> None:
    built = build_snapshot(container(tmp_path, spoiled(("      size: 20\n", ""))), templates(), 1)
    settings = built.settings("destination", "sink", built.container.tags["sink"].settings)
    assert settings["size"] == 10
    assert settings["endpoint"] == "https://sink.example/v1"


def test_a_template_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(ContainerInvalid, match=r"clients\.browser\.template: there is no client `intak`"):
        build_snapshot(container(tmp_path, spoiled(("template: intake", "template: intak"))), templates(), 1)


def test_a_newer_format_is_refused_in_plain_words(tmp_path: Path) -> None:
    plain = orjson.loads(encode_snapshot(build_snapshot(container(tmp_path), templates(), 1)))
    with pytest.raises(FormatTooNew, match="newer Firsthand"):
        decode_snapshot(orjson.dumps(plain | {"format": FORMAT + 1}), 1)


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b"null", b'{"format":1}', b'{"format":"x"}', b'{"format":1,"container":5}']
)
def test_damaged_bytes_are_told_in_plain_words(data: bytes) -> None:
    with pytest.raises(OperatorError, match="Version 3 is damaged"):
        decode_snapshot(data, 3)
