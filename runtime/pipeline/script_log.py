"""Which lines of scripts go into the process log, and in what form.

Only those of templates whose manifest asks for the log scope `always`.
Who said a line is what the host wrote before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from runtime.model.event import Outcome
from runtime.model.snapshot import Snapshot
from runtime.text.redaction import mask_line


def speakers(snapshot: Snapshot) -> dict[str, str]:
    """Returns the templates whose lines go into the process log, by what their instances' lines begin with."""
    container = snapshot.container
    kinds = (
        ("client", "client", container.clients),
        ("tag", "destination", container.tags),
        ("variable", "variable", container.variables),
        ("transformation", "transformation", container.transformations),
    )
    found: dict[str, str] = {}
    for word, kind, instances in kinds:
        for id, instance in instances.items():
            template = snapshot.template(kind, instance.template)
            if template.logs_always:
                found[f"{word} {id}"] = template.key
    return found


def public_lines(outcome: Outcome, speakers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yields template and line, personal data masked, of what the process log shall hold."""
    for line in outcome.logs if speakers else ():
        speaker = line.partition(":")[0]
        if speaker in speakers:
            yield speakers[speaker], mask_line(line)
