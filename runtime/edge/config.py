"""A version of the container as the edge uses it: compiled once, then only read, and exchanged as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from runtime.edge.claim import ClaimTable, Route
from runtime.edge.client import EdgeClient, Secrets, compile_client, spec_of
from runtime.edge.cors import Cors
from runtime.edge.geo import needs_geo
from runtime.edge.hosts import Hosts, plain_domains
from runtime.model.manifest import FromSetting
from runtime.model.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class EdgeConfig:
    """Everything of one version that a request needs before its answer."""

    version: int
    container: str
    """The container's name."""
    domains: tuple[str, ...]
    claims: ClaimTable[EdgeClient]
    hosts: Hosts
    cors: Cors
    needs_geo: bool
    """Whether anything of the version asks where visitors are."""

    @classmethod
    def build(cls, snapshot: Snapshot, secrets: Secrets) -> EdgeConfig:
        """Compiles a version. `secrets` returns a secret by its name; raises `OperatorError` where one is missing."""
        domains = plain_domains(snapshot.container.domains)
        claims = ClaimTable.build(_routes(snapshot, secrets))
        name, asks = snapshot.container.container, needs_geo(snapshot)
        return cls(snapshot.number, name, domains, claims, Hosts(domains), Cors(domains), asks)


class Placed(NamedTuple):
    """A version in the place where it takes hits. All that differs between two places stands in the hit."""

    config: EdgeConfig
    environment: str = "live"
    preview: str = ""
    """Id of the preview, "" for none."""
    sends: bool = True


def _routes(snapshot: Snapshot, secrets: Secrets) -> Iterator[Route[EdgeClient]]:
    consent = snapshot.container.consent
    for id, client in snapshot.container.clients.items():
        spec = spec_of(client, snapshot)
        settings = snapshot.settings("client", client.template, client.settings)
        compiled = compile_client(id, client, snapshot, consent, secrets)
        hosts = frozenset(host.lower() for host in _texts(spec.hosts, settings))
        for path in _texts(spec.paths, settings):
            yield Route(compiled, path, frozenset(spec.methods), hosts, client.priority)


def _texts(declared: FromSetting | tuple[str, ...], settings: dict[str, Any]) -> tuple[str, ...]:
    """Returns a declared list, or what the setting holds in its place: a list or one text."""
    if not isinstance(declared, FromSetting):
        return declared
    given = settings.get(declared.setting) or ()
    return (given,) if isinstance(given, str) else tuple(map(str, given))
