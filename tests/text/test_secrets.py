"""Secrets do not print, and a missing one is told by the name of its variable."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

from runtime.errors import OperatorError
from runtime.text.secrets import Secret, is_reference, reference_name, secret_value, variable_name


def test_a_secret_cannot_print_itself() -> None:
    secret = Secret("canary")
    shown = [str(secret), repr(secret), f"{secret}", f"{secret!r:>20}", repr([secret]), repr({"a": secret})]
    assert "canary" not in "".join(shown)
    assert repr(secret) == "Secret(***)"
    assert secret.reveal() == "canary"


def test_a_secret_cannot_be_written_away() -> None:
    secret = Secret("canary")
    with pytest.raises(TypeError):
        json.dumps(secret)
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(secret)
    with pytest.raises(TypeError, match="cannot be pickled"):
        copy.copy(secret)


def test_secrets_of_one_value_are_equal() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1


def test_a_value_comes_from_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    assert variable_name("meta-token") == "FIRSTHAND_SECRET_META_TOKEN"
    monkeypatch.setenv("FIRSTHAND_SECRET_META_TOKEN", "canary")
    assert secret_value("meta-token").reveal() == "canary"
    assert secret_value("META_TOKEN", {"FIRSTHAND_SECRET_META_TOKEN": "other"}).reveal() == "other"


@pytest.mark.parametrize("environment", [{}, {"FIRSTHAND_SECRET_META_TOKEN": ""}])
def test_a_missing_secret_is_told_by_its_variable(environment: dict[str, str]) -> None:
    with pytest.raises(OperatorError, match="environment variable FIRSTHAND_SECRET_META_TOKEN"):
        secret_value("META_TOKEN", environment)


@pytest.mark.parametrize("value", ["secret:A", "secret:META_TOKEN", "secret:meta-token", "secret:a1"])
def test_references(value: str) -> None:
    assert is_reference(value)
    assert f"secret:{reference_name(value)}" == value


@pytest.mark.parametrize(
    "value", ["", "secret:", "secret:1", "secret:a b", "Secret:A", " secret:A", "secret:a\n", None, 5, ["secret:A"]]
)
def test_what_is_no_reference(value: object) -> None:
    assert not is_reference(value)


def test_what_is_no_reference_is_not_repeated() -> None:
    with pytest.raises(ValueError) as caught:
        reference_name("canary")
    assert "canary" not in str(caught.value)
