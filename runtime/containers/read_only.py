"""Read-only mode: the container lives in files alone, so that what is live is what was reviewed."""

from __future__ import annotations

from runtime.errors import OperatorError
from runtime.settings import Settings


def require_writable(settings: Settings) -> None:
    """Raises OperatorError where only `serve --container` and `container apply` may change what is live.

    Whatever else changes the container, a workspace or an environment asks this first.
    """
    if settings.read_only:
        raise OperatorError(
            "This Firsthand is read-only: its container is changed in its file alone.",
            hint="Change the file and publish it with `firsthand container apply`, or unset FIRSTHAND_READ_ONLY.",
        )
