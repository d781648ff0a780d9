"""A DNS server on loopback that is in charge of a few zones, by UDP and TCP: what it is asked, and what it says."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Zone = Mapping[str, Mapping[str, Sequence[str]]]
"""Name to type to values."""
TTL = 300


class DnsServer:
    """Serves a zone. Its names are there, and those above them; all others are not."""

    def __init__(self, zone: Zone, *, ttl: int = TTL, truncates: bool = False, is_direct: bool = True) -> None:
        """`truncates` sends everybody to TCP; without `is_direct` it never says that it is in charge."""
        self.zone = {name: dict(types) for name, types in zone.items()}
        self.ttl, self.truncates, self.is_direct = ttl, truncates, is_direct
        self.asked: list[tuple[str, str, bool]] = []
        """Name, type, and whether it was asked to look further."""
        self._tcp, self._udp = _bound(self)
        self.port: int = self._udp.server_address[1]

    def answer(self, query: bytes, *, by_tcp: bool) -> bytes:
        """Returns the reply to one query."""
        message = dns.message.from_wire(query)
        question = message.question[0]
        name, kind = question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind, bool(message.flags & dns.flags.RD)))
        reply = dns.message.make_response(message)
        reply.flags |= dns.flags.AA if self.is_direct else 0
        if self.truncates and not by_tcp:
            reply.flags |= dns.flags.TC
            return reply.to_wire()
        types = self.zone.get(name)
        if types is None and not any(known.endswith(f".{name}") for known in self.zone):
            reply.set_rcode(dns.rcode.NXDOMAIN)
            return reply.to_wire()
        for wanted in (kind, "CNAME"):
            if types and types.get(wanted):
                reply.answer.append(dns.rrset.from_text_list(f"{name}.", self.ttl, "IN", wanted, list(types[wanted])))
                break
        return reply.to_wire()

    def __enter__(self) -> DnsServer:
        for server in (self._udp, self._tcp):
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in (self._udp, self._tcp):
            server.shutdown()
            server.server_close()


class _Udp(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        query, sock = self.request
        sock.sendto(self.server.of.answer(query, by_tcp=False), self.client_address)  # type: ignore[attr-defined]


class _Tcp(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        (length,) = struct.unpack("!H", self.rfile.read(2))
        reply = self.server.of.answer(self.rfile.read(length), by_tcp=True)  # type: ignore[attr-defined]
        self.wfile.write(struct.pack("!H", len(reply)) + reply)


def _bound(of: DnsServer) -> tuple[Any, Any]:
    """Returns a TCP and a UDP server on one port that is free for both."""
    while True:
        tcp = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Tcp)
        try:
            udp = socketserver.ThreadingUDPServer(tcp.server_address, _Udp)
        except OSError:
            tcp.server_close()
            continue
        tcp.of = udp.of = of  # type: ignore[attr-defined]
        tcp.daemon_threads = udp.daemon_threads = True
        udp.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        return tcp, udp
