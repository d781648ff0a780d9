"""What pages load from others: as it was built, each file with its licence, and a lock file that names no server."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from admin_ui.assets import STATIC

VENDOR = STATIC / "vendor"
FRONTEND = Path(__file__).parents[2] / "admin_ui" / "frontend"
NOTES = {"manifest.json", "LICENSES"}


def manifest() -> dict[str, dict[str, object]]:
    files: dict[str, dict[str, object]] = json.loads((VENDOR / "manifest.json").read_text())["files"]
    return files


def test_every_file_is_as_it_was_built() -> None:
    files = {path.name for path in VENDOR.iterdir() if path.suffix != ".map"} - NOTES
    assert files == manifest().keys()
    for name, about in manifest().items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == about["sha256"], f"{name}: `make frontend`"


def test_every_package_is_locked_and_has_its_licence() -> None:
    locked = json.loads((FRONTEND / "package-lock.json").read_text())["packages"]
    licences = (VENDOR / "LICENSES").read_text()
    found = [package for about in manifest().values() for package in about["packages"]]  # type: ignore[attr-defined]
    assert len(found) > 10
    for package in found:
        name, version = package["name"], package["version"]
        assert locked[f"node_modules/{name}"]["version"] == version
        assert package["license"] in ("MIT", "0BSD", "BSD-0-Clause")
        assert f"{name} {version}\n" in licences


def test_the_lock_file_names_no_server() -> None:
    text = (FRONTEND / "package-lock.json").read_text()
    assert "resolved" not in text
    assert "://" not in "".join(line for line in text.splitlines() if '"url"' not in line)
    wanted = json.loads((FRONTEND / "package.json").read_text())["devDependencies"]
    assert all(version[0].isdigit() for version in wanted.values()), "exact versions"
