"""Random containers that are good, of all built-in clients and destinations, and random requests to them."""

from __future__ import annotations

import json
from random import Random
from typing import Any
from urllib.parse import urlencode

PIXEL = "1234567890"
NAMES = ("purchase", "page_view", "add_to_cart", "view_item", "generate_lead", "search", "sign_up")
META_NAMES = ("Purchase", "PageView", "AddToCart", "ViewContent", "Lead", "Search")
AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
)
TAGS = ("meta", "ga4", "tiktok", "hook")

Plain = dict[str, Any]
Request = tuple[str, str, dict[str, str], bytes]
"""Method, target, headers, body."""


def random_container(rng: Random, endpoint: str) -> Plain:
    """Returns a container whose tags send to `endpoint`, and half of which ask for the stock there."""
    head: Plain = {"container": "shop", "domains": ["shop.example"], "consent": {"default": "granted"}}
    return head | {
        "clients": _clients(),
        "tags": _tags(rng, endpoint),
        "triggers": _triggers(rng),
        "variables": _variables(rng, endpoint),
        "transformations": _transformations(rng, rng.choice(["{{stock}}", "{{day}}"])),
    }


def _clients() -> Plain:
    return {
        "pixel": {"template": "meta_pixel", "settings": {"paths": ["/tr"]}},
        "bridge": {"template": "meta_openbridge", "settings": {"paths": ["/events"]}},
        "sdk": {"template": "meta_capi_intake", "settings": {"access_tokens": ["secret:INTAKE"]}},
        "json": {"template": "json_event", "settings": {"paths": ["/e"]}},
        "web": {"template": "ga4_web", "settings": {"paths": ["/g/collect"]}},
    }


def _tags(rng: Random, endpoint: str) -> Plain:
    meta: Plain = {"pixel_id": PIXEL, "access_token": "secret:META_TOKEN", "endpoint": f"{endpoint}/meta"}
    meta |= {"external_id_mode": rng.choice(["hash", "raw"]), "state_cut": rng.random() < 0.5}
    meta |= {"test_event_code": "{{word}}"} if rng.random() < 0.3 else {}
    ga4: Plain = {"measurement_id": "G-ABC123", "api_secret": "secret:GA4", "endpoint": f"{endpoint}/ga4"}
    ga4 |= {"user_properties": {"dice": "{{dice}}", "kind": "{{kind}}"}, "send_event_id": rng.random() < 0.5}
    tiktok: Plain = {"pixel_code": "C1", "access_token": "secret:TIKTOK", "endpoint": f"{endpoint}/tiktok"}
    tiktok |= {"event_names": {"search": rng.choice(["Search", "Find"])}, "limited_data_use": rng.random() < 0.3}
    hook: Plain = {"endpoint": f"{endpoint}/hook", "secret": "secret:HOOK", "batch": rng.choice([1, 5, 40])}
    hook |= {"headers": {"X-Day": "{{day}}", "X-Kind": "{{kind}}"}} if rng.random() < 0.5 else {}
    settings = {"meta": meta, "ga4": ga4, "tiktok": tiktok, "hook": hook}
    templates = dict(zip(TAGS, ("meta_capi", "ga4_mp", "tiktok_events", "webhook"), strict=True))
    return {tag: _tag(rng, templates[tag], settings[tag]) for tag in TAGS}


def _tag(rng: Random, template: str, settings: Plain) -> Plain:
    if template != "webhook":
        settings["batch_size"] = rng.choice([1, 5, 10, 25])
    settings["linger_ms"] = rng.choice([1, 10, 40])
    tag: Plain = {"template": template, "settings": settings, "priority": rng.randrange(3)}
    # Google's requests are for one visitor each, so that few of its batches have company.
    tag["triggers"] = [rng.choice(["worth"] if template == "ga4_mp" else ["everything", "some", "worth"])]
    tag |= {"exceptions": ["bots"]} if rng.random() < 0.4 else {}
    return tag | ({"sample": 70} if rng.random() < 0.2 else {})


def _triggers(rng: Random) -> Plain:
    names = rng.sample(NAMES, 5)
    return {
        "everything": {"all": []},
        "some": {"any": [{"field": "event_name", "is": "in", "value": names},
                         {"variable": "dice", "is": "less", "value": 3}]},
        "worth": {"all": [{"field": "value", "is": "greater", "value": rng.choice([20, 50])}]},
        "bots": {"all": [{"variable": "is_bot", "is": "equals", "value": True}]},
    }  # fmt: skip


def _variables(rng: Random, endpoint: str) -> Plain:
    stock = {
        "url": f"{endpoint}/stock/{{{{kind}}}}",
        "path": "left",
        "default": "none",
        "ttl_s": rng.choice([0, 1, 300]),
    }
    table = {name: f"{name}-{rng.randrange(9)}" for name in rng.sample(NAMES, 4)}
    return {
        "dice": {"template": "random_integer", "settings": {"min": 1, "max": rng.choice([4, 6])}},
        "day": {"template": "timestamp", "settings": {"unit": rng.choice(["day", "hour", "iso_ms"])}},
        "kind": {"template": "lookup_table", "settings": {"field": "event_name", "table": table, "default": "other"}},
        "word": {"template": "constant", "settings": {"value": f"TEST{rng.randrange(100)}"}},
        "text": {"template": "template_string", "settings": {"text": "{currency} {value} {event_id}", "missing": "-"}},
        "who": {"template": "hash", "settings": {"field": "user_data.email_address", "form": "email"}},
        "source": {"template": "page_url_part", "settings": {"part": "parameter", "parameter": "utm_source"}},
        "site": {"template": "page_url_part", "settings": {"part": "domain"}},
        "is_bot": {"template": "bot"},
        "stock": {"template": "http_lookup", "settings": stock},
    }


