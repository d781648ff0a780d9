from __future__ import annotations

import re

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


def test_links_lead_somewhere() -> None:
    targets = re.findall(r"\]\(([^)]+)\)", template_index(BUILT_IN))
    local = [target for target in targets if not target.startswith("https://")]
    assert local
    assert [target for target in local if not (BUILT_IN / target).exists()] == []
