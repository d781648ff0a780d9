"""The operator's policy file: read once, whole or not at all, and what it takes from a container's templates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from runtime.containers.interchange import read_document
from runtime.containers.shape import validated
from runtime.containers.snapshot import instances
from runtime.containers.templates import Templates
from runtime.errors import ContainerInvalid, OperatorError, Problem
from runtime.model.container import Container, Instance
from runtime.model.manifest import Manifest
from runtime.model.policy import NO_POLICY, Policy
from runtime.model.reach import Denied, Rule, one_name
from runtime.settings import Settings
from runtime.text.references import setting_named
from runtime.text.secrets import is_reference, reference_name


def policy_in_force(settings: Settings | None = None) -> Policy:
    """Returns the policy that the operator's settings name; those of the environment where none are given.

    Raises OperatorError as `load_policy` does.
    """
    path = (Settings() if settings is None else settings).policy_file
    return NO_POLICY if path is None else load_policy(path)


def load_policy(path: Path) -> Policy:
    """Returns the policy of a file. OperatorError lists every problem of it: half a policy is never in force."""
    try:
        data, problems = read_document(path)
    except ContainerInvalid as error:
        raise _unusable(path, error.problems) from error
    except OperatorError as error:
        raise OperatorError(f"The policy file {path} cannot be read: {error.message}", hint=error.hint) from error
    policy, more = validated(Policy, data)
    if policy is None or problems or more:
        raise _unusable(path, [*problems, *more])
    return policy


def _unusable(path: Path, problems: Iterable[Problem]) -> OperatorError:
    listed = "\n".join(f"  {problem}" for problem in problems)
    return OperatorError(
        f"The policy file {path} cannot be used:\n{listed}\n",
        hint="Mend it, or unset FIRSTHAND_POLICY_FILE to run without a policy.",
    )


def policy_problems(container: Container, templates: Templates, policy: Policy) -> list[Problem]:
    """Returns a warning for everything that the policy takes from the template of an instance."""
    problems = []
    for kind, path, instance in instances(container):
        template = templates.get(kind, instance.template)
        if template is not None:
            taken = _taken(template.manifest, policy.against(template.key), instance)
            problems += [_problem(path, template.key, what, rule) for what, rule in taken]
    return problems


def _problem(path: str, key: str, what: str, rule: Rule) -> Problem:
    message = f"the operator's policy takes {what} {rule[0]} from {key}"
    return Problem(path, message, rule[1], severity="warning")


def _taken(manifest: Manifest, denied: Denied, instance: Instance) -> Iterator[tuple[str, Rule]]:
    asked = manifest.permissions
    cookies = asked.cookies
    kinds: tuple[tuple[str, Iterable[str], tuple[Rule, ...]], ...] = (
        ("the part of the hit", asked.hit.fields if asked.hit else (), denied.hit),
        ("the header", _headers(manifest, instance), denied.headers),
        ("reading the cookie", _names(cookies.read if cookies else (), manifest, instance), denied.cookies_read),
        ("setting the cookie", cookies.set if cookies else (), denied.cookies_set),
        ("the secret", _secrets(manifest, instance), denied.secrets),
        ("the log scope", (asked.log.scope,) if asked.log else (), denied.log),
    )
    for what, granted, rules in kinds:
        yield from ((what, rule) for rule in rules if any(_meet(rule[0], name) for name in granted))
    fields = asked.event.fields if asked.event and manifest.kind != "client" else ()
    yield from (("event data", rule) for rule in denied.event if any(_paths_meet(rule[0], path) for path in fields))
    hosts = list(_hosts(manifest, instance))
    yield from (("the host", rule) for rule in denied.hosts if any(_hosts_meet(rule[0], host) for host in hosts))


def _meet(one: str, other: str) -> bool:
    """Tells whether two names, each perhaps with a `*` at its end, have a name in common."""
    if one.endswith("*") and other.endswith("*"):
        return one.startswith(other[:-1]) or other.startswith(one[:-1])
    if one.endswith("*"):
        return other.startswith(one[:-1])
    return one.startswith(other[:-1]) if other.endswith("*") else one == other


def _paths_meet(one: str, other: str) -> bool:
    """Tells whether two paths have data in common: a path stands for all that lies beneath it too."""
    return any(_meet(a, b) for a in _forms(one) for b in _forms(other))


def _forms(path: str) -> tuple[str, ...]:
    return (path, path.removesuffix(".*")) if path.endswith("*") else (path, f"{path}.*")


def _hosts_meet(denied: str, host: str) -> bool:
    """Tells whether a denial of hosts takes some of those that a name, or `*.name`, stands for."""
    if denied == "*" or denied == host:
        return True
    under_denied = denied.startswith("*.") and host.endswith(denied[1:])
    return under_denied or (host.startswith("*.") and denied.endswith(host[1:]))


def _hosts(manifest: Manifest, instance: Instance) -> Iterator[str]:
    """Yields the hosts that an instance may ask: names of the manifest, and those of its settings."""
    names = manifest.permissions.hosts.names if manifest.permissions.hosts else ()
    for name in (*names, "{setting: endpoint}"):
        setting = setting_named(name)
        host = name.lower() if setting is None else _host_of(_value(manifest, instance, setting))
        if host:
            yield host


def _host_of(url: Any) -> str:
    try:
        return urlsplit(url).hostname or "" if isinstance(url, str) else ""
    except ValueError:
        return ""


def _headers(manifest: Manifest, instance: Instance) -> list[str]:
    asked = manifest.permissions.headers
    return [name.lower() for name in _names(asked.names if asked else (), manifest, instance)]


def _names(asked: Iterable[str], manifest: Manifest, instance: Instance) -> list[str]:
    """Returns the names of headers or cookies that a manifest asks for, and those that the settings give."""
    found: list[str] = []
    for name in asked:
        setting = setting_named(name)
        value = name if setting is None else _value(manifest, instance, setting)
        found += [each for each in (value if isinstance(value, list | tuple) else (value,)) if isinstance(each, str)]
    return found


def _secrets(manifest: Manifest, instance: Instance) -> Iterator[str]:
    """Yields the names of the secrets that an instance's script may place."""
    for field in manifest.permissions.secrets.fields if manifest.permissions.secrets else ():
        value = _value(manifest, instance, field)
        for part in value if isinstance(value, list | tuple) else (value,):
            if is_reference(part):
                yield one_name(reference_name(part))


def _value(manifest: Manifest, instance: Instance, setting: str) -> Any:
    field = manifest.field(setting)
    return instance.settings.get(setting, field.default if field else None)
