"""Which hosts a tag may contact: what its manifest names, and the host of its `endpoint` setting.

What the operator's policy denies is refused whatever they say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from runtime.model.manifest import Manifest
from runtime.model.reach import Rule
from runtime.text.references import setting_named

ENDPOINT = "endpoint"
"""The advanced setting that every destination has, for tests and proxies."""


def allowed_hosts(manifest: Manifest, settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Returns host patterns: names, and `*.name` for everything beneath a name."""
    permission = manifest.permissions.hosts
    patterns = [_pattern(name, settings) for name in permission.names] if permission else []
    patterns.append(host_of(settings.get(ENDPOINT)))
    return tuple(dict.fromkeys(pattern for pattern in patterns if pattern))


def _pattern(name: str, settings: Mapping[str, Any]) -> str:
    setting = setting_named(name)
    return host_of(settings.get(setting)) if setting else name.lower()


def host_of(url: Any) -> str:
    """Returns the host of a URL in lower case, without its port; "" where there is none."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".") if isinstance(url, str) else ""
    except ValueError:
        return ""


def is_allowed(host: str, patterns: Iterable[str]) -> bool:
    """Tells whether a host is one of the patterns."""
    return any(_is_one(host, pattern) for pattern in patterns)


def denial(host: str, denied: Iterable[Rule]) -> str | None:
    """Returns the operator's reason against a host, None where there is none."""
    return next((why for pattern, why in denied if pattern == "*" or _is_one(host, pattern)), None)


def _is_one(host: str, pattern: str) -> bool:
    return host == pattern or (pattern[:2] == "*." and host.endswith(pattern[1:]))
