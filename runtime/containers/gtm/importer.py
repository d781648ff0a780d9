"""An export, from its bytes to the files of a container and the report. Pure: equal bytes give equal files."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from runtime.containers.check_scripts import OWN
from runtime.containers.export import CONTAINER
from runtime.containers.gtm.built_ins import declare_built_in, map_built_in, missing
from runtime.containers.gtm.clients import counterpart, map_client
from runtime.containers.gtm.desk import NO_VALUE, Desk
from runtime.containers.gtm.destinations import destination_of
from runtime.containers.gtm.entity import Entity, text_of
from runtime.containers.gtm.mend import break_cycles, drop_unused, mend
from runtime.containers.gtm.names import slug
from runtime.containers.gtm.read import Source, members, read_export
from runtime.containers.gtm.references import References
from runtime.containers.gtm.report import Fate, Report
from runtime.containers.gtm.report_text import report_text
from runtime.containers.gtm.secrets import take_secrets
from runtime.containers.gtm.secrets_file import GIT_IGNORED, SECRETS, secrets_text
from runtime.containers.gtm.stubs import finish_stubs, map_template, no_value_files
from runtime.containers.gtm.tags import add_companions, map_tag
from runtime.containers.gtm.tpl import CustomTemplate, read_template
from runtime.containers.gtm.transformations import map_transformation
from runtime.containers.gtm.triggers import map_trigger
from runtime.containers.gtm.variables import declare_variable, map_variable
from runtime.containers.gtm.vault import Vault
from runtime.containers.templates import Templates
from runtime.containers.yaml_text import yaml_text
from runtime.errors import OperatorError
from runtime.model.container import Container
from runtime.text.domains import registrable
from runtime.text.references import is_id
from runtime.text.secrets import variable_name

REPORT = "report.md"

_MAPPERS: dict[str, Callable[[Desk, Entity, Fate], None]] = {
    "client": map_client,
    "builtInVariable": map_built_in,
    "variable": map_variable,
    "trigger": map_trigger,
    "tag": map_tag,
    "transformation": map_transformation,
}


@dataclass(frozen=True)
class Imported:
    """What an export became."""

    container: Container
    files: dict[str, str]
    """Text by path: container.yaml, templates/, report.md, and what holds or hides secrets."""
    report: Report

    @property
    def has_secrets(self) -> bool:
        """Whether there is a file of secrets among the files."""
        return SECRETS in self.files


def import_gtm(raw: bytes, built_in: Templates, *, name: str = "") -> Imported:
    """Returns the container that an export becomes; OperatorError where the bytes are no export.

    `name` is the container's id; without it the export's own name decides.
    """
    if name and not is_id(name):
        raise OperatorError(
            f"`{name}` cannot be a container's id.", hint="Use letters, digits, `-` and `_`, a letter first."
        )
    source = read_export(raw)
    vault = take_secrets(source.version)
    desk = _desk(source, built_in, vault)
    fates = [desk.report.fate(entity) for entity in desk.entities]
    _declare(desk)
    for fate in fates:
        _map(desk, fate)
    for fate in fates:
        if fate.entity.kind == "tag" and fate.entity.is_object:
            add_companions(desk, fate.entity, fate)
    finish_stubs(desk)
    drop_unused(desk)
    break_cycles(desk)
    container = _container(desk, source, name)
    spare = no_value_files()
    desk.files |= spare
    model = mend(desk, container)
    if not _needs_no_value(container):
        desk.files = {path: text for path, text in desk.files.items() if path not in spare}
    return Imported(model, _files(desk, container), desk.report)


def _needs_no_value(container: dict[str, Any]) -> bool:
    """Tells whether a variable is without value; or nothing is there, and `container test` asks for some example."""
    instances = [
        each for part in ("clients", "tags", "variables", "transformations") for each in container[part].values()
    ]
    return not instances or any(each["template"] == NO_VALUE for each in instances)


def _desk(source: Source, built_in: Templates, vault: Vault) -> Desk:
    entities = [
        Entity(kind, place, raw if isinstance(raw, dict) else {}, isinstance(raw, dict))
        for kind, place, raw in members(source.version)
    ]
    desk = Desk(built_in=built_in, report=Report(notes=source.notes), vault=vault, entities=entities)
    desk.references = References(partial(missing, desk))
    desk.templates = [read_template(entity) for entity in desk.of("customTemplate")]
    return desk


def _declare(desk: Desk) -> None:
    for entity in desk.of("builtInVariable"):
        declare_built_in(desk, entity)
    for entity in desk.of("variable"):
        declare_variable(desk, entity)
    for entity in desk.of("folder"):
        desk.parts["folders"][desk.id(entity)] = {"note": entity.text("notes")} if entity.text("notes") else {}


def _map(desk: Desk, fate: Fate) -> None:
    entity = fate.entity
    mapper = _MAPPERS.get(entity.kind)
    if not entity.is_object:
        fate.unmapped("It is no object, so there is nothing that could be read.")
    elif mapper is not None:
        mapper(desk, entity, fate)
    elif entity.kind == "folder":
        fate.mapped(f"folders.{desk.id(entity)}", "It is a folder.")
    elif entity.kind == "customTemplate":
        template = next(each for each in desk.templates if each.entity is entity)
        map_template(desk, template, _counterpart(desk, template), fate)
    elif entity.kind == "zone":
        fate.unmapped("Zones load other containers into a page; a server has one container, so there are none here.")
    else:
        fate.unmapped(f"A container has no {entity.kind} here.")


def _counterpart(desk: Desk, template: CustomTemplate) -> str:
    destination = destination_of(template)
    client = counterpart(template.gallery)
    if destination is not None and desk.has("destination", destination.id):
        return f"destination {destination.id}"
    return f"client {client}" if client and desk.has("client", client) else ""


def _container(desk: Desk, source: Source, name: str) -> dict[str, Any]:
    given = source.version.get("container")
    about = given if isinstance(given, dict) else {}
    title = text_of(about.get("name")) or text_of(source.version.get("name")) or text_of(about.get("publicId"))
    desk.report.container = name or slug(title, "imported")
    urls = about.get("taggingServerUrls")
    hosts = [_host(url) for url in urls] if isinstance(urls, list) else []
    domains = list(dict.fromkeys(domain for host in hosts if host and (domain := registrable(host))))
    _tell_of_container(desk, about, domains)
    head: dict[str, Any] = {"container": desk.report.container}
    if note := text_of(source.version.get("description")):
        head["note"] = note
    return head | ({"domains": domains} if domains else {}) | desk.parts


def _host(url: Any) -> str:
    try:
        host = urlsplit(text_of(url)).hostname or ""
    except ValueError:
        return ""
    return host if re.fullmatch(r"[a-z0-9.-]+", host) else ""


def _tell_of_container(desk: Desk, about: dict[str, Any], domains: list[str]) -> None:
    todo = desk.report.todo
    contexts = about.get("usageContext")
    if isinstance(contexts, list) and contexts and not any(text_of(each).lower() == "server" for each in contexts):
        desk.report.notes.append(
            "This is the export of a container for pages or apps, not for a server; little of it can be carried over."
        )
    if not domains:
        todo.append("domains: the export names no server address; add your domain, or cookies belong to one host only.")
    todo.append(
        "consent: a hit that says nothing about consent counts as denied here, and tags do not fire without what they "
        "need; where your pages ask before they send, set consent.default to granted."
    )


def _files(desk: Desk, container: dict[str, Any]) -> dict[str, str]:
    shown = {key: part for key, part in container.items() if part not in ({}, [], "")}
    files = {CONTAINER: yaml_text(shown), **dict(sorted(desk.files.items()))}
    vault, report = desk.vault, desk.report
    for secret in sorted(vault.values.keys() | vault.unset.keys()):
        where = vault.where.get(secret) or vault.unset[secret]
        held = "yes" if secret in vault.values else "no"
        report.secrets.append({"name": secret, "variable": variable_name(secret), "for": where, "in_export": held})
    if report.secrets:
        files[SECRETS] = secrets_text(vault)
        files[".gitignore"] = GIT_IGNORED
    files[REPORT] = report_text(report, [path for path in files if path.startswith(f"{OWN}/")])
    return files
