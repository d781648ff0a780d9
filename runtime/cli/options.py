"""What commands read before they start: settings from the environment, and the data folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from runtime.errors import OperatorError
from runtime.settings import Settings
from runtime.text.secrets import VARIABLE_PREFIX

PREFIX = Settings.model_config["env_prefix"]


def read_settings(data: Path | None = None) -> Settings:
    """Returns the settings, with --data where it was given; OperatorError that lists every one that is wrong."""
    try:
        return Settings() if data is None else Settings(data_dir=data)
    except ValidationError as error:
        raise OperatorError("\n".join(_problem(dict(found)) for found in error.errors())) from None


def unknown_settings(environment: Mapping[str, str]) -> list[str]:
    """Returns variables that look like settings and are none: most likely misspelt."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    given = {name for name in environment if name.startswith(PREFIX) and not name.startswith(VARIABLE_PREFIX)}
    return sorted(given - known)


def data_folder(given: Path | None) -> Path:
    """Returns the data folder that a command shall read; OperatorError where it is not there."""
    folder = read_settings(given).data_dir
    if not folder.is_dir():
        raise OperatorError(f"There is no data folder {folder}.", hint="Give --data, or set FIRSTHAND_DATA_DIR.")
    return folder


def _problem(found: dict[str, Any]) -> str:
    said = found["msg"].removeprefix("Value error, ")
    if not found["loc"]:  # Several settings do not go together.
        return f"{said}."
    return f"{PREFIX}{str(found['loc'][0]).upper()}={found['input']}: {said}."
