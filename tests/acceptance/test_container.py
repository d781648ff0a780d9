"""The documented example container works word for word, and so does the one in the README."""

from __future__ import annotations

import json
import re
import textwrap
import time
from pathlib import Path

import pytest

from tests.support.server import Server, command, until
from tests.support.shop import PIXEL, SECRETS, Browser

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "tests/containers/demo_shop.yaml"


def readme_container(folder: Path) -> Path:
    block = re.search(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert block
    path = folder / "readme.yaml"
    path.write_text(textwrap.dedent(block[1]))
    return path


def containers(folder: Path) -> dict[str, Path]:
    return {"example": EXAMPLE, "readme": readme_container(folder)}


@pytest.mark.parametrize("name", ["example", "readme"])
def test_validates(name: str, tmp_path: Path) -> None:
    done = command("container", "validate", str(containers(tmp_path)[name]), data=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["example", "readme"])
def test_every_client_takes_hits(name: str, tmp_path: Path) -> None:
    """Sent by a crawler, so that the exception keeps the Meta tag from sending: nothing leaves this machine."""
    crawler = {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}
    user = {"em": "a" * 64, "client_user_agent": crawler["User-Agent"]}
    event = {"event_name": "PageView", "event_time": int(time.time()), "user_data": user}
    sdk = json.dumps({"data": [event], "access_token": SECRETS["FIRSTHAND_SECRET_INTAKE"]}).encode()
    hits = [
        ("GET", f"/tr/?id={PIXEL}&ev=PageView&dl=https://shop.example/", None),
        (
            "POST",
            "/events",
            b'{"event_name":"PageView","fb.pixel_id":"111","website_context":{"location":"https://shop.example"}}',
        ),
        ("POST", f"/v25.0/{PIXEL}/events", sdk),
        ("POST", f"/capi/{PIXEL}/events", sdk),
        ("POST", "/e", b'[{"event_name": "page_view"}, {"event_name": "search"}]'),
    ]
    with Server(tmp_path / "data", containers(tmp_path)[name], env=SECRETS) as server:
        with Browser(server.port) as browser:
            for method, target, body in hits:
                status, answer = browser.send(method, target, body, crawler | {"Content-Type": "application/json"})
                assert status == 200, (target, answer)
        with until("six events") as wait:
            while len(lines := listed(server)) < 6:
                wait()
    assert all('"blocked: bots"' in line for line in lines), lines


def listed(server: Server) -> list[str]:
    return command("events", "list", "--json", data=server.data).stdout.splitlines()
