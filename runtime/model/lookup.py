"""Look-ups: what a variable asks of a server, and the answer that is kept beside the hit.

What is recorded of a look-up is its outcome, failures too, so that a hit which is run again decides the same.
"""

from __future__ import annotations

import msgspec

from runtime.model.delivery import Envelope

TIMEOUT_MS, MOST_TIMEOUT_MS = 1000, 5000
TTL_S, FAILED_TTL_S, MOST_TTL_S = 300, 10, 86400
"""Figures of a look-up where neither manifest nor setting gives one, and the most that can be given."""

MAX_ANSWER = 64 * 1024
"""Bytes of an answer; one that is larger is none."""


class Lookup(msgspec.Struct, frozen=True):
    """A look-up that the pipeline asked for and that is not recorded yet."""

    key: str
    """What it is known by: the same template that asks the same has the same key."""
    variable: str
    """Id of the variable that asked; of several the first."""
    envelope: Envelope
    """The request, secrets as placeholders."""
    hosts: tuple[str, ...] = ()
    """Host patterns that it may contact."""
    timeout_ms: int = TIMEOUT_MS
    ttl_s: int = TTL_S
    """For so long another hit may take the same answer without asking."""
    failed_ttl_s: int = FAILED_TTL_S
    """The same, where the server gave none."""


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of a look-up. Its JSON is what is recorded."""

    at_ms: int
    """When the server was asked, Unix milliseconds."""
    status: int = 0
    """HTTP status; 0 where there was no answer."""
    body: str = ""
    """The answer as text, NULs taken out."""
    failed: str = ""
    """Why there is no answer, for example `timeout`; "" where there is one."""


_decoder = msgspec.json.Decoder(Answer)


def encode_answer(answer: Answer) -> bytes:
    """Returns what is recorded."""
    return msgspec.json.encode(answer)


def decode_answer(recorded: bytes) -> Answer:
    """Returns what was recorded."""
    return _decoder.decode(recorded)
