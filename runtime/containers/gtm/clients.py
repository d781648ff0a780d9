"""Clients of an export as clients of ours: what claims hits, and on which paths."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from runtime.containers.gtm.desk import Desk
from runtime.containers.gtm.entity import Entity, text_of
from runtime.containers.gtm.form import Form
from runtime.containers.gtm.references import Withheld
from runtime.containers.gtm.report import Fate
from runtime.containers.gtm.stubs import add_stub, template_of

Fill = Callable[[Form], str]

_PATH = re.compile(r"/[^\s?#{}]*")
_COOKIES = (
    "No cookie FPID is set for Google's client id; the visitor's own cookies are `_fbp`, `_fbc` and `_fhid`, and FPID "
    "is read where a browser still has it."
)

_DATA_ANSWERS = ("responseStatusCode", "responseBody", "responseBodyGet", "redirectTo", "lookupForRedirectToParam",
                 "redirectToQueryParamName", "clientErrorResponseMessage")  # fmt: skip
_DATA_COOKIES = ("exposeFPIDCookie", "httpOnlyCookie", "generateClientId", "prolongCookies")


def map_client(desk: Desk, entity: Entity, fate: Fate) -> None:
    """Puts a client into the container."""
    fill = _fill(desk, entity)
    form = Form(desk, entity, fate)
    template = fill(form) if fill is not None else ""
    about = {"folder": desk.folder(entity), "note": entity.text("notes"), "priority": _priority(desk, entity)}
    if not template or not desk.has("client", template):
        why = _ABSENT.get(entity.type, "")
        id = add_stub(desk, "client", entity, fate, why)
        fate.reasons.append(f"It claims /gtm-stub/{id} alone, which nothing sends to.")
        desk.put("clients", desk.id(entity), {"template": id, **about})
        return
    form.rest()
    kept, fate.reasons = fate.reasons, []
    instance = {"template": template, "settings": form.settings, **about}
    fate.mapped(desk.put("clients", desk.id(entity), instance), f"It is the client {template}.")
    fate.differs(*kept)


def _fill(desk: Desk, entity: Entity) -> Fill | None:
    template = template_of(desk, entity.type)
    if template is None:
        return _BY_TYPE.get(entity.type)
    return client_of(template.gallery)


def client_of(gallery: str) -> Fill | None:
    """Returns what fills in a client of a gallery's template, `owner/repository`; None where it has no counterpart."""
    return _BY_GALLERY.get(gallery)


def counterpart(gallery: str) -> str:
    """Returns the client of ours for a gallery's template, or ""."""
    fill = client_of(gallery)
    return next((id for id, each in _TEMPLATES.items() if each is fill), "")


def _priority(desk: Desk, entity: Entity) -> int | None:
    """Returns a client's priority, where any client of the export has one."""
    if all(client.number("priority") is None for client in desk.of("client")):
        return None
    return entity.number("priority") or 0


def _ga4(form: Form) -> str:
    paths = _paths(form, "additionalPaths", "paths", "path", "requestPaths")
    if form.take("activateDefaultPaths") is not False:
        paths = ["/g/collect", *paths]
    if not paths:
        form.fate.differs("It claimed no path of its own; here it claims /g/collect.")
    elif paths != ["/g/collect"]:
        form.settings["paths"] = list(dict.fromkeys(paths))
    if form.take("cookieManagement") == "server":
        form.fate.differs(_COOKIES)
    form.take("cookieName", "cookieDomain", "cookiePath", "cookieMaxAgeInSec", "migrateFromClientId")
    return "ga4_web"


def _data(form: Form) -> str:
    paths = ["/data", *_paths(form, "path")]
    form.settings["paths"] = list(dict.fromkeys(paths))
    form.fate.differs(
        "It takes JSON by POST in common event data (event_name, or a list of such objects); other spellings of names, "
        "forms, and GET with dtcd or dtdc are not read."
    )
    form.ignore("It answers with a JSON of its own.", *_DATA_ANSWERS)
    form.ignore("Cookies of its own are neither set nor prolonged.", *_DATA_COOKIES)
    form.take("acceptMultipleEvents")
    return "json_event"


def _intake(form: Form) -> str:
    form.secret("access_tokens", "accessToken", "apiAccessToken", "token")
    form.settings["access_tokens"] = [form.settings["access_tokens"]]
    form.desk.report.todo += [f"clients.{form.desk.id(form.entity)}: {why}." for why in form.blocked]
    return "meta_capi_intake"


def _paths(form: Form, *keys: str) -> list[str]:
    """Returns the paths that parameters give, as texts or tables; those that are none here are told of."""
    found: list[str] = []
    for key in keys:
        value = form.take(key)
        cells: list[Any] = [value] if isinstance(value, str) else value if isinstance(value, list) else []
        cells = [part for cell in cells for part in (_cells(cell) if isinstance(cell, dict) else [cell])]
        for text in filter(None, map(text_of, cells)):
            try:
                path = form.desk.references.fixed(text)
            except Withheld:
                path = None
            if path and _PATH.fullmatch(path):
                found.append(path)
            else:
                form.fate.differs(f"The path `{text[:80]}` is none that a client can claim; it was left out.")
    return found


def _cells(row: dict[str, Any]) -> list[Any]:
    return list(row.values())


_TEMPLATES: dict[str, Fill] = {"ga4_web": _ga4, "json_event": _data, "meta_capi_intake": _intake}
_BY_TYPE: dict[str, Fill] = {"gaaw_client": _ga4}
_BY_GALLERY: dict[str, Fill] = {
    "stape-io/data-client": _data,
    "facebookincubator/conversionsapi-client-for-googletagmanager": _intake,
}
_ABSENT = {
    "ua_client": "Universal Analytics has ended, and its hits are not read.",
    "gtm_client": "Scripts of Tag Manager are not served from here.",
    "measurement_protocol": "Hits of the Measurement Protocol are not read yet; send JSON to the client json_event.",
    "mp_client": "Hits of the Measurement Protocol are not read yet; send JSON to the client json_event.",
    "gampv2_client": "Hits of the Measurement Protocol are not read yet; send JSON to the client json_event.",
}
