"""Tag templates that have a destination here, each with its parameters.

Names of parameters were read in the templates' public texts, checked 2026-11. Tables that change what one tag sends
become a transformation for that tag alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from runtime.containers.gtm.entity import text_of
from runtime.containers.gtm.form import Form
from runtime.containers.gtm.tpl import CustomTemplate

_SOURCES = ("website", "app", "physical_store", "system_generated", "phone_call", "chat", "email",
            "business_messaging", "other")  # fmt: skip
_META_SERVER = {
    "event_id": "event_id",
    "event_time": "event_time",
    "event_name": "event_name",
    "event_source_url": "page_location",
    "referrer_url": "page_referrer",
}
_META_USER = {
    "em": "user_data.email_address",
    "ph": "user_data.phone_number",
    "fn": "user_data.address.first_name",
    "ln": "user_data.address.last_name",
    "ct": "user_data.address.city",
    "st": "user_data.address.region",
    "zp": "user_data.address.postal_code",
    "country": "user_data.address.country",
    "client_ip_address": "ip_override",
    "client_user_agent": "user_agent",
    "fbc": "x-fb-ck-fbc",
    "fbp": "x-fb-ck-fbp",
}
_META_CUSTOM = {
    "value": "value",
    "currency": "currency",
    "order_id": "transaction_id",
    "search_string": "search_term",
}
_TIKTOK_USER = {
    "email": "user_data.email_address",
    "phone": "user_data.phone_number",
    "phone_number": "user_data.phone_number",
    "external_id": "user_id",
    "first_name": "user_data.address.first_name",
    "last_name": "user_data.address.last_name",
    "city": "user_data.address.city",
    "state": "user_data.address.region",
    "zip_code": "user_data.address.postal_code",
    "country": "user_data.address.country",
    "ip": "ip_override",
    "user_agent": "user_agent",
    "ttclid": "ttclid",
    "ttp": "ttp",
    "locale": "language",
}
_TIKTOK_CUSTOM = {
    "value": "value",
    "currency": "currency",
    "order_id": "transaction_id",
    "query": "search_term",
    "search_string": "search_term",
}
_COOKIES = (
    "The server sets `_fbp` and `_fbc` by itself, where consent allows, so that its settings for cookies do nothing."
)
_ENHANCED = "There is no enhancement of events from a cookie of Meta's template here."
_OPTIMISTIC = "Every hit is answered before anything is sent, so that there is no optimistic mode."
_LOGS = "What was sent and answered is kept for every event, so that its settings for logs do nothing."


def meta_own(form: Form) -> str:
    """Fills in a tag of Meta's own template for its Conversions API."""
    _meta(form)
    form.ignore(_COOKIES, "extendCookies", "generateFbp")
    form.ignore(_ENHANCED, "enableEventEnhancement")
    return "meta_capi"


def meta_stape(form: Form) -> str:
    """Fills in a tag of Stape's template for Meta's Conversions API."""
    _meta(form)
    _event_name(form)
    form.augment(form.table("serverEventDataList"), _META_SERVER, "x-fb-", "serverEventDataList")
    form.augment(form.table("userDataList"), _META_USER, "x-fb-ud-", "userDataList")
    form.augment(form.table("customDataList"), _META_CUSTOM, "x-fb-cd-", "customDataList")
    form.ignore(_COOKIES, "generateFbp", "useHttpOnlyCookie", "overrideCookieDomain", "overridenCookieDomain")
    form.ignore(_ENHANCED, "enableEventEnhancement")
    form.ignore(_OPTIMISTIC, "useOptimisticScenario")
    _logs(form)
    if form.flag("useAppSecretProof"):
        form.secret("app_secret", "appSecretProof")
        form.fate.differs("Here app_secret is the app's secret; the proof is made of it and the token.")
    return "meta_capi"


def _meta(form: Form) -> None:
    form.text("pixel_id", "pixelId", pattern="[0-9]+", required="0")
    form.secret("access_token", "accessToken", "apiAccessToken")
    form.text("test_event_code", "testId", "testEventCode", pattern="[A-Za-z0-9_-]{1,50}")
    form.choice("action_source", {name: name for name in _SOURCES}, "actionSource")


def _event_name(form: Form) -> None:
    """Where the template overrides the event's name, the tag sees the event under that name."""
    mode = text_of(form.take("inheritEventName"))
    own = form.take("eventName")
    name = form.take("eventNameCustom") if own == "custom" else form.take("eventNameStandard", "eventNameCustom")
    form.take("eventNameStandard", "eventNameCustom")
    if mode == "inherit" or not text_of(name):
        return
    filled = form.desk.references.value(text_of(name), lambda _: None)
    if filled:
        form.augmented["event_name"] = filled


def _logs(form: Form) -> None:
    if form.take("adStorageConsent") == "required":
        form.purposes = ("ad_storage",)
    form.ignore(_LOGS, "logType", "bigQueryLogType")
    form.take("logBigQueryProjectId", "logBigQueryDatasetId", "logBigQueryTableId")


