"""Secrets at rest: sealed with the operator's master key, each bound to its name, so that rows cannot be exchanged.

AES-256-GCM with a fresh random nonce of 96 bits for every write (NIST SP 800-38D).
"""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from runtime.errors import OperatorError

KEY_BYTES, NONCE_BYTES = 32, 12


class Vault:
    """One master key."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self.key_id = hashlib.sha256(b"firsthand master key " + key).hexdigest()[:16]
        """Tells keys apart, and nothing about them."""

    def seal(self, name: str, value: str) -> bytes:
        """Returns a secret as it may be stored."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, value.encode(), name.encode())

    def open(self, name: str, sealed: bytes) -> str:
        """Returns what `seal` was given; OperatorError where it was another key, another name, or damaged."""
        try:
            plain = self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], name.encode())
        except (InvalidTag, ValueError) as error:
            raise OperatorError(
                f"The secret {name} cannot be opened with this master key.",
                hint="Name the key file it was set with in FIRSTHAND_MASTER_KEY_FILE, or set the secret again.",
            ) from error
        return plain.decode()


def read_key(file: Path) -> bytes | None:
    """Returns the master key of a file, None where there is none; OperatorError where it is no key, or others may read
    it."""
    try:
        key, mode = file.read_bytes(), file.stat().st_mode
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OperatorError(f"Cannot read {file}: {error.strerror}.", hint="Check the file and its rights.") from error
    if mode & 0o077:
        raise OperatorError(f"Others may read {file}.", hint=f"Take their rights: chmod 600 {file}")
    if len(key) != KEY_BYTES:
        raise OperatorError(f"{file} is no master key: it has {len(key)} bytes, not {KEY_BYTES}.", hint=_HOW)
    return key


_HOW = "Let `firsthand secret set` make one, or write 32 random bytes."


def make_key(file: Path) -> bytes:
    """Makes a master key, for nobody but the user of this process to read; one that is there already stays."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = read_key(file)
        assert key is not None
        return key
    key = secrets.token_bytes(KEY_BYTES)
    with os.fdopen(opened, "wb") as out:
        out.write(key)
        out.flush()
        os.fsync(out.fileno())
    return key
