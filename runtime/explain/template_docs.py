"""Writes tags/README.md from the manifests and examples, so that the index of templates is never out of date.

`python -m runtime.explain.template_docs` writes the file; a test fails where it is stale.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from runtime.containers.templates import BUILT_IN, load_template
from runtime.explain import container_docs, permission_docs, sgtm_apis, walkthrough
from runtime.explain.example import example_files, load_example
from runtime.model.manifest import KIND_FOLDERS, Field, Kind, Manifest

INTRODUCTION = """\
# Templates

One template is one folder. This file is written from the manifests and examples by
`python -m runtime.explain.template_docs`; change those, not this.

## Adding one

WALKTHROUGH1. `firsthand new-template KIND ID` makes the folder; KIND is client, destination, variable or
   transformation.
2. Write examples first, one file each in `examples/`: the input, and all that shall come of it, compared whole. Every
   setting is used by an example. A destination has one for consent denied, for a retry, for a rejection and for
   missing settings; a client one for a hit that it takes and one for a hit that it does not.
3. Write the script. It returns a table of functions and reaches nothing but its arguments, Lua's safe libraries, the
   [kit](KIT.md) (`json`, `text`, `crypto`, …; [for editors](kit.d.lua)) and the shared modules that the manifest names.
   A script that grows too long has modules of its own, `modules/<id>_<name>.lua`, which the manifest lists under
   `shared` as well: each call makes them anew, so they keep nothing. Whoever knows sGTM finds
   [each of its APIs](#coming-from-sgtm) below.

   | kind | file | function | returns |
   |---|---|---|---|
   | client | `client.lua` | `parse(hit, settings)` | a list of events and repairs, or nil, a reason and a message |
   | destination | `destination.lua` | `map(event, settings, consent)` | an item and options, or nil and a reason |
   | | | `request(batch, settings)` | method, url, headers and body |
   | | | `verdict(response, batch)` | a disposition: delivered, retry or reject |
   | variable | `variable.lua` | `resolve(event, settings, consent, answer)` | a value |
   | | | `lookup(event, settings, consent)` | method (GET or POST), url, headers and body; or nil |
   | transformation | `transformation.lua` | `apply(event, settings, consent)` | the event |

   A variable that asks a server has a part `lookup:` in its manifest (`timeout_ms`, `ttl_s`, `failed_ttl_s`, each a
   number or `{setting: name}`; `{}` for the defaults), describes the request in `lookup`, and gets the answer in
   `resolve`: once an event, and recorded with the hit, so that whatever runs the hit again sees the same.

4. Ask for no more than the script needs: each [permission](#permissions) in the manifest says why. What is not asked
   for is refused.
5. Draw an `icon.svg` below 4 KB: shapes only, no script, no link, no text of others.
6. `firsthand try FOLDER --event FILE` runs it once in the real sandbox, `firsthand container test FOLDER` runs all of
   its examples. Templates that come with Firsthand keep a contract besides, which `tests/contracts` and
   `tests/tags/test_contract.py` check: whatever is taken from a manifest's permissions, an example notices; no
   secret's value appears anywhere but in what is sent; every run gives the same bytes.

## An example file

| key | for | holds |
|---|---|---|
| `title`, `description` | all | what it shows |
| `settings` | all | the instance's settings; a secret stands as `secret:NAME` |
| `secrets` | all | values of those secrets, where they matter: a client's token, a signature to compare |
| `at` | all | the time, Unix seconds; scripts know no other |
| `hit` | client | `method`, `url`, `headers`, `cookies`, `client_ip`, and one of `body`, `json`, `form` |
| `event` | the others | event data; with `hit` beside it where the script reads of the request that brought it |
| `consent` | all but a client | what the visitor granted; absent = everything |
| `expect` | client | `events` (a dead one is `{dead: reason}`), `repairs`; or `dead`; or `refused` (status, reason) |
| | client | beside these: facts of the `hit`, and parts of the `answer` (status, type, body, json) |
| | destination | `item` and `key`; or `dropped`, `denied`, `fault`; and the `request` for this one item |
| | destination | or `invalid`: the fields whose settings are missing or wrong |
| | variable | `value`; and the `lookups` that it makes (`method`, `url`, `headers`, `body` or `json`) |
| | transformation | `event` |
| `lookups` | variable | what servers answer to its look-ups (`status`, `body` or `json`), or why not: `failed` |
| `answers` | destination | the vendor's (`status`, `headers`, `body` or `json`, `count`), each with its `verdict` |

What the host fills into a client's event from the hit (time, address, page, cookies) may be left out of `events`.

A container's own templates lie in the same form in `templates/` beside its container.yaml.
""".replace("WALKTHROUGH", walkthrough.TEXT)

SGTM = """\
Each server API of sGTM, and where it is here. 65 are counted: every module that a template there can `require`, each
name by itself.
"""

TITLES: dict[Kind, str] = {
    "client": "Clients",
    "destination": "Destinations",
    "variable": "Variables",
    "transformation": "Transformations",
}


def template_index(folder: Path) -> str:
    """Returns the text of tags/README.md for the templates of a folder."""
    return "\n".join([INTRODUCTION, *_tables(), *_sections(folder)])


def _tables() -> Iterator[str]:
    yield container_docs.section()
    yield f"## Permissions\n\n{permission_docs.table()}"
    yield f"## Coming from sGTM\n\n{SGTM}\n{sgtm_apis.table()}\n{container_docs.variables_table()}"


def _sections(folder: Path) -> Iterator[str]:
    for kind, name in KIND_FOLDERS.items():
        places = [path for path in sorted((folder / name).glob("*/")) if (path / "manifest.yaml").exists()]
        yield f"## {TITLES[kind]}\n"
        for place in places:
            yield from _template(load_template(place).manifest, place, name)


def _template(manifest: Manifest, place: Path, kinds: str) -> Iterator[str]:
    yield f"### [{manifest.name}]({kinds}/{manifest.id}/): `{manifest.id}`\n"
    yield f"{manifest.summary}{_vendor(manifest)}\n"
    if manifest.fields:
        yield "| setting | type | default | |\n|---|---|---|---|"
        yield from (_field(field) for field in manifest.fields)
        yield ""
    yield f"Examples: {', '.join(_titles(place))}.\n"


def _vendor(manifest: Manifest) -> str:
    vendor = manifest.vendor
    if vendor is None:
        return ""
    api = f"{vendor.api} {vendor.version}".strip()
    return f" Format: [{api}]({vendor.docs}), checked {vendor.checked}."


def _field(field: Field) -> str:
    kind = f"list of {field.items}" if field.type == "list" else field.type
    choices = f": {', '.join(field.choices)}" if field.choices else ""
    default = "required" if field.required else _default(field.default)
    return f"| `{field.id}` | {_cell(kind + choices)} | {default} | {_cell(field.help)} |"


def _default(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    values = value if isinstance(value, list | tuple) else [value]
    return ", ".join(f"`{_cell(str(each))}`" for each in values)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


def _titles(place: Path) -> list[str]:
    return [f"[{load_example(path).title}]({_link(place, path)})" for path in example_files(place)]


def _link(place: Path, path: Path) -> str:
    return f"{place.parent.name}/{place.name}/examples/{path.name}"


if __name__ == "__main__":
    (BUILT_IN / "README.md").write_text(template_index(BUILT_IN), encoding="utf-8")
