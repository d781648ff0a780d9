"""Makes a version from text: a container and its clients' manifests, as they stand in the test."""

from __future__ import annotations

from typing import Any

from ruamel.yaml import YAML

from runtime.model.container import Container
from runtime.model.manifest import Manifest
from runtime.model.snapshot import Snapshot, Template

SETS_COOKIES = """
permissions: {cookies: {set: [_fbp, _fbc, _fhid], why: Tests.}}
"""
PIXEL = (
    SETS_COOKIES
    + """
methods: [GET, POST]
paths: [/tr]
decode: form
facts:
  page_url: [{query: dl}, {form: dl}, {header: referer}]
  referrer: [{query: rl}, {form: rl}]
  fbp: [{query: fbp}, {form: fbp}]
  fbc: [{query: fbc}, {form: fbc}]
answers:
  accepted: {kind: gif}
  by_method: {POST: {kind: empty}}
"""
)
JSON = (
    SETS_COOKIES
    + """
methods: [POST]
paths: [/e]
decode: json
facts:
  page_url: [{json: /page_location}, {header: referer}]
  consent: [{json: /consent}, {cookie: consent}]
count: {decoder: json_events, max: 100}
answers:
  accepted: {kind: json, json: {accepted: "{count}", id: "{hit_id}"}}
"""
)
INTAKE = """
methods: [POST]
paths: ["/capi/{pixel:int}/events", "/v{version}/{pixel:int}/events"]
decode: none
trust: server
verify:
  setting: tokens
  sources:
    - {query: access_token}
    - {form: access_token}
    - {json: /access_token}
    - {bearer: true}
redact: [access_token, appsecret_proof]
count: {decoder: meta_data, max: 1000}
answers:
  accepted: {kind: json, json: {events_received: "{count}", fbtrace_id: "{hit_id}"}}
  refused:
    kind: json
    json: {error: {message: "{message}", code: "{code}", is_transient: "{transient}"}}
  codes: {token_missing: 190, token_wrong: 190, overload: 2, log_unavailable: 2, "*": 100}
cors: false
"""
SHOP = """
container: shop
domains: [shop.example, 127.0.0.1, localhost]
consent: {default: granted}
clients:
  pixel: {template: pixel}
  json: {template: json}
  intake: {template: intake, settings: {tokens: ["secret:OLD", "secret:INTAKE"]}}
"""


def snapshot(container: str = SHOP, *, number: int = 7, **clients: str) -> Snapshot:
    """Returns a version; `clients` are client parts of manifests by template id, beside the three above.

    Such a text may hold the manifest's `permissions` as well.
    """
    specs = {"pixel": PIXEL, "json": JSON, "intake": INTAKE} | clients
    templates = [_template(id, read_yaml(spec)) for id, spec in specs.items()]
    return Snapshot(
        number=number,
        hash=f"hash-{number}",
        container=Container.model_validate(read_yaml(container)),
        templates={template.key: template for template in templates},
        shared={},
    )


def read_yaml(text: str) -> Any:
    """Returns what a YAML text says."""
    return YAML(typ="safe").load(text)


def _template(id: str, spec: dict[str, Any]) -> Template:
    permissions = spec.pop("permissions", {})
    manifest = {"id": id, "kind": "client", "name": id, "summary": "A client of the tests.", "client": spec}
    manifest["permissions"] = permissions
    return Template(Manifest.model_validate(manifest), "return {}", f"hash-{id}")
