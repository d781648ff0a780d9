"""What keeps a tag from events that its triggers ask for: hits that are not live, its schedule, its sample."""

from __future__ import annotations

from runtime.model.container import Tag
from runtime.model.event import TagRun
from runtime.pipeline.sample import compile_sample
from runtime.pipeline.schedule import compile_schedule
from runtime.pipeline.scope import Scope


class Options:
    """Those of one tag."""

    __slots__ = ("_live_only", "_sample", "_tag", "_window")

    def __init__(self, id: str, tag: Tag) -> None:
        self._tag = id
        self._live_only = tag.live_only
        self._window = compile_schedule(tag.schedule)
        self._sample = compile_sample(id, tag.sample)

    def __bool__(self) -> bool:
        """Tells whether there are any."""
        return self._live_only or self._window is not None or self._sample is not None

    def left_out(self, scope: Scope) -> TagRun | None:
        """Returns why the tag does not fire for the scope's event, or None. Its reasons are few and the same for many
        events, as summaries keep them."""
        environment = _environment(scope)
        if self._live_only and environment != "live":
            return TagRun(self._tag, "not_live", reason=environment)
        outside = self._window.reason(scope.at_us) if self._window else ""
        if outside:
            return TagRun(self._tag, "unscheduled", reason=outside)
        if self._sample and not self._sample.takes(scope.event["event_id"]):
            return TagRun(self._tag, "sampled_out", reason=f"sample {self._sample.percent:g}")
        return None

    def explain(self, scope: Scope, run: TagRun) -> str:
        """Returns the reason of a tag that did not fire, for a trace: what `left_out` found with the actual values."""
        if run.state == "unscheduled" and self._window:
            return self._window.explain(scope.at_us)
        if run.state == "sampled_out" and self._sample:
            return self._sample.explain(scope.event["event_id"])
        return run.reason


def compile_options(id: str, tag: Tag) -> Options | None:
    """Returns a tag's options, None where it has none."""
    return Options(id, tag) or None


def _environment(scope: Scope) -> str:
    return "live" if scope.hit is None else scope.hit.hit.environment
