"""A store whose subdomain is looked at: a real server, a proxy with TLS in front of it, and a DNS of its own."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trustme

from runtime.explain.doctor.examine import examine
from runtime.explain.doctor.finding import Finding, Report
from runtime.explain.doctor.place import Net
from runtime.explain.doctor.subject import read_subject
from runtime.http.dns import Dns
from runtime.http.transport import bundled_trust
from runtime.settings import Settings
from tests.support.dns_server import DnsServer, Zone
from tests.support.front import Front, Manners
from tests.support.server import Server

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
DOMAIN, SHOP = "t.shop.example", "shop.example"
ZONE: Zone = {
    SHOP: {"NS": ["ns.shop.example."], "A": ["127.0.0.1"], "CAA": ['0 issue "letsencrypt.org"']},
    "ns.shop.example": {"A": ["127.0.0.1"]},
    DOMAIN: {"A": ["127.0.0.1"]},
}
CONTAINER = """
container: shop
domains: [shop.example]
consent: {default: granted}
clients:
  pixel: {template: meta_pixel}
  json: {template: json_event, settings: {paths: [/e]}}
triggers:
  everything: {all: []}
tags:
  hook: {template: webhook, settings: {endpoint: ENDPOINT}, triggers: [everything]}
"""


@dataclass
class Doctored:
    """All of it, running."""

    server: Server
    front: Front
    dns: DnsServer
    authority: trustme.CA
    folder: Path

    def reset(self) -> None:
        """Puts everything right again."""
        self.front.manners = Manners()
        self.dns.zone = {name: dict(types) for name, types in ZONE.items()}
        self.dns.ttl = 300

    def net(self) -> Net:
        """Returns how to look at it."""
        trust = bundled_trust()
        self.authority.configure_trust(trust)
        dns = Dns([("127.0.0.1", self.dns.port)], LOOPBACK, self.dns.port)
        return Net(dns, trust=trust, allow=LOOPBACK, port=self.front.port)

    def settings(self, **changes: Any) -> Settings:
        """Returns the operator's settings."""
        given: dict[str, Any] = {"data_dir": self.server.data, "allow_addresses": LOOPBACK, **changes}
        return Settings(**given)

    def look(self, domain: str = DOMAIN, shop: str = "", **settings: Any) -> Report:
        """Examines a domain."""
        return examine(read_subject(domain, shop, self.settings(**settings)), self.net())

    def finding(self, name: str, domain: str = DOMAIN, shop: str = "", **settings: Any) -> Finding:
        """Returns what one check says."""
        return next(each for each in self.look(domain, shop, **settings).findings if each.name == name)


@contextmanager
def doctored(folder: Path, endpoint: str) -> Iterator[Doctored]:
    """Starts it; `endpoint` is where its one tag sends to."""
    container = folder / "container.yaml"
    container.write_text(CONTAINER.replace("ENDPOINT", endpoint))
    authority = trustme.CA()
    tls = _speaks(authority.issue_cert(DOMAIN, SHOP, f"*.{SHOP}"))
    with (
        Server(folder / "data", container, env={"FIRSTHAND_TRUSTED_PROXIES": "127.0.0.0/8"}) as server,
        Front(tls, server.port) as front,
        DnsServer(ZONE) as dns,
    ):
        yield Doctored(server, front, dns, authority, folder)


def _speaks(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context
