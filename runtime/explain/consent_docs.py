"""What a container's `consent` can say: a section of tags/README.md, one row a key. Tests compare it with the model."""

from __future__ import annotations

RULE = {
    "default": "`granted` or `denied`, or a map of purposes to these; what it leaves out is denied. Without it: denied",
    "regions": "defaults by the visitor's region: `{regions: [DE, US-CA], default: denied}`; the first that names it",
    "sources": "where else the visitor's word is found, in their order",
    "tcf": "how strings of the IAB's Transparency and Consent Framework are read",
    "ldu": "purposes that Meta's Limited Data Use denies (`dpo=LDU`); Meta gets the mark either way. Without it: none",
    "field": "dotted path of the event's own word, which can only deny; without it `consent_state`",
}

SOURCE = {
    "cookie": "name of a cookie",
    "header": "name of a request header",
    "query": "parameter of the request's query",
    "form": "field of a form body",
    "json": "JSON pointer into a JSON body, for example `/consent`",
    "platform": "in the place of these: `cookiebot`, `onetrust`, `cookieyes`, `complianz`, `didomi` or `gpc` (Sec-GPC)",
    "format": "`auto` (without it), `object`, `map`, `list`, `tcf`, `gpp`, `google_mode`, `gpc` or `us_privacy`",
    "path": "where in the value: a JSON pointer, or a name where the value is `a=1&b=2`",
    "map": "categories of the platform, each with the purposes that need it; one that is not in the value is denied",
}

TCF = {
    "purposes": "which of the framework's purposes ours need; without it ad_storage 1, ad_user_data 1 and 7, "
    "ad_personalization 3 and 4, analytics_storage 1 and 8. With an empty list the string says nothing",
    "vendors": "vendor ids that must have consent too, and no restriction of the publisher's",
    "legitimate_interest": "purposes for which a legitimate interest that nobody objected to is enough (2, 7 to 11)",
    "policy": "strings of an older policy deny; 4 is what the framework asks for since September 2023. Without it: 2",
}

_TEXT = """\
### Consent

A container's `consent` says what holds for the purposes `ad_storage`, `ad_user_data`, `ad_personalization` and
`analytics_storage`. Each is decided by the first that says something about it: what the client reads of the hit
(`consent_state`, `gcs` and `gcd`, see its manifest), the sources in their order, the default of the visitor's region,
the default. Then what the event itself says can still deny. What is found and cannot be read denies. `firsthand events
show` tells for each purpose what decided.

{rule}

```yaml
consent:
  default: denied
  regions:
    - {{regions: [US-CA, US-VA], default: {{analytics_storage: granted}}}}
    - {{regions: [US], default: granted}}
  sources:
    - {{platform: cookiebot}}
    - cookie: uc_choices
      format: object
      map: {{marketing: [ad_storage, ad_user_data, ad_personalization], statistics: [analytics_storage]}}
```

A source has exactly one place, and how its value is read:

{source}

Without a `map` the names in a value are our purposes. `auto` knows a word for all purposes, JSON, `gcs` and `gcd`, and
the IAB's strings by their look. Of a GPP string the sections of the European Union (as `tcf` says) and those of the
United States count: an opt-out of sale, sharing or targeted advertising, or Global Privacy Control, denies the three
purposes for ads; that there is none grants them. All sections must agree, and one that is not known denies.

`tcf`:

{tcf}

Regions are known where the operator set `FIRSTHAND_GEO_HEADERS` or `FIRSTHAND_GEO_DB`; a visitor without one has the
default. `fbq('consent', 'revoke')` leaves no trace in a hit: Meta's script holds events back until `grant`.
"""


def section() -> str:
    """Returns the section on consent."""
    return _TEXT.format(rule=_table("`consent`", RULE), source=_table("source", SOURCE), tcf=_table("key", TCF))


def _table(head: str, rows: dict[str, str]) -> str:
    lines = "\n".join(f"| `{name}` | {meaning} |" for name, meaning in rows.items())
    return f"| {head} | |\n|---|---|\n{lines}"
