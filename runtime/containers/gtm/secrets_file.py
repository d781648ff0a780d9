"""The file of an import's secrets: one environment variable a line, for a shell, for systemd or for compose."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runtime.containers.gtm.vault import Vault
from runtime.text.secrets import variable_name

SECRETS = "secrets.env"
GIT_IGNORED = f"{SECRETS}\n"

_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./|-]+", re.ASCII)


def secrets_text(vault: Vault) -> str:
    """Returns the file's text: values of the export, and names that wait for a value as comments."""
    return "".join(f"{line}\n" for line in _lines(vault))


def _lines(vault: Vault) -> Iterator[str]:
    yield "# Tokens of the imported container, for the server's environment. Keep this file out of version control."
    for name, value in sorted(vault.values.items()):
        yield f"{variable_name(name)}={_quoted(value)}"
    for name, reason in sorted(vault.unset.items()):
        yield f"# {' '.join(reason.split())}:"
        yield f"# {variable_name(name)}="


def _quoted(value: str) -> str:
    """Returns a value as a shell reads it; what holds nothing special stands as it is."""
    return value if _PLAIN.fullmatch(value) else "'" + value.replace("'", "'\\''") + "'"
