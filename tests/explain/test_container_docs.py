"""What is written of variables and transformations in containers is what the model takes."""

from __future__ import annotations

import re
from typing import get_args

from runtime.containers.templates import BUILT_IN
from runtime.explain import consent_docs
from runtime.explain.container_docs import FORMAT, SGTM_VARIABLES, TRANSFORMATION, section, variables_table
from runtime.model.consent_rule import TCF_PURPOSES, ConsentRule, TcfRule
from runtime.model.consent_source import PLATFORMS, ConsentSource
from runtime.model.consent_source import Format as Format_
from runtime.model.container import Format, Instance, Transformation
from tests.support.templates import template_folders


def test_every_key_is_told_and_no_other() -> None:
    assert list(FORMAT) == list(Format.model_fields)
    assert set(TRANSFORMATION) == Transformation.model_fields.keys() - Instance.model_fields.keys()


def test_every_key_of_consent_is_told_and_no_other() -> None:
    assert list(consent_docs.RULE) == list(ConsentRule.model_fields)
    assert list(consent_docs.SOURCE) == [field.alias or name for name, field in ConsentSource.model_fields.items()]
    assert list(consent_docs.TCF) == list(TcfRule.model_fields)
    for known in (*get_args(Format_), *PLATFORMS):
        assert f"`{known}`" in str(consent_docs.SOURCE)


def test_the_purposes_of_the_framework_are_told_as_they_are() -> None:
    told = consent_docs.TCF["purposes"]
    for purpose, needed in TCF_PURPOSES.items():
        assert f"{purpose} {' and '.join(map(str, needed))}" in told


def test_it_stands_in_the_index() -> None:
    text = (BUILT_IN / "README.md").read_text("utf-8")
    assert section() in text
    assert variables_table() in text
    assert "{{" not in section()


def test_variables_of_sgtm_are_ours() -> None:
    known = {folder.name for folder in template_folders() if folder.parent.name == "variables"}
    named = {code for here in SGTM_VARIABLES.values() for code in re.findall(r"`([a-z_]+)`", here)} - {"format"}
    assert named
    assert named <= known
