"""The files of a stub: manifest, script, one example, and the original's code as comments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from runtime.containers.check_scripts import OWN
from runtime.containers.gtm.tpl import CustomTemplate
from runtime.containers.yaml_text import yaml_text
from runtime.model.manifest import KIND_FOLDERS, Kind

_HEAD = """\
-- A stub, written by the import of a Tag Manager container: nothing here does yet what the original did.
-- The original's code is in original.js.txt where the export held it; it is never run. Port it to Lua, ask for the
-- permissions that it needs in manifest.yaml, and replace the example.
"""
_SCRIPTS: dict[Kind, str] = {
    "destination": """\
local function map()
  return nil, "stub: this destination is a stub of an imported template; port it to Lua"
end


local function request()
  return { method = "POST", url = "https://stub.invalid/" }
end


return { map = map, request = request }
""",
    "client": """\
local function parse()
  return nil, "stub", "This client is a stub of an imported template; port it to Lua."
end


return { parse = parse }
""",
    "variable": """\
local function resolve()
  return nil
end


return { resolve = resolve }
""",
}
_EXAMPLES: dict[Kind, dict[str, Any]] = {
    "destination": {
        "title": "Every event is dropped",
        "event": {"event_name": "purchase", "event_id": "o-1"},
        "expect": {"dropped": "stub"},
    },
    "variable": {
        "title": "There is never a value",
        "event": {"event_name": "purchase", "event_id": "o-1"},
        "expect": {"value": None},
    },
}


def stub_files(
    id: str,
    kind: Kind,
    title: str,
    fields: list[dict[str, Any]],
    template: CustomTemplate | None,
    summary: str = "",
) -> dict[str, str]:
    """Returns the files of a stub, text by path beside the container's file."""
    folder = f"{OWN}/{KIND_FOLDERS[kind]}/{id}"
    files = {
        f"{folder}/manifest.yaml": yaml_text(_manifest(id, kind, title, fields, summary)),
        f"{folder}/{kind}.lua": f"{_HEAD}\n\n{_SCRIPTS[kind]}",
        f"{folder}/examples/stub.yaml": yaml_text(_example(id, kind)),
    }
    if template is not None and (template.code or template.permissions):
        files[f"{folder}/original.js.txt"] = "".join(f"{line}\n" for line in _original(template))
    return files


def _manifest(id: str, kind: Kind, title: str, fields: list[dict[str, Any]], summary: str) -> dict[str, Any]:
    name = " ".join(title.split())[:100] or id
    manifest: dict[str, Any] = {
        "id": id,
        "kind": kind,
        "name": name,
        "summary": summary or f"A stub that does nothing, in the place of the Tag Manager template {name}.",
    }
    if fields:
        manifest["fields"] = fields
    if kind == "client":
        manifest["client"] = {"methods": ["GET", "POST"], "paths": [_path(id)], "decode": "none"}
    if kind == "destination":
        manifest["destination"] = {"consent": []}
    return manifest


def _path(id: str) -> str:
    """Returns a path of the stub's own, which nothing sends to: a client has to claim something."""
    return f"/gtm-stub/{id}"


def _example(id: str, kind: Kind) -> dict[str, Any]:
    if kind != "client":
        return _EXAMPLES[kind]
    hit = {"method": "GET", "url": f"https://t.shop.example{_path(id)}"}
    return {"title": "Every hit is a dead letter", "hit": hit, "expect": {"dead": "stub"}}


def _original(template: CustomTemplate) -> Iterator[str]:
    yield f"// {' '.join(template.title.split())}: the code and the permissions of the original, never run."
    for title, text in (("Code", template.code), ("Permissions", template.permissions)):
        if text:
            yield "//"
            yield f"// {title}:"
            yield from (f"// {line}".rstrip() for line in text.splitlines())
