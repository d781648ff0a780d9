"""Which settings a manifest itself names: paths, tokens, numbers, and names of hosts, headers and cookies.

They are read apart from any event.
"""

from __future__ import annotations

from typing import Any

from runtime.model.manifest import Manifest
from runtime.model.permissions import setting_names
from runtime.text.references import setting_named


def named_settings(manifest: Manifest) -> set[str]:
    """Returns the ids of the fields that the manifest refers to outside of `fields`."""
    named: set[str] = set()
    _collect(manifest.model_dump(include={"client", "destination", "lookup"}), named)
    permissions = manifest.permissions
    hosts = permissions.hosts.names if permissions.hosts else ()
    named.update(setting for host in hosts if (setting := setting_named(host)))
    named |= setting_names(permissions)
    if permissions.secrets:
        named.update(permissions.secrets.fields)
    return named


def _collect(value: Any, named: set[str]) -> None:
    if isinstance(value, dict):
        if isinstance(value.get("setting"), str):
            named.add(value["setting"])
        value = list(value.values())
    if isinstance(value, list | tuple):
        for part in value:
            _collect(part, named)
