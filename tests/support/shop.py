"""A store's container and its hits, for tests that run the whole server."""

from __future__ import annotations

import http.client
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

PIXEL = "1234567890"
SECRETS = {"FIRSTHAND_SECRET_META_TOKEN": "token-of-the-tests", "FIRSTHAND_SECRET_INTAKE": "intake-token-of-the-tests"}
AGENT = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"

CONTAINER = """
container: shop
domains: [shop.localhost]
consent:
  default: granted
clients:
  pixel:
    template: meta_pixel
    settings: {{paths: [/tr]}}
  bridge:
    template: meta_openbridge
    settings: {{paths: [/events]}}
  sdk:
    template: meta_capi_intake
    settings: {{access_tokens: [secret:INTAKE]}}
  json:
    template: json_event
    settings: {{paths: [/e]}}
tags:
  meta:
    template: meta_capi
    settings:
      pixel_id: "{pixel}"
      access_token: secret:META_TOKEN
      endpoint: {endpoint}
    triggers: [everything]
    exceptions: [bots]
triggers:
  everything: {{all: []}}
  bots: {{all: [{{variable: is_bot, is: equals, value: true}}]}}
variables:
  is_bot: {{template: bot}}
"""


def write_container(folder: Path, endpoint: str) -> Path:
    """Writes the container file with a Meta tag that sends to `endpoint`."""
    path = folder / "container.yaml"
    path.write_text(CONTAINER.format(pixel=PIXEL, endpoint=endpoint))
    return path


def purchase(event_id: str, **more: str) -> str:
    """Returns the target of a purchase hit, as the pixel sends it."""
    pairs = {
        "id": PIXEL, "ev": "Purchase", "dl": "https://shop.localhost/thanks", "rl": "", "if": "false",
        "ts": str(int(time.time() * 1000)), "cd[value]": "12.5", "cd[currency]": "EUR", "eid": event_id,
        "fbp": "fb.1.1790000000000.1234567890",
    } | more  # fmt: skip
    return "/tr?" + urlencode(pairs)


class Browser:
    """One kept-alive connection that sends hits, and gives status and body of each answer."""

    def __init__(self, port: int, timeout: float = 10.0) -> None:
        self.port = port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)

    def send(
        self, method: str, target: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Sends one request. Raises OSError or HTTPException where the server went away."""
        self._connection.request(method, target, body=body, headers={"User-Agent": AGENT} | (headers or {}))
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def buy(self, event_id: str) -> bool:
        """Sends a purchase; True where it was acknowledged, False where the server was away or refused."""
        try:
            return 200 <= self.send("GET", purchase(event_id))[0] < 300
        except (OSError, http.client.HTTPException):
            self.close()
            return False

    def post_json(self, target: str, data: Any) -> tuple[int, Any]:
        """Posts JSON and returns status and decoded body."""
        status, body = self.send("POST", target, json.dumps(data).encode(), {"Content-Type": "application/json"})
        return status, json.loads(body or b"null")

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
