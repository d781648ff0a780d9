"""`firsthand doctor`: is the store's subdomain set up so that browsers keep what the collector gives them?"""

from __future__ import annotations

import ssl
from pathlib import Path

import orjson
import typer

from runtime.cli.options import read_settings
from runtime.cli.output import printable
from runtime.errors import OperatorError
from runtime.explain.doctor.examine import examine
from runtime.explain.doctor.finding import Report
from runtime.explain.doctor.place import HTTPS, Net
from runtime.explain.doctor.subject import read_subject
from runtime.http.dns import PORT, Dns
from runtime.http.transport import bundled_trust
from runtime.settings import Settings

_MARKS = {"ok": "ok     ", "warn": "WARN   ", "bad": "BAD    ", "unknown": "unknown"}


def doctor(
    domain: str = typer.Argument(help="The collector's domain, t.shop.example; or a path of the store's own host."),
    shop: str = typer.Option("", help="Host of the store's pages; default: the container's first domain."),
    data: Path | None = typer.Option(None, help="Data folder; default $FIRSTHAND_DATA_DIR or ./data."),
    json: bool = typer.Option(False, "--json", help="Print one JSON object."),
    resolver: str = typer.Option("", help="Ask this DNS server, ADDRESS or ADDRESS:PORT, in place of the machine's."),
    ca: Path | None = typer.Option(None, help="File of an authority of your own to trust too.", exists=True),
    port: int = typer.Option(HTTPS, help="Port of the collector and the store by https.", hidden=True),
) -> None:
    """Look at DNS, TLS, cookies, Safari's verdict, clock, disk, and destinations. Exit 1 where anything is bad.

    It sends nothing to a destination and makes no hit.
    """
    settings = read_settings(data)
    report = examine(read_subject(domain, shop, settings), _net(settings, resolver, ca, port))
    typer.echo(orjson.dumps(report.as_dict()) if json else _text(report))
    raise typer.Exit(1 if report.worst == "bad" else 0)


def _net(settings: Settings, resolver: str, ca: Path | None, port: int) -> Net:
    allow = settings.allow_addresses
    server = _server(resolver)
    # Who names a resolver of its own has one that answers for all of it.
    dns = Dns([server], allow=allow, port=server[1]) if server else Dns(allow=allow)
    trust = bundled_trust()
    if ca is not None:
        try:
            trust.load_verify_locations(ca)
        except (OSError, ssl.SSLError) as error:
            raise OperatorError(f"{ca} holds no certificate of an authority: {error}.") from None
    return Net(dns, trust=trust, allow=allow, port=port)


def _server(text: str) -> tuple[str, int] | None:
    if not text:
        return None
    host, _, number = text.rpartition(":") if text.count(":") == 1 else (text.strip("[]"), "", "")
    if number and not number.isdecimal():
        raise OperatorError(f"`{text}` is no DNS server.", hint="Write it like 9.9.9.9 or 127.0.0.1:5353.")
    return host, int(number or PORT)


def _text(report: Report) -> str:
    lines = [f"{report.domain}, for pages of {report.shop}", ""]
    for each in report.findings:
        lines.append(f"{_MARKS[each.state]}  {each.title}: {printable(each.found)}")
        if each.todo:
            lines.append(f"         → {printable(each.todo)}")
    return "\n".join(lines)
