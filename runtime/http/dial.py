"""Opens a connection and looks at the certificate that comes with it. Nothing is sent over it."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from cryptography import x509

from runtime.errors import AddressRefused
from runtime.http.addresses import Network, judge

DIAL_S = 4.0

Fault = Literal["", "refused", "timeout", "connect", "certificate", "tls"]
"""refused: by the address guard · connect: nobody takes connections · certificate: it does not prove the name · tls:
there is no TLS, or none of ours."""


@dataclass(frozen=True)
class Certificate:
    """What a server shows."""

    names: tuple[str, ...]
    issuer: str
    """Who signed it, "" where it does not say."""
    until: float
    """Unix seconds from which on it is no longer valid."""


@dataclass(frozen=True)
class Dialled:
    """What came of one address."""

    address: str
    fault: Fault = ""
    message: str = ""
    ms: float = 0
    certificate: Certificate | None = None


async def dial(
    host: str,
    address: str,
    port: int,
    *,
    trust: ssl.SSLContext | None,
    allow: Sequence[Network] = (),
    wait_s: float = DIAL_S,
) -> Dialled:
    """Connects to one address of a host, by TLS unless `trust` is None, and hangs up. Never raises for what the other
    side does."""
    began = time.monotonic()
    try:
        judge(address, port, allow)
        certificate = await _shown(host, address, port, trust, wait_s)
    except AddressRefused as error:
        return Dialled(address, "refused", error.message)
    except TimeoutError:
        return Dialled(address, "timeout", f"no connection within {wait_s:g} s")
    except ssl.SSLCertVerificationError as error:
        with suppress(OSError, TimeoutError, ValueError):
            return Dialled(
                address, "certificate", error.verify_message, 0, await _unproven(host, address, port, wait_s)
            )
        return Dialled(address, "certificate", error.verify_message)
    except ssl.SSLError as error:
        return Dialled(address, "tls", error.reason or "no TLS")
    except (OSError, ValueError) as error:  # ValueError: a certificate that cannot be read.
        return Dialled(address, "connect", getattr(error, "strerror", None) or str(error))
    return Dialled(address, "", "", (time.monotonic() - began) * 1000, certificate)


async def _shown(host: str, address: str, port: int, trust: ssl.SSLContext | None, wait_s: float) -> Certificate | None:
    async with asyncio.timeout(wait_s):
        _, writer = await asyncio.open_connection(address, port, ssl=trust, server_hostname=host if trust else None)
    try:
        secured = writer.get_extra_info("ssl_object")
        shown = secured.getpeercert(binary_form=True) if secured else None
        return _read(shown) if shown else None
    finally:
        writer.transport.abort()  # A polite end would wait for the other side.


async def _unproven(host: str, address: str, port: int, wait_s: float) -> Certificate | None:
    """Returns the certificate that was refused, to tell what is wrong with it."""
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    return await _shown(host, address, port, trusting, wait_s)


def _read(der: bytes) -> Certificate:
    found = x509.load_der_x509_certificate(der)
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        listed = tuple(names.get_values_for_type(x509.DNSName))
    except x509.ExtensionNotFound:
        listed = ()
    said = found.issuer.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME)
    issuer = str(said[0].value) if said else ""
    return Certificate(listed, issuer, found.not_valid_after_utc.timestamp())
