"""The base of all documents that people write: containers, manifests, policies, examples."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """Frozen, and strict about names: an unknown key is a typing mistake that must be told."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
