"""How fast a tag may send, as a container or a manifest says it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field as Declared

from runtime.model.part import Part

PerSecond = Annotated[float, Declared(gt=0, allow_inf_nan=False, strict=True)]
"""A positive number; 0.1 is one in ten seconds."""


class Throttle(Part):
    """The most that goes out in a second. What is absent is not limited."""

    requests_per_s: PerSecond | None = None
    events_per_s: PerSecond | None = None
