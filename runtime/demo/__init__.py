"""The demo: a container whose Meta tag sends nothing, and a tiny shop that has the pixel snippet.

Served under /demo with the demo container only. `shop.localhost` is a loopback name that browsers keep cookies for.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
NAME = "firsthand-demo"
"""The demo container's name, by which a running server knows that it serves the demo."""
CONTAINER = FOLDER / "container.yaml"
SHOP = FOLDER / "shop"

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'"


def pages() -> dict[str, Path]:
    """Returns the demo's files by URL path; a page's path has no ending."""
    paths = {"/": SHOP / "welcome.html", "/demo": SHOP / "index.html"}
    for file in SHOP.iterdir():
        if file.suffix == ".html":
            paths.setdefault(f"/demo/{file.stem}", file)
        else:
            paths[f"/demo/{file.name}"] = file
    return paths
