"""Each third-party package is imported from one place, so that exchanging one is a change there alone."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

HOMES: dict[str, str | tuple[str, ...]] = {
    "lupa": "runtime/lua/sandbox.py",
    "httpx": "runtime/http/transport.py",
    "httpx_aiohttp": "runtime/http/transport.py",
    "sqlite_utils": ("runtime/store/control.py", "runtime/store/control_schema.py"),
    "re2": "runtime/text/regex.py",
    "publicsuffixlist": "runtime/text/domains.py",
    "jwt": "runtime/text/signed.py",
    "structlog": "runtime/telemetry.py",
    "ruamel": ("runtime/containers/interchange.py", "runtime/containers/yaml_edit.py"),
    "crawleruseragents": "runtime/text/bots.py",
    "python_multipart": "runtime/text/multipart.py",
    "maxminddb": "runtime/edge/geo.py",
    "jsonschema_rs": "runtime/text/json_schema.py",
    "cryptography": ("runtime/text/vault.py", "runtime/http/dial.py"),
    "dns": "runtime/http/dns.py",
    "jinja2": "admin_ui/admin.py",
    "argon2": "admin_ui/auth/passwords.py",
    "zxcvbn": "admin_ui/auth/passwords.py",
}


def imports(path: Path) -> set[str]:
    """Returns the top-level packages that a file imports, wherever in the file."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("package", HOMES)
def test_package_has_one_home(package: str) -> None:
    files = [path for folder in ("runtime", "admin_ui") for path in (ROOT / folder).rglob("*.py")]
    users = {str(path.relative_to(ROOT)) for path in files if package in imports(path)}
    homes = HOMES[package]
    assert users == ({homes} if isinstance(homes, str) else set(homes))
