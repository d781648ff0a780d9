"""The inputs of each section's parts beside their templates' settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from admin_ui.forms_fields import setting_groups
from admin_ui.forms_input import Group, Input
from runtime.model.consent import PURPOSES
from runtime.model.manifest import Manifest

Part = dict[str, Any]
_PAIRS = tuple((purpose, purpose) for purpose in PURPOSES)


class Parts(Protocol):
    """Where the names come from that a part may name."""

    def parts(self, section: str) -> dict[str, Part]:
        """Returns the parts of a section by id."""


def groups(
    section: str, id: str, part: Part, there: Parts, manifest: Manifest | None, has_template: bool
) -> list[Group]:
    """Returns the inputs of a part, in the order in which one fills them in; groups without any are left out."""
    settings = part.get("settings")
    found = [*_FIRST[section](part, there, manifest)] if section in _FIRST else []
    if has_template:
        found += setting_groups(manifest, settings if isinstance(settings, dict) else {}, id)
    found += _THEN[section](part, there, manifest) if section in _THEN else ()
    found.append(Group("For people", tuple(_for_people(section, part, there))))
    return [group for group in found if group.inputs]


def _for_people(section: str, part: Part, there: Parts) -> Iterator[Input]:
    if section != "folders":
        folders = _names(there, "folders", part.get("folder"))
        yield Input("folder", "choice", "Folder", choices=folders, default="none")
    yield Input("note", "paragraph", "Note", "For whoever reads this next.")


def _names(there: Parts, section: str, *given: Any) -> tuple[tuple[str, str], ...]:
    """Returns the names of a section to choose from, among them one that is given and not there."""
    known = {id: id for id in there.parts(section)}
    lost = {name: f"{name} (not there)" for name in given if isinstance(name, str) and name and name not in known}
    return tuple((known | lost).items())


def _listed(there: Parts, section: str, part: Part, key: str) -> tuple[tuple[str, str], ...]:
    given = part.get(key)
    return _names(there, section, *(given if isinstance(given, list) else ()))


def _tag(part: Part, there: Parts, manifest: Manifest | None) -> Iterable[Group]:
    yield from _firing(part, there, manifest)
    companions = [each for role in ("setup", "teardown") for each in _companion(role, part.get(role), there)]
    yield Group("Order, limits and companions", (*_TIMING, *companions), advanced=True)


def _firing(part: Part, there: Parts, manifest: Manifest | None) -> Iterable[Group]:
    wanted = ", ".join(manifest.destination.consent) if manifest and manifest.destination else ""
    yield Group(
        "When it fires",
        (
            Input("triggers", "names", "Triggers", "It fires when any of them matches.",
                  choices=_listed(there, "triggers", part, "triggers")),
            Input("exceptions", "names", "Exceptions", "It does not fire when any of them matches.",
                  choices=_listed(there, "triggers", part, "exceptions")),
            Input("consent", "purposes", "Consent", "It does not run without all of these.", choices=_PAIRS,
                  default=wanted or "nothing"),
        ),
    )  # fmt: skip
    yield Group(
        "How it runs",
        (
            Input("paused", "check", "Paused", "Events for it wait; nothing is built and nothing is sent."),
            Input("dry_run", "check", "Dry run", "Requests are built and shown, and not sent."),
            Input("live_only", "check", "Live only", "Never for previews or environments other than live."),
        ),
    )


_TIMING = (
    Input("priority", "number", "Priority", "Tags of a higher one come first within an event.", default="0"),
    Input("sample", "number", "Share of events", "Percent, chosen by event id: a replay has the same fate.",
          default="100"),
    Input("firing_limit", "choice", "Firing limit", default="once an event",
          choices=(("once_per_event", "once an event"), ("once_per_hit", "once a hit, for its first event"))),
    Input("schedule.from", "line", "From", "A time with its zone: 2026-11-30T18:00:00+01:00."),
    Input("schedule.to", "line", "Until", "A time with its zone; from then on it fires no more."),
    Input("throttle.requests_per_s", "number", "Requests a second", "The most. What waits is kept.",
          default="no limit"),
    Input("throttle.events_per_s", "number", "Events a second", "The most. What waits is kept.", default="no limit"),
)  # fmt: skip


def _companion(role: str, given: Any, there: Parts) -> Iterator[Input]:
    is_setup = role == "setup"
    when = "before" if is_setup else "after"
    tags = _names(there, "tags", given.get("tag") if isinstance(given, dict) else None)
    help = f"Runs {when} this one, whenever this one fires."
    yield Input(f"{role}.tag", "choice", f"{role.title()} tag", help, choices=tags, default="none")
    held = "This tag is held where it did not fire." if is_setup else "It is held where this tag did not fire."
    yield Input(f"{role}.stop_on_failure", "check", f"Stop where the {role} fails", held)


def _claiming(part: Part, there: Parts, manifest: Manifest | None) -> Iterable[Group]:
    help = "The client with the highest one is asked first."
    yield Group("Claiming", (Input("priority", "number", "Priority", help, default="100"),))


def _format(part: Part, there: Parts, manifest: Manifest | None) -> Iterable[Group]:
    replace = "What it becomes. Text; for a number, true or false, edit it as YAML."
    yield Group(
        "Format of the value",
        (
            Input("format.case", "choice", "Letters", default="as they are",
                  choices=(("lower", "lower case"), ("upper", "UPPER CASE"))),
            Input("format.number", "check", "Text becomes a number"),
            Input("format.decimal", "choice", "Before the fraction stands", default=".",
                  choices=((".", "a point: 1.19"), (",", "a comma: 1,19"))),
            Input("format.boolean", "check", "true, false, 1 and 0 become true and false"),
            Input("format.true_as", "line", "In place of true", replace),
            Input("format.false_as", "line", "In place of false", replace),
            Input("format.null_as", "line", "In place of no value", replace),
        ),
        advanced=True,
    )  # fmt: skip


def _scope(part: Part, there: Parts, manifest: Manifest | None) -> Iterable[Group]:
    yield Group(
        "For which tags and events",
        (
            Input("tags", "names", "Tags", "For these alone; none chosen: for all.",
                  choices=_listed(there, "tags", part, "tags")),
            Input("triggers", "names", "Triggers", "When any of them matches; none chosen: for every event.",
                  choices=_listed(there, "triggers", part, "triggers")),
            Input("exceptions", "names", "Exceptions", "Not when any of them matches.",
                  choices=_listed(there, "triggers", part, "exceptions")),
            Input("order", "number", "Order", "Transformations are done from the lowest to the highest.", default="0"),
        ),
    )  # fmt: skip


def _conditions(part: Part, there: Parts, manifest: Manifest | None) -> Iterable[Group]:
    help = "All of `all`, any of `any`, none of `not`; a condition is a field or a variable, an operator and a value."
    yield Group("Conditions", (Input("conditions", "conditions", "Conditions", help, required=True),))


def _plan(part: Part, there: Parts, manifest: Manifest | None) -> Iterable[Group]:
    yield Group(
        "What events should look like",
        (
            Input("events", "lines", "Events", "Their names, one a line; none: every event."),
            Input("schema", "json", "JSON Schema", "Of the event data as tags see it; draft 2020-12.", required=True),
            Input("on_violation", "choice", "An event that breaks it", default="is marked",
                  choices=(("pass", "is counted only"), ("annotate", "is marked: x-schema-violations"),
                           ("dead_letter", "is held back, to be replayed"))),
        ),
    )  # fmt: skip


Make = Callable[[Part, Parts, Manifest | None], Iterable[Group]]
_FIRST: dict[str, Make] = {"triggers": _conditions, "schemas": _plan}
"""What comes before the settings."""
_THEN: dict[str, Make] = {"clients": _claiming, "tags": _tag, "variables": _format, "transformations": _scope}
