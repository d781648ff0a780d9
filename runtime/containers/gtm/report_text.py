"""The report of an import as a document: what to do first, then what became of everything, the lost things first."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from runtime.containers.gtm.report import STATUSES, Fate, Report, Status

_TITLES: dict[Status, str] = {
    "unmapped": "Not mapped",
    "approximated": "Approximated: read the differences",
    "mapped": "Mapped",
}
_KIND_WORDS = {"builtInVariable": "built-in variable", "customTemplate": "template"}
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")
_MARKUP = re.compile(r"([\\|\[])")
_LONGEST = 300


def report_text(report: Report, own: Sequence[str]) -> str:
    """Returns the report in Markdown. `own` are the files of the container's own templates."""
    return "".join(f"{line}\n" for line in _lines(report, own))


def _lines(report: Report, own: Sequence[str]) -> Iterator[str]:
    counts = report.counts
    yield f"# Import of a Tag Manager container: {report.container}"
    yield ""
    yield f"{len(report.fates)} things in the export: {', '.join(f'{counts[status]} {status}' for status in STATUSES)}."
    yield from _kinds(report)
    yield from _list("To do before it goes live", report.todo)
    yield from _list("About the export", report.notes)
    yield from _secrets(report)
    for status in ("unmapped", "approximated", "mapped"):
        yield from _table(_TITLES[status], [fate for fate in report.fates if fate.status == status])
    yield from _list("Added, because something refers to it", [f"`{path}`: {reason}" for path, reason in report.added])
    yield from _list("Files of own templates", [f"`{path}`" for path in own])


def _kinds(report: Report) -> Iterator[str]:
    kinds = list(dict.fromkeys(fate.entity.kind for fate in report.fates))
    if kinds:
        yield from ("", f"| what | {' | '.join(STATUSES)} |", "|---|---:|---:|---:|")
    for kind in kinds:
        counted = Counter(fate.status for fate in report.fates if fate.entity.kind == kind)
        yield f"| {_cell(_KIND_WORDS.get(kind, kind))} | {' | '.join(str(counted[status]) for status in STATUSES)} |"


def _list(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield from ("", f"## {title}", "")
        yield from (f"- {_cell(line)}" for line in lines)


def _secrets(report: Report) -> Iterator[str]:
    if not report.secrets:
        return
    yield from ("", "## Secrets", "")
    yield "Values are in `secrets.env` alone, which only its owner may read; container.yaml refers to them by name."
    yield from ("", "| name | environment variable | for | value |", "|---|---|---|---|")
    for secret in report.secrets:
        value = "from the export" if secret["in_export"] == "yes" else "**to be set**"
        yield f"| `{secret['name']}` | `{secret['variable']}` | {_cell(secret['for'])} | {value} |"


def _table(title: str, fates: Sequence[Fate]) -> Iterator[str]:
    if not fates:
        return
    yield from ("", f"## {title} ({len(fates)})", "", "| what | name | is now | why |", "|---|---|---|---|")
    for fate in fates:
        entity = fate.entity
        kind = _KIND_WORDS.get(entity.kind, entity.kind)
        number = f" {entity.id}" if entity.id else ""
        became = f"`{fate.became}`" if fate.became else ""
        reasons = " ".join(_cell(reason) for reason in fate.reasons)
        if entity.unknown:
            reasons += f" Not known here: {_cell(', '.join(entity.unknown))}."
        yield f"| {kind}{_cell(number)} | {_cell(entity.name or '(no name)')} | {_cell(became)} | {reasons} |"


def _cell(text: str) -> str:
    """Returns a text that stays in its cell, whatever it holds."""
    plain = _MARKUP.sub(r"\\\1", _UNPRINTABLE.sub(" ", text)).replace("<", "&lt;")
    return plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]}…"
