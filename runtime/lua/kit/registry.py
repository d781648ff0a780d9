"""Finds the kit's namespaces: every module of this package with `FUNCTIONS`. Adding one touches no other file."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

from runtime.lua import kit
from runtime.lua.kit import KitFunction

Kit = Mapping[str, Mapping[str, KitFunction]]
"""Functions by namespace and name."""


@cache
def namespaces() -> Kit:
    """Returns the whole kit, sorted."""
    modules = sorted(module.name for module in pkgutil.iter_modules(kit.__path__) if module.name != "registry")
    loaded = {name: importlib.import_module(f"{kit.__name__}.{name}") for name in modules}
    return {name: dict(sorted(module.FUNCTIONS.items())) for name, module in loaded.items()}
