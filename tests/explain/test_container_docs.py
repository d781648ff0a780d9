"""What is written of variables and transformations in containers is what the model takes."""

from __future__ import annotations

import re

from runtime.containers.templates import BUILT_IN
from runtime.explain.container_docs import FORMAT, SGTM_VARIABLES, TRANSFORMATION, section, variables_table
from runtime.model.container import Format, Instance, Transformation
from tests.support.templates import template_folders


def test_every_key_is_told_and_no_other() -> None:
    assert list(FORMAT) == list(Format.model_fields)
    assert set(TRANSFORMATION) == Transformation.model_fields.keys() - Instance.model_fields.keys()


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
