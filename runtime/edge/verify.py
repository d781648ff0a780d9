"""Checks the credential that a sender must give, before anything is stored.

Every accepted token is compared, each in constant time, so that time tells neither which one matched nor how much of
it. From here on the credential is known by its id only, for example `secret:INTAKE`.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from runtime.edge.documents import Document
from runtime.edge.incoming import Incoming
from runtime.edge.sources import compile_sources, first_found
from runtime.errors import OperatorError, SenderError
from runtime.model.manifest import Verify
from runtime.text.secrets import PREFIX


@dataclass(frozen=True, slots=True)
class Credential:
    """What a sender gave: the id of the accepted token, "" where no token is asked for, and the text itself."""

    id: str = ""
    text: str = ""

    def __repr__(self) -> str:
        """Shows the id alone."""
        return f"Credential({self.id!r})"


NONE = Credential()


class Verifier:
    """Verifies the requests of one client against the tokens of its setting."""

    def __init__(self, declared: Verify, tokens: Mapping[str, bytes]) -> None:
        """`tokens` are the accepted ones by id. With none, senders are refused, or taken without trust where the
        manifest says that tokens are optional."""
        self._readers = compile_sources(declared.sources)
        self._needs_json = any(source.pointer is not None for source in declared.sources)
        self._tokens = tuple(tokens.items())
        self._optional = declared.optional

    def __call__(self, incoming: Incoming) -> Credential:
        """Returns the verified credential; raises `SenderError` (401: token_missing, token_wrong)."""
        if not self._tokens and self._optional:
            return NONE
        documents = incoming.documents.items if self._needs_json else []
        document: Document | None = documents[0] if documents and not incoming.documents.is_list else None
        given = first_found(self._readers, incoming, document)
        if not isinstance(given, str):
            raise SenderError(401, "token_missing", "The request holds no access token.")
        id = self._match(given.encode("utf-8", "replace"))
        if not id:
            raise SenderError(401, "token_wrong", "The access token is not one of those that this client accepts.")
        return Credential(id, given)

    def _match(self, given: bytes) -> str:
        matched = ""
        for id, token in self._tokens:
            if hmac.compare_digest(given, token):
                matched = id
        return matched


def accepted_tokens(setting: str, given: Any, secrets: Callable[[str], str]) -> dict[str, bytes]:
    """Returns the tokens of a setting by id: `secret:NAME` for a reference to a secret, else the setting and its place.

    `secrets` returns a secret by name. Raises `OperatorError` where there is none, or an empty one: an empty list
    opens a client, an empty token must not.
    """
    values = given if isinstance(given, list | tuple) else [given] if given else []
    tokens: dict[str, bytes] = {}
    for place, value in enumerate(map(str, values)):
        is_secret = value.startswith(PREFIX)
        id = value if is_secret else f"{setting}.{place}"
        tokens[id] = (secrets(value.removeprefix(PREFIX)) if is_secret else value).encode()
        if not tokens[id]:
            raise OperatorError(f"The token `{id}` is empty.", hint="Give it a value, or take it off the list.")
    return tokens
