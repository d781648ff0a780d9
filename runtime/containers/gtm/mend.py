"""Makes sure that what was made is a container: checks it as `container validate` does, and takes out what is refused.

The mappers avoid what they can foresee; here is the net beneath them. Each thing taken out is told of.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from runtime.containers.check import check
from runtime.containers.gtm.desk import NEVER, NO_VALUE, PARTS, Desk
from runtime.containers.gtm.report import Fate
from runtime.containers.interchange import parse_document
from runtime.containers.references import mentions
from runtime.containers.shape import validated
from runtime.containers.templates import Templates, template_hash
from runtime.errors import OperatorError, Problem
from runtime.model.container import Container
from runtime.model.manifest import KIND_FOLDERS, Manifest
from runtime.model.snapshot import Template

_ROUNDS = 50
_SINGLE = {"clients": "client", "tags": "tag", "triggers": "trigger", "variables": "variable",
           "transformations": "transformation"}  # fmt: skip


def drop_unused(desk: Desk) -> None:
    """Takes out variables that were added for references which then needed none, such as a condition's on the event."""
    settings = [each.get("settings", {}) for part in desk.parts.values() for each in part.values()]
    used = {name for given in settings for _, name in mentions(given, "")}
    used |= {
        each["variable"] for trigger in desk.parts["triggers"].values() for each in trigger["all"] if "variable" in each
    }
    for path, reason in list(desk.report.added):
        part, _, id = path.partition(".")
        if part == "variables" and id not in used:
            del desk.parts[part][id]
            desk.report.added.remove((path, reason))


def break_cycles(desk: Desk) -> None:
    """Takes the value from every variable whose settings lead back to itself."""
    variables = desk.parts["variables"]
    named = {id: [name for _, name in mentions(each.get("settings", {}), "")] for id, each in variables.items()}
    for id in [id for id in variables if id in _reached(named, id)]:
        variables[id] = {"template": NO_VALUE}
        fate = _fate(desk, "variables", id)
        if fate is not None:
            fate.reasons.clear()
            fate.unmapped("It leads back to itself through other variables, so it has no value.", f"variables.{id}")


def _reached(named: Mapping[str, list[str]], start: str) -> set[str]:
    reached: set[str] = set()
    waiting = list(named[start])
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += named.get(name, [])
    return reached


def mend(desk: Desk, container: dict[str, Any]) -> Container:
    """Returns the checked container; changes `container` until it has no error."""
    for _ in range(_ROUNDS):
        model, problems = validated(Container, container)
        if model is not None:
            problems = check(model, _templates(desk))
        errors = [problem for problem in problems if problem.severity == "error"]
        if not errors and model is not None:
            return model
        for path, problem in {problem.path: problem for problem in errors}.items():
            _mend(desk, container, path.split("."), problem)
    raise OperatorError("No container could be made of the export.", hint="Report the export's form as a fault.")


def _mend(desk: Desk, container: dict[str, Any], path: list[str], problem: Problem) -> None:
    part, id = path[0], path[1] if len(path) > 1 else ""
    parts = container.get(part)
    if part not in _SINGLE or not isinstance(parts, dict) or id not in parts:
        container.pop(part, None)
        desk.report.notes.append(f"{part} was left out: {problem.message}.")
        return
    instance, reason = parts[id], f"{'.'.join(path[2:]) or 'It'} was left out: {problem.message}."
    if len(path) > 3 and path[2] == "settings" and path[3] in instance.get("settings", {}):
        del instance["settings"][path[3]]
        _tell(desk, part, id, reason)
    elif part == "variables":
        parts[id] = {"template": NO_VALUE}
        _lose(desk, part, id, problem)
    elif part == "triggers":
        parts[id] = {"all": [NEVER]}
        _lose(desk, part, id, problem)
    else:
        _drop(desk, container, part, id, problem)


def _drop(desk: Desk, container: dict[str, Any], part: str, id: str, problem: Problem) -> None:
    """Removes a client, a tag or a transformation; tags that lose a transformation are paused."""
    removed = container[part].pop(id)
    _lose(desk, part, id, problem, became="")
    if part == "tags":
        for step in [key for key, each in container["transformations"].items() if each.get("tags") == [id]]:
            _drop(desk, container, "transformations", step, problem)
        for step in container["transformations"].values():
            step["tags"] = [tag for tag in step.get("tags", []) if tag != id]
        for tag in container["tags"].values():
            for key in ("setup", "teardown"):
                if tag.get(key, {}).get("tag") == id:
                    del tag[key]
    elif part == "transformations" and removed.get("template") != "augment":
        for tag in removed.get("tags") or container["tags"]:
            if tag in container["tags"]:
                container["tags"][tag]["paused"] = True


def _lose(desk: Desk, part: str, id: str, problem: Problem, became: str | None = None) -> None:
    fate = _fate(desk, part, id)
    if fate is not None:
        del fate.reasons[:1]  # what it was mapped to
        fate.unmapped(f"It cannot be kept: {problem.message}.", f"{part}.{id}" if became is None else became)
    else:
        desk.report.notes.append(f"{part}.{id} was left out: {problem.message}.")


def _tell(desk: Desk, part: str, id: str, reason: str) -> None:
    fate = _fate(desk, part, id)
    if fate is not None:
        fate.differs(reason)
    else:
        desk.report.notes.append(f"{part}.{id}: {reason}")


def _fate(desk: Desk, part: str, id: str) -> Fate | None:
    return next(
        (fate for fate in desk.report.fates if PARTS.get(fate.entity.kind) == part and desk.id(fate.entity) == id), None
    )


def _templates(desk: Desk) -> Templates:
    """Returns the built-in templates and the stubs."""
    own: dict[str, Template] = {}
    for path, text in desk.files.items():
        if path.endswith("/manifest.yaml"):
            data, _ = parse_document(text.encode())
            manifest = Manifest.model_validate(data)
            script = desk.files[f"{path.rpartition('/')[0]}/{manifest.kind}.lua"]
            own[f"{manifest.kind}/{manifest.id}"] = Template(manifest, script, template_hash(manifest, script))
    assert all(key.partition("/")[0] in KIND_FOLDERS for key in own)
    by_key = MappingProxyType({**desk.built_in.by_key, **own})
    return Templates(by_key, desk.built_in.shared, desk.built_in.built_in)
