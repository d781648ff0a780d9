"""Environments on real files: where they answer, what is told of them, and what each can be rolled back to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.errors import OperatorError
from runtime.store.control import Control, Environment
from runtime.store.versions import hash_of


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    with Control(tmp_path / "control.db", who="ada") as control:
        yield control


def publish(control: Control, text: str, environment: str = "live") -> int:
    return control.publish(text.encode(), hash_of(text.encode()), environment=environment)


def test_a_new_one_runs_what_is_live(control: Control) -> None:
    with pytest.raises(OperatorError, match="Nothing is live yet"):
        control.set_environment("staging", ["s.example"], sends=False)
    publish(control, "one")
    wanted = Environment("staging", 1, ("s.example",), False)
    assert control.set_environment("staging", ["s.example"], sends=False) == wanted
    assert control.environments() == [Environment("live", 1), wanted]
    assert control.live("staging") == (1, b"one")


def test_publishing_and_rolling_back_leave_hosts_alone(control: Control) -> None:
    publish(control, "one")
    control.set_environment("staging", ["s.example"], sends=True)
    publish(control, "two", "staging")
    publish(control, "three", "staging")
    assert control.environments()[1] == Environment("staging", 3, ("s.example",), True)
    assert control.earlier("staging") == [1, 2]
    assert control.earlier() == []
    control.point(2, environment="staging", what="rollback")
    control.set_environment("staging", ["t.example"], sends=True)
    assert control.earlier("staging") == [1]
    assert control.environments()[1] == Environment("staging", 2, ("t.example",), True)
    assert control.verify() == []


def test_a_host_is_one_s_alone(control: Control) -> None:
    publish(control, "one")
    control.set_environment("staging", ["s.example"], sends=False)
    with pytest.raises(OperatorError, match=r"s\.example is the environment staging's"):
        control.set_environment("testing", ["s.example", "t.example"], sends=False)
    control.remove_environment("staging")
    control.set_environment("testing", ["s.example", "t.example"], sends=False)
    assert [each.name for each in control.environments()] == ["live", "testing"]
    assert control.verify() == []


def test_what_is_removed_is_gone_and_told(control: Control) -> None:
    publish(control, "one")
    control.set_environment("staging", [], sends=False)
    control.remove_environment("staging")
    assert control.live("staging") is None
    for name, problem in (("staging", "There is no environment"), ("live", "cannot be removed")):
        with pytest.raises(OperatorError, match=problem):
            control.remove_environment(name)
    assert [row.what for row in control.audit_log()] == ["publish", "environment", "environment"]
    assert control.verify() == []


def test_what_changes_nothing_is_not_told(control: Control) -> None:
    publish(control, "one")
    for _ in range(2):
        control.set_environment("staging", ["s.example"], sends=False)
    assert len(control.audit_log()) == 2