def tiktok(form: Form) -> str:
    """Fills in a tag of a template for TikTok's Events API."""
    sources = {name: name for name in ("web", "app", "offline", "crm")}
    form.choice("event_source", sources, "eventSource")
    keys = ("appId", "pixelId", "pixelCode") if form.settings.get("event_source") == "app" else ("pixelId", "pixelCode")
    form.text("pixel_code", *keys, pattern="[A-Za-z0-9_-]+", required="UNKNOWN")
    form.secret("access_token", "accessToken")
    form.text("test_event_code", "testEventCode", pattern="[A-Za-z0-9_-]{1,64}")
    if form.flag("limitedDataUse"):
        form.settings["limited_data_use"] = True
    kind = form.take("eventType")
    name = text_of(form.take("eventNameCustom", "customEventName") if kind == "custom" else form.take("eventName"))
    if name and kind != "inherit":
        filled = form.desk.references.value(name, lambda _: None)
        form.augmented |= {"event_name": filled} if filled else {}
    plain = {"event_id": form.take("eventId"), "event_time": form.take("eventTime"),
             "page_location": form.take("pageLocation"), "page_referrer": form.take("pageReferrer")}  # fmt: skip
    told = {path: form.desk.references.value(value, lambda _: None) for path, value in plain.items() if value}
    form.augmented |= {path: value for path, value in told.items() if value}
    form.augment(form.table("userDataList"), _TIKTOK_USER, "", "userDataList")
    form.augment(form.table("customDataList"), _TIKTOK_CUSTOM, "", "customDataList")
    form.ignore("The id of TikTok's cookie `_ttp` is read and never made here.", "generateTtp")
    form.ignore(_OPTIMISTIC, "useOptimisticScenario")
    _logs(form)
    return "tiktok_events"


def json_request(form: Form) -> str:
    """Fills in a tag that posts JSON to an address."""
    if not form.fixed("endpoint", "url", "endpoint", "webhookUrl", pattern=r"https?://[^\s]+"):
        return ""
    table = form.table("headers", "key")
    if table:
        form.settings["headers"] = {title: str(value) for title, value in table.items()}
    form.blocked += [f"{where} is not sent, and the receiver may ask for it" for where in form.lost]
    data = form.table("data", "key")
    form.augment(data, {}, "", "data")
    if not form.flag("includeEventData"):
        form.fate.differs(
            "It sends the whole event, also what its table of data does not name; a transformation may leave out."
        )
    if (method := text_of(form.take("requestMethod"))) not in ("", "POST"):
        form.fate.differs(f"It sends by POST, not by {method}.")
    if {name.lower() for name in form.given} & {"simple_object", "inside_array", "flatten"}:
        form.ignore("The body is the event as one JSON object.", "simple_object", "inside_array", "flatten")
    form.ignore("The deadline is the template's own.", "requestTimeout")
    form.ignore(_OPTIMISTIC, "useOptimisticScenario")
    _logs(form)
    return "webhook"


def ga4(form: Form) -> str:
    """Fills in Tag Manager's own server tag for GA4, which here is the Measurement Protocol."""
    form.text("measurement_id", "measurementId", pattern="G-[A-Z0-9]{4,20}")
    if "measurement_id" not in form.settings:
        settings = {"path": "x-ga-measurement_id"}
        reason = "The GA4 tag names no measurement id, so it sends to that of the hit."
        known = next((path for path, words in form.desk.report.added if words == reason), "")
        instance = {"template": "event_field", "settings": settings}
        id = known.removeprefix("variables.") or form.desk.add("variables", "measurement id", instance, reason)
        form.settings["measurement_id"] = "{{" + id + "}}"
    form.secret("api_secret", "apiSecret")
    if form.flag("redactVisitorIp"):
        form.settings["send_ip"] = False
    name = text_of(form.take("eventName"))
    filled = form.desk.references.value(name, lambda _: None) if name else None
    form.augmented |= {"event_name": filled} if filled else {}
    for key in ("epToAdd", "eventParameters", "epToInclude"):
        form.augment(form.table(key, "name"), {}, "", key)
    everything = ("all", "ALL", "")
    for key in ("epToIncludeDropdown", "upToIncludeDropdown"):
        if text_of(form.take(key)) not in everything:
            form.fate.differs(f"{key} chooses parameters; all are sent here. Use a transformation to leave some out.")
    form.fate.differs(
        "Hits are not passed on as they came: they are sent by the Measurement Protocol, which needs an API secret of "
        "the stream and makes no sessions of its own."
    )
    return "ga4_mp"


@dataclass(frozen=True)
class Destination:
    """A template's counterpart."""

    id: str
    fill: Callable[[Form], str]
    """Fills in the settings and returns the destination's id; "" where the tag cannot be one."""


BY_GALLERY = {
    "facebookincubator/conversionsapi-tag-for-googletagmanager": Destination("meta_capi", meta_own),
    "stape-io/facebook-tag": Destination("meta_capi", meta_stape),
    "stape-io/tiktok-tag": Destination("tiktok_events", tiktok),
    "tiktok/gtm-template-eapi": Destination("tiktok_events", tiktok),
    "stape-io/json-http-request-tag": Destination("webhook", json_request),
}
"""By `owner/repository` in small letters."""
BY_TYPE = {"sgtmgaaw": Destination("ga4_mp", ga4)}
"""Tag Manager's own tags."""
ABSENT = {
    "sgtmadsct": "Google Ads conversions have no destination here yet.",
    "sgtmadsremarket": "Google Ads remarketing has no destination here yet.",
    "sgtmadscl": "The conversion linker has no counterpart: click ids are not kept in Google's cookies here.",
    "sgtmawud": "Google Ads user-provided data have no destination here yet.",
    "sgtmflc": "Floodlight has no destination here yet.",
    "sgtmfls": "Floodlight has no destination here yet.",
}
"""Why Tag Manager's own tags have no counterpart."""


def destination_of(template: CustomTemplate) -> Destination | None:
    """Returns a template's counterpart: by its gallery, or where it names none by Meta's address."""
    if template.kind not in ("destination", None):
        return None
    if template.gallery:
        return BY_GALLERY.get(template.gallery)
    names = {each.name for each in template.declared}
    if "graph.facebook.com" in template.permissions and {"pixelId", "accessToken"} <= names:
        return Destination("meta_capi", meta_stape)
    is_own = "graph.facebook.com" in template.permissions and {"pixelId", "apiAccessToken"} <= names
    return Destination("meta_capi", meta_own) if is_own else None
