"""A large container as shops have them, and the hits that it is measured with: varied, and the same at every run.

Of its tags a few fire for every hit. The others are for other events, pages, markets or campaigns, are blocked by an
exception, or lack consent; so what they cost is what it takes to find that out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any

import orjson

from runtime.model.consent import PURPOSES
from runtime.model.hit import Hit, LoggedHit

Plain = dict[str, Any]

TAGS, TRIGGERS, VARIABLES, FIRING = 200, 300, 200, 5
SEEN = ("page_view", "view_item", "add_to_cart", "begin_checkout", "purchase")
"""Names of the events that come."""
_NAMES = (*SEEN, "search", "sign_up", "login", "refund", "select_item", "generate_lead", "share", "view_cart",
          "scroll", "video_start", "file_download", "add_to_wishlist", "view_promotion")  # fmt: skip
_ORDERS = ("begin_checkout", "purchase")
_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
_FIELDS = ("currency", "page_title", "language", "affiliation", "coupon", "client_id", "user_data.address.city",
           "user_data.address.country", "items.0.item_id", "items.item_id", "x-campaign", "x-page-type")  # fmt: skip


def large_container(
    tags: int = TAGS, triggers: int = TRIGGERS, variables: int = VARIABLES, firing: int = FIRING, *, seed: int = 1
) -> Plain:
    """Returns a container of that size, of which that many tags fire for each of the hits."""
    return _Maker(Random(seed), tags, triggers, variables, firing).container()  # noqa: S311 - no secret is drawn


def firing_alone(container: Plain, firing: int = FIRING) -> Plain:
    """Returns the container with nothing but the tags that fire and what they refer to."""
    tags = dict(list(container["tags"].items())[:firing])
    text = orjson.dumps(tags).decode()
    triggers = {name for tag in tags.values() for name in (*tag["triggers"], *tag["exceptions"])}
    text += orjson.dumps([container["triggers"][name] for name in triggers]).decode()
    kept: Plain = {}
    for id, variable in reversed(container["variables"].items()):  # Each refers to earlier ones only.
        if f"{{{{{id}}}}}" in text or f'"variable":"{id}"' in text:
            kept[id] = variable
            text += orjson.dumps(variable).decode()
    chosen = {name: group for name, group in container["triggers"].items() if name in triggers}
    return {**container, "tags": tags, "triggers": chosen, "variables": kept}


def hits(count: int, *, seed: int = 1) -> Iterator[LoggedHit]:
    """Yields hits of one event each: pages, products and visitors of a shop, purchases among them."""
    random = Random(seed)  # noqa: S311 - no secret is drawn
    for seq in range(1, count + 1):
        yield LoggedHit(0, seq, _hit(_event(random, seq)))


def _event(random: Random, seq: int) -> Plain:
    name, product = random.choice(SEEN), random.randrange(1000)
    event: Plain = {
        "event_name": name, "event_id": f"e-{seq}", "page_title": f"Product {product}", "language": "de-de",
        "page_location": f"https://www.shop.example/p/{product}?utm_source=mail&utm_campaign=c{random.randrange(9)}",
        "page_referrer": "https://search.example/", "page_hostname": "www.shop.example", "currency": "EUR",
        "client_id": f"{product}.1790000000", "session_id": f"{seq}", "screen_resolution": "1920x1080",
        "x-campaign": f"c{random.randrange(9)}", "x-page-type": "product", "affiliation": "Web shop",
        "user_data": {
            "email_address": f"buyer{seq}@mail.example", "phone_number": "+4930123456",
            "address": {"first_name": "Ann", "last_name": "Example", "city": "Berlin", "country": "DE"},
        },
        "items": [
            {"item_id": f"sku-{product + n}", "item_category": "shoes", "price": 9.5 + n, "quantity": n + 1}
            for n in range(random.randrange(1, 5))
        ],
        "value": round(random.uniform(5, 200), 2),
    }  # fmt: skip
    return event | ({"transaction_id": str(seq), "tax": 3.8, "shipping": 4.9} if name == "purchase" else {})


def _hit(event: Plain) -> Hit:
    return Hit(
        client="json", version=1, received_us=1_790_000_000_000_000, method="POST", scheme="https",
        host="t.shop.example", path="/e", query=b"", headers={"user-agent": _AGENT}, cookies={},
        client_ip="203.0.113.7", route={}, page_url=event["page_location"], referrer="",
        consent=dict.fromkeys(PURPOSES[1:], True), fbp="fb.1.1790000000000.1234567890", fbc="", visitor_id="visitor",
        body=orjson.dumps(event),
    )  # fmt: skip


class _Maker:
    """Draws the parts. Odd places of a list get another kind than even ones, so that every kind is there."""

    def __init__(self, random: Random, tags: int, triggers: int, variables: int, firing: int) -> None:
        self._random = random
        self._tags, self._triggers, self._variables, self._firing = tags, triggers, variables, firing

    def container(self) -> Plain:
        triggers = {f"t{n}": self._trigger(n) for n in range(self._triggers)}
        return {
            "container": "large",
            "domains": ["shop.example"],
            "consent": {"default": "granted"},
            "clients": {"json": {"template": "json_event"}},
            "tags": {f"tag{n}": self._tag(n) for n in range(self._tags)},
            "triggers": triggers,
            "variables": {f"v{n}": self._variable(n) for n in range(self._variables)},
        }

    def _tag(self, n: int) -> Plain:
        used = [f"{{{{v{self._random.randrange(self._variables)}}}}}" for _ in range(2)]
        tag: Plain = {
            "template": "webhook",
            "settings": {"endpoint": f"https://erp.shop.example/{n}", "headers": {"X-A": used[0], "X-B": used[1]}},
            "triggers": ["t0"],
            "exceptions": [],
        }
        if n < self._firing:
            return tag | {"exceptions": [self._quiet(), self._quiet()]}
        if n % 20 == 0:
            return tag | {"exceptions": [self._quiet(), "t1"]}
        if n % 20 == 10:
            return tag | {"consent": ["ad_storage", "analytics_storage"]}
        return tag | {
            "triggers": [self._quiet() for _ in range(self._random.choice((1, 1, 1, 2, 2, 3)))],
            "exceptions": ["t1", self._quiet()][: self._random.randrange(3)],
        }

    def _quiet(self) -> str:
        """Returns a trigger that matches none of the hits."""
        return f"t{self._random.randrange(2, self._triggers)}"

    def _trigger(self, n: int) -> Plain:
        """Returns the first one, which always matches; the second, which does too and is an exception; and the rest, of
        which each asks for something that no hit has."""
        if n == 0:
            return {"all": [{"field": "event_name", "is": "in", "value": list(SEEN)}]}
        if n == 1:
            return {"any": [{"field": "page_hostname", "is": "ends_with", "value": "shop.example"}]}
        kinds: tuple[Callable[[int], Plain], ...] = (
            self._by_name, self._by_page, self._by_variable, self._by_field, self._by_groups, self._by_name_and_more,
        )  # fmt: skip
        return kinds[n % len(kinds)](n)

    def _by_name(self, n: int) -> Plain:
        names = self._random.sample(_NAMES[len(SEEN) :], 1 + n % 3)
        return {"all": [_is("event_name", "in", names) if len(names) > 1 else _is("event_name", "equals", names[0])]}

    def _by_page(self, n: int) -> Plain:
        operator, value = (
            ("contains", f"/landing-{n}/"),
            ("matches", rf"^https://[^/]+/(sale|outlet)-{n}(/|\?|$)"),
            ("starts_with", f"https://m{n}.shop.example/"),
            ("matches", rf"[?&]utm_campaign=(summer|winter)_{n}(&|$)"),
        )[n // 6 % 4]
        return {"all": [_is("page_location", operator, value)]}

    def _by_variable(self, n: int) -> Plain:
        return {"all": [*self._name_first(n), self._asks_variable(n)]}

    def _by_field(self, n: int) -> Plain:
        field = self._random.choice(_FIELDS)
        operator, value = (
            ("equals", f"value {n}"),
            ("in", [f"one {n}", f"two {n}"]),
            ("contains", f"part {n}"),
            ("ends_with", f"end {n}"),
        )[n // 6 % 4]
        return {"all": [_is(field, operator, value, ignore_case=n % 4 == 3)]}

    def _by_groups(self, n: int) -> Plain:
        either = [_is("page_location", "contains", f"/brand-{n}/"), {"all": [self._asks_variable(n)]}]
        return {"all": [*self._name_first(n), {"any": either}], "not": [_is("coupon", "equals", f"STAFF{n}")]}

    def _by_name_and_more(self, n: int) -> Plain:
        least = {"field": "value", "is": "greater", "value": 1000 + n}
        return {"all": [_is("event_name", "in", list(_ORDERS)), least, self._asks_variable(n)]}

    def _name_first(self, n: int) -> list[Plain]:
        """Returns what half of the triggers ask before anything else."""
        return [_is("event_name", "equals", self._random.choice(_NAMES))] if n // 6 % 2 else []

    def _asks_variable(self, n: int) -> Plain:
        return {"variable": f"v{self._random.randrange(self._variables)}", "is": "equals", "value": f"never {n}"}

    def _variable(self, n: int) -> Plain:
        kinds = (
            "event_field", "lookup_table", "event_field", "regex_table", "constant", "lookup_table", "event_field",
            "page_url_part", "request_cookie", "template_string",
        )  # fmt: skip
        kind = kinds[n % len(kinds)]
        return {"template": kind, "settings": self._settings(kind, n)}

    def _settings(self, kind: str, n: int) -> Mapping[str, Any]:
        field = self._random.choice((*_FIELDS, "page_location", "page_hostname"))
        earlier = f"{{{{v{self._random.randrange(n)}}}}}" if n else "nothing"
        if kind == "event_field":
            return {"path": field, "default": f"none {n}"}
        if kind == "lookup_table":
            source = {"field": field} if n % 3 else {"input": earlier}
            return {**source, "table": {f"key {k}": f"value {k}" for k in range(20)}, "default": f"other {n}"}
        if kind == "regex_table":
            rows = [rf"^https://[^/]+/{name}/(\d+) -> {name} $1" for name in ("c", "s", "brand", "p")]
            return {"field": "page_location", "rows": rows}
        if kind == "page_url_part":
            return {"part": self._random.choice(("host", "path"))}
        if kind == "request_cookie":
            return {"name": f"cookie_{n}"}
        return {"text": f"{n} {earlier}"} if kind == "template_string" else {"value": f"constant {n}"}


def _is(field: str, operator: str, value: Any, *, ignore_case: bool = False) -> Plain:
    condition = {"field": field, "is": operator, "value": value}
    return condition | ({"ignore_case": True} if ignore_case else {})
