"""Asks a collector whether it takes hits."""

from __future__ import annotations

import http.client

PATIENCE_S = 2.0


def ask_ready(host: str, port: int) -> tuple[int, bytes]:
    """Returns status and body of `/readyz`. Raises OSError or HTTPException where nobody answers."""
    connection = http.client.HTTPConnection(host, port, timeout=PATIENCE_S)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def is_ready(host: str, port: int) -> bool:
    """Tells whether the collector there says that it takes hits; one that does not answer in time takes none."""
    try:
        return ask_ready(host, port)[0] == 200
    except (OSError, http.client.HTTPException):
        return False
