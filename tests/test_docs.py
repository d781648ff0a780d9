"""What is public is documented: settings, commands and tasks stand in the README, and what it names exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from runtime.cli.main import app
from runtime.explain.settings_docs import END, README, START, with_table
from runtime.settings import Settings

TEXT = README.read_text("utf-8")
MAKEFILE = (README.parent / "Makefile").read_text("utf-8")
TASKS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


def full_names() -> list[str]:
    """Returns every command with the words that call it."""
    found = []
    program: Any = typer.main.get_command(app)
    for name in sorted(program.list_commands(None)):
        parts = vars(program.get_command(None, name)).get("commands")
        found += [f"firsthand {name} {part}" for part in sorted(parts)] if parts else [f"firsthand {name}"]
    return found


def test_the_table_of_settings_is_up_to_date() -> None:
    assert with_table(TEXT) == TEXT, "run `make docs`"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented(name: str) -> None:
    assert f"`FIRSTHAND_{name.upper()}`" in TEXT.partition(START)[2].partition(END)[0]
    assert Settings.model_fields[name].description


def test_a_readme_without_its_marks_is_refused() -> None:
    with pytest.raises(ValueError, match=r"README\.md has no"):
        with_table("# Firsthand")


@pytest.mark.parametrize("command", full_names())
def test_every_command_is_documented(command: str) -> None:
    assert f"`{command}`" in TEXT


def test_commands_that_the_readme_calls_exist() -> None:
    called = set(re.findall(r"\bfirsthand ((?:[a-z-]+ )?[a-z-]+)", "\n".join(_code())))
    known = {name.removeprefix("firsthand ") for name in full_names()}
    assert called
    assert {words for words in called if words not in known and words.split()[0] not in known} == set()


def test_every_task_is_documented_and_exists() -> None:
    named = set(re.findall(r"\bmake ([a-z-]+)", "\n".join(_code())))
    assert {"run", "test"} <= named
    assert named == TASKS


def test_every_phony_task_is_a_task() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert phony is not None
    assert set(phony[1].split()) == TASKS


def test_links_to_files_lead_somewhere() -> None:
    targets = [target for target in re.findall(r"\]\(([^)#]+)\)", TEXT) if "://" not in target]
    assert [target for target in targets if not Path(README.parent, target).exists()] == []


def _code() -> Iterator[str]:
    """Yields what the README sets as code: blocks, and words between backticks."""
    yield from re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", TEXT, flags=re.DOTALL))
