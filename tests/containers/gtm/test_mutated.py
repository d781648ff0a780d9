"""Spoiled exports: never a crash, always a container that works, everything accounted for, no token anywhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from runtime.containers.gtm.secrets_file import SECRETS
from runtime.errors import OperatorError
from tests.containers.gtm.mutations import mutated
from tests.containers.gtm.support import checked, count, failing_examples, imported, names, raw, version_of

SEEDS = range(240)
GROUPS = 12
FORMED = "EAAtok3n"
"""How the tokens begin that are known by their form, wherever a mutation may have put them."""

pytestmark = pytest.mark.slow


def spoiled(seed: int) -> dict[str, Any]:
    """The export of a seed, spoiled."""
    exports = [name for name in names() if name != "big"]
    data = mutated(orjson.loads(raw(exports[seed % len(exports)])), seed)
    assert isinstance(data, dict)
    return data


@pytest.mark.parametrize("group", range(GROUPS))
def test_spoiled_exports(group: int, tmp_path: Path) -> None:
    for seed in SEEDS[group::GROUPS]:
        data = spoiled(seed)
        try:
            found = imported(json.dumps(data).encode())
        except OperatorError:
            assert not is_export(data), seed
            continue
        assert len(found.report.fates) == count(version_of(data)), seed
        assert all(fate.reasons for fate in found.report.fates), seed
        folder = tmp_path / str(seed)
        draft = checked(found, folder)
        assert [str(problem) for problem in draft.problems if problem.severity == "error"] == [], seed
        assert failing_examples(draft, folder) == [], seed
        assert not [path for path, text in found.files.items() if FORMED in text and path != SECRETS], seed
        assert FORMED.encode() not in orjson.dumps(found.report.as_dict()), seed


def test_most_of_them_are_exports() -> None:
    assert sum(is_export(spoiled(seed)) for seed in SEEDS) >= 200


def test_a_seed_spoils_always_in_the_same_way() -> None:
    assert all(spoiled(seed) == spoiled(seed) for seed in range(20))


def is_export(data: dict[str, Any]) -> bool:
    """Whether there is a container version in it."""
    version = version_of(data)
    return "containerVersion" in data or any(isinstance(part, list) for part in version.values())
