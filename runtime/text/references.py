"""How settings and manifests refer to something else: `{{variable}}` in a setting's text, `{setting: id}` as a name.

Only the form is decided here: whether the variable or the setting exists is for those who know the container.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from runtime.model.container import ID
from runtime.model.permissions import SETTING

_ID = re.compile(ID)
_VARIABLE = re.compile(rf"\{{\{{\s*({ID})\s*\}}\}}")
_BRACES = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")


def is_id(name: str) -> bool:
    """Tells whether a name can be an instance's id."""
    return _ID.fullmatch(name) is not None


def whole_variable(text: str) -> str | None:
    """Returns the variable that a text is as a whole, so that it takes the value with its type."""
    found = _VARIABLE.fullmatch(text)
    return found[1] if found else None


def mentions_variable(text: str) -> bool:
    """Tells whether `fill_variables` would change the text."""
    return _VARIABLE.search(text) is not None


def fill_variables(text: str, value_of: Callable[[str], str]) -> str:
    """Returns the text with each `{{variable}}` replaced by its value's text; what cannot be an id stays."""
    return _VARIABLE.sub(lambda found: value_of(found[1]), text)


def rename_variable(text: str, name_of: Callable[[str], str]) -> str:
    """Returns the text with other names in its `{{variable}}`; the spaces inside the braces stay."""
    return _VARIABLE.sub(lambda found: found[0].replace(found[1], name_of(found[1])), text)


def names_in_braces(text: str) -> list[str]:
    """Returns whatever stands in double braces, also what cannot be an id and was probably meant as one."""
    return _BRACES.findall(text)


def setting_named(name: str) -> str | None:
    """Returns the setting that gives a manifest's host, header or cookie, None where it is named itself."""
    found = SETTING.fullmatch(name)
    return found[1] if found else None
