"""Checks a container against the templates: everything that would go wrong later, all at once, before anything is live.

Errors keep a container from being published. Warnings are what is allowed and probably not meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from runtime.containers.check_schemas import check_schemas
from runtime.containers.check_scripts import MakeScriptCheck, check_scripts
from runtime.containers.claims import check_claims
from runtime.containers.conditions import check_conditions
from runtime.containers.given_settings import check_settings
from runtime.containers.hints import suggest
from runtime.containers.in_order import in_order
from runtime.containers.names import check_circles, check_names
from runtime.containers.references import uses
from runtime.containers.schedules import check_schedules
from runtime.containers.snapshot import instances
from runtime.containers.templates import Templates
from runtime.containers.unreachable import check_unreachable
from runtime.containers.unused import check_unused
from runtime.errors import ContainerInvalid, Problem
from runtime.model.container import Container
from runtime.model.manifest import KIND_FOLDERS
from runtime.text.domains import is_address, is_host_name, registrable


def check(
    container: Container,
    templates: Templates,
    *,
    script_check: MakeScriptCheck | None = None,
    now: datetime | None = None,
) -> list[Problem]:
    """Returns all problems, in the order of the file's parts.

    With `script_check` those of the scripts in use too; with `now`, which has a time zone, those of schedules that are
    over or have not begun.
    """
    return in_order(_problems(container, templates, script_check, now), container)


def _problems(
    container: Container, templates: Templates, script_check: MakeScriptCheck | None, now: datetime | None
) -> Iterator[Problem]:
    given, found = list(_check_instances(container, templates)), list(uses(container))
    told = {problem.path for problem in given}
    yield from _check_domains(container)
    yield from given
    yield from (problem for problem in check_claims(container, templates) if problem.path not in told)
    yield from _check_consent(container, templates)
    yield from check_conditions(container)
    yield from check_schemas(container)
    yield from check_names(container, found)
    yield from check_circles(found)
    yield from check_unused(container, found)
    yield from check_unreachable(container)
    yield from check_schedules(container, now) if now else ()
    yield from check_scripts(container, templates, script_check)


def require_valid(problems: list[Problem]) -> None:
    """Raises ContainerInvalid where any problem is an error."""
    if any(problem.severity == "error" for problem in problems):
        raise ContainerInvalid(problems)


def _check_domains(container: Container) -> Iterator[Problem]:
    for index, domain in enumerate(container.domains):
        path = f"domains.{index}"
        if is_address(domain) or domain == "localhost":
            continue
        if not is_host_name(domain):
            hint = "write the host alone in small letters, international names as xn--…: shop.example"
            yield Problem(path, f"`{domain}` is not a host name", hint)
        elif registrable(domain) is None:
            hint = "name your own domain: no cookie can be set for all of a suffix"
            yield Problem(path, f"`{domain}` is a public suffix, not a domain of one owner", hint)


def _check_instances(container: Container, templates: Templates) -> Iterator[Problem]:
    for kind, path, instance in instances(container):
        template = templates.get(kind, instance.template)
        if template is None:
            yield Problem(f"{path}.template", *_no_template(kind, instance.template, templates))
        else:
            yield from check_settings(path, template.manifest, instance.settings)


def _no_template(kind: str, id: str, templates: Templates) -> tuple[str, str]:
    message = f"there is no {kind} template `{id}`"
    for other in KIND_FOLDERS:
        if templates.get(other, id):
            return message, f"`{id}` is a {other} template"
    return message, suggest(id, templates.ids(kind))


def _check_consent(container: Container, templates: Templates) -> Iterator[Problem]:
    for id, tag in container.tags.items():
        template = templates.get("destination", tag.template)
        if tag.consent is None or template is None or template.manifest.destination is None:
            continue
        missing = [purpose for purpose in template.manifest.destination.consent if purpose not in tag.consent]
        if missing:
            message = f"`{tag.template}` asks for {', '.join(missing)} too; this tag fires without"
            yield Problem(f"tags.{id}.consent", message, "add it, unless you know why not", severity="warning")