def _transformations(rng: Random, looked_up: str) -> Plain:
    fields = {"dice": "{{dice}}", "note": "{{text}}", "who": "{{who}}", "source": "{{source}}", "site": "{{site}}"}
    return {
        "more": {"template": "augment", "settings": {"fields": fields | {"answer": looked_up}}, "order": 1,
                 "tags": rng.sample(TAGS, 2)},
        "less": {"template": "exclude", "settings": {"fields": [rng.choice(["user_data", "items"])]}, "order": 2,
                 "tags": rng.sample(TAGS, 1)},
        "clean": {"template": "redact", "settings": {"emails": True}, "order": 3, "tags": ["hook"]},
    }  # fmt: skip


def random_request(rng: Random, number: int, at_s: int) -> Request:
    """Returns a request of any client; event ids hold the number."""
    return rng.choice((_pixel, _bridge, _sdk, _json, _json, _web))(rng, number, at_s)


def _headers(rng: Random, content_type: str = "") -> dict[str, str]:
    headers = {"user-agent": rng.choices(AGENTS, [8, 4, 1])[0], "accept-language": rng.choice(["de-DE", "en"])}
    return headers | ({"content-type": content_type} if content_type else {})


def _page(rng: Random) -> str:
    return f"https://www.shop.example/p/{rng.randrange(50)}?utm_source={rng.choice(['mail', 'ad', 'Ümlaut'])}"


def _email(rng: Random) -> str:
    return f"person{rng.randrange(1000)}@mail.example"


def _pixel(rng: Random, number: int, at_s: int) -> Request:
    pairs = {"id": PIXEL, "ev": rng.choice(META_NAMES), "dl": _page(rng), "eid": f"e{number}", "ts": str(at_s * 1000)}
    pairs |= {"cd[value]": str(rng.randrange(1, 9000) / 100), "cd[currency]": rng.choice(["EUR", "USD"])}
    pairs |= {"ud[em]": _email(rng)} if rng.random() < 0.5 else {}
    return "GET", f"/tr?{urlencode(pairs)}", _headers(rng), b""


def _bridge(rng: Random, number: int, at_s: int) -> Request:
    event = {
        "event_name": rng.choice(META_NAMES), "event_id": f"e{number}", "fb.pixel_id": PIXEL,
        "custom_data": {"value": rng.randrange(100), "currency": "EUR"}, "website_context": {"location": _page(rng)},
        "fb.fbp": f"fb.1.{at_s}000.{rng.randrange(10**9)}",
    }  # fmt: skip
    return "POST", "/events", _headers(rng, "text/plain"), json.dumps(event).encode()


def _sdk(rng: Random, number: int, at_s: int) -> Request:
    events = [_sdk_event(rng, f"e{number}.{place}", at_s) for place in range(rng.randrange(1, 4))]
    body = json.dumps({"data": events, "access_token": "intake-token"}).encode()
    return "POST", f"/capi/{PIXEL}/events", _headers(rng, "application/json"), body


def _sdk_event(rng: Random, id: str, at_s: int) -> Plain:
    person = {"em": [_email(rng)], "client_user_agent": rng.choice(AGENTS), "ct": rng.choice(["Köln", "Rome"])}
    return {
        "event_name": rng.choice(META_NAMES), "event_time": at_s - rng.randrange(3600), "event_id": id,
        "action_source": "website", "event_source_url": _page(rng), "user_data": person,
        "custom_data": {"value": rng.random() * 100, "currency": "EUR", "order_id": f"o-{id}"},
    }  # fmt: skip


def _json(rng: Random, number: int, at_s: int) -> Request:
    events = [_json_event(rng, f"e{number}.{place}") for place in range(rng.choice([1, 1, 1, 2, 4]))]
    return "POST", "/e", _headers(rng, "application/json"), json.dumps(events).encode()


def _json_event(rng: Random, id: str) -> Plain:
    event: Plain = {"event_name": rng.choice(NAMES), "event_id": id, "page_location": _page(rng)}
    event |= {
        "value": rng.choice([1, 2.5, 19.99, 1e-3, 10**6]),
        "currency": "EUR",
        "client_id": f"c{rng.randrange(99)}",
    }
    if rng.random() < 0.5:
        event["items"] = [{"item_id": f"sku{rng.randrange(9)}", "price": 9.9, "quantity": n} for n in range(1, 3)]
    if rng.random() < 0.5:
        event["user_data"] = {"email_address": _email(rng), "phone_number": f"+49 30 {rng.randrange(10**6, 10**7)}"}
    return event


def _web(rng: Random, number: int, at_s: int) -> Request:
    pairs = {"v": "2", "tid": "G-ABC123", "cid": f"{rng.randrange(10**6)}.{at_s}", "sid": str(at_s), "dl": _page(rng)}
    if rng.random() < 0.5:
        return "POST", f"/g/collect?{urlencode(pairs | {'en': rng.choice(NAMES)})}", _headers(rng), b""
    lines = [f"en={name}&epn.value={rng.randrange(100)}&cu=EUR&ep.note=n{number}" for name in rng.sample(NAMES, 3)]
    return "POST", f"/g/collect?{urlencode(pairs)}", _headers(rng, "text/plain"), "\r\n".join(lines).encode()
