"""`container`: which version took the hit, where, and by which client. It is the hit's own, the same at every run."""

from __future__ import annotations

from runtime.lua.kit import CallContext, KitError, KitFunction
from runtime.model.hit import Hit

_AFTERWARDS = frozenset(("request", "verdict"))
"""Functions that are about a batch, whose events came with hits of several versions and clients."""


def _hit(context: CallContext) -> Hit | None:
    if context.function in _AFTERWARDS:
        raise KitError(f"a batch has no one hit: `{context.function}` cannot ask for it, `map` can")
    return None if context.hit is None else context.hit.hit


def _id(context: CallContext) -> str | None:
    return context.container or None


def _version(context: CallContext) -> int | None:
    hit = _hit(context)
    return None if hit is None else hit.version


def _environment(context: CallContext) -> str | None:
    hit = _hit(context)
    return None if hit is None else hit.environment


def _client(context: CallContext) -> str | None:
    hit = _hit(context)
    return None if hit is None else hit.client


def _preview(context: CallContext) -> bool:
    hit = _hit(context)
    return hit is not None and hit.preview != ""


FUNCTIONS: dict[str, KitFunction] = {
    "id": KitFunction(
        _id,
        "Tells the container's name.",
        (),
        "text? — nil in `firsthand try`",
        'container.id() --> "shop"',
        context=True,
    ),
    "version": KitFunction(
        _version,
        "Tells the number of the version that the hit arrived on; below zero it is a draft's, in a preview.",
        (),
        "integer? — nil where the event came with no request",
        "container.version() --> 12",
        context=True,
    ),
    "environment": KitFunction(
        _environment,
        "Tells the environment that took the hit: `live`, another one's name, or `preview`.",
        (),
        "text? — nil where the event came with no request",
        'container.environment() --> "live"',
        context=True,
    ),
    "client": KitFunction(
        _client,
        "Tells the client that claimed the hit, by its id in the container.",
        (),
        "text? — nil where the event came with no request",
        'container.client() --> "pixel"',
        context=True,
    ),
    "preview": KitFunction(
        _preview,
        "Tells whether the hit belongs to a preview.",
        (),
        "boolean",
        "container.preview() --> false",
        context=True,
    ),
}
