"""What beside a hit, its version and its look-ups decides the bytes that are sent: this Firsthand, the libraries and
data files that scripts reach through the kit, and the operator's policy.

Each attempt keeps it, so that a request which comes out otherwise when it is computed again can name why.
"""

from __future__ import annotations

import hashlib
import unicodedata
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import msgspec

from runtime import __version__

_DATA = {
    "bots": ("crawleruseragents", "crawler-user-agents.json"),
    "public_suffixes": ("publicsuffixlist", "public_suffix_list.dat"),
}
"""Data files by the name that people know them by: package, file. Where a visitor is stands in the hit."""
_LIBRARIES = ("lupa", "orjson", "google-re2", "jsonschema-rs")
_DIGITS = 12


class Basis(msgspec.Struct, frozen=True):
    """It, by parts: names to versions or digests."""

    firsthand: str = ""
    data: dict[str, str] = {}
    libraries: dict[str, str] = {}
    policy: str = ""
    """Digest of the policy in force, "" for none."""


def basis_of(policy: str) -> Basis:
    """Returns this process's basis under the policy of that digest."""
    data = {name: _digest(*place) for name, place in _DATA.items()}
    libraries = {name: metadata.version(name) for name in _LIBRARIES} | {"unicode": unicodedata.unidata_version}
    return Basis(__version__, data, libraries, policy)


def encode_basis(basis: Basis) -> str:
    """Returns the text that is kept with an attempt."""
    return msgspec.json.encode(basis).decode()


@cache
def decode_basis(text: str) -> Basis | None:
    """Returns the basis of a text, None where nothing was kept."""
    return msgspec.json.decode(text, type=Basis) if text else None


@cache
def _digest(package: str, file: str) -> str:
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return hashlib.sha256((Path(spec.origin).parent / file).read_bytes()).hexdigest()[:_DIGITS]
