from __future__ import annotations

import re

import pytest

from runtime.containers.templates import BUILT_IN
from runtime.explain.template_docs import template_index
from tests.support.templates import template_folders


def test_the_index_of_templates_is_up_to_date() -> None:
    stale = "run `python -m runtime.explain.template_docs`"
    assert (BUILT_IN / "README.md").read_text("utf-8") == template_index(BUILT_IN), stale


def test_every_template_setting_and_example_is_in_it() -> None:
    text = template_index(BUILT_IN)
    for folder in template_folders():
        assert f"({folder.parent.name}/{folder.name}/)" in text
        for example in folder.glob("examples/*.yaml"):
            assert example.name in text


@pytest.mark.parametrize("name", ["README.md", "KIT.md"])
def test_links_lead_somewhere(name: str) -> None:
    text = (BUILT_IN / name).read_text("utf-8")
    targets = re.findall(r"\]\(([^)]+)\)", text)
    headings = {"#" + heading.lower().replace(" ", "-") for heading in re.findall(r"^##+ (.+)$", text, re.MULTILINE)}
    local = [target for target in targets if not target.startswith("https://")]
    assert local
    assert [target for target in local if target not in headings and not (BUILT_IN / target).exists()] == []
