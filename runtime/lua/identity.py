"""What a script is known by beyond its version: its name and a digest of all that it runs.

Equal content has one identity in every version, process and start of the server, so what is held against a script
holds until the script itself is another.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping

_WORD = re.compile(r"[A-Za-z_]\w*")
_DIGITS = 16


def script_id(name: str, content: str, modules: Iterable[str], shared: Mapping[str, str]) -> str:
    """Returns `<name>#<digest>`. `content` stands for the script (its source, or a hash of source and manifest);
    `modules` are the shared modules that it lists: they, and whatever they mention in turn, count too."""
    digest = hashlib.sha256(content.encode())
    for module in sorted(_reached(modules, shared)):
        digest.update(f"\0{module}\0{shared[module]}".encode())
    # No `@`: it would pass for an e-mail address, and be masked in log lines.
    return f"{name}#{digest.hexdigest()[:_DIGITS]}"


def _reached(modules: Iterable[str], shared: Mapping[str, str]) -> set[str]:
    """Returns the modules that there are, and those that they may use: a mention is taken for a use."""
    found: set[str] = set()
    waiting = set(modules) & shared.keys()
    while waiting:
        found |= waiting
        mentioned = {word for module in waiting for word in _WORD.findall(shared[module])}
        waiting = (mentioned & shared.keys()) - found
    return found
