"""What a container can say of any variable and any transformation: a section of tags/README.md, one row a key.

Tests compare it with the model, and each row about sGTM with the templates that there are.
"""

from __future__ import annotations

from runtime.explain import consent_docs

FORMAT = {
    "case": "`lower` or `upper`: the letters of text",
    "number": "`true`: text becomes the number that it reads as; other text is no value",
    "decimal": "`.` or `,` before the fraction of such text; the other one, spaces and `'` may part thousands",
    "boolean": "`true`: `true`, `false`, `1` and `0`, also as text, become true and false; anything else is no value",
    "true_as": "what stands in the place of true",
    "false_as": "what stands in the place of false",
    "null_as": "what stands in the place of no value, whether there was none or the script failed",
}
"""Keys of `format`, in the order in which they are done."""

TRANSFORMATION = {
    "tags": "the tags that it is for; without it all",
    "triggers": "triggers of which one must match the event; without it the transformation is done for every event",
    "exceptions": "triggers of which none may match",
    "order": "the lowest is done first; each sees what those before it made",
}

SGTM_VARIABLES = {
    "Constant": "`constant`",
    "Event Data": "`event_field`",
    "Event Name": "`event_field` with `path: event_name`; in conditions `field: event_name`",
    "Lookup Table": "`lookup_table`",
    "RegEx Table": "`regex_table`",
    "Request Header": "`request_header`",
    "Cookie Value": "`request_cookie`",
    "Query Parameter": "`request_query`; of the page's address `page_url_part`",
    "Query String": "`request_query` without a name",
    "Request Method, Request Path": "`request_part`",
    "Page URL, Page Hostname, Page Path": "`page_url_part`",
    "Referrer, IP address, user agent": "`event_field` with the path page_referrer, ip_override or user_agent",
    "Visitor Region": "`geo` with `part: region`",
    "Random Number": "`random_integer`, the same at every replay",
    "Undefined Value": "a setting that is left out",
    "Format Value": "`format`, above",
    "Client Name, Container ID, Container Version, Environment Name, Debug Mode": "`container_part`",
    "Firestore Lookup": "none yet: look-ups that need the network are not made",
}  # fmt: skip
"""Kinds of sGTM's variables, and where they are here."""

_TEXT = """\
## In a container

Beside `template` and `settings` a variable may have a `format`, which is done natively after its script, in this order;
of a list each element is treated.

{format}

```yaml
variables:
  country:
    template: request_header
    settings: {{name: X-Country}}
    format: {{case: lower, null_as: unknown}}
```

A transformation has these. Its triggers see the event as it was before any transformation; where a trigger cannot be
decided, the tags behind it fail instead of sending what should have been taken out.

{transformation}

```yaml
transformations:
  no-person:
    template: exclude
    settings: {{fields: [user_data]}}
    triggers: [no-consent-for-ads]
    tags: [partner]
```

A `{{setting: name}}` under `headers.names` or `cookies.read` of a manifest grants, and stores with each hit, what the
container names there: single names, never a `*`.
"""


def section() -> str:
    """Returns the section on what holds for every variable and transformation."""
    text = _TEXT.format(format=_table("`format`", FORMAT), transformation=_table("key", TRANSFORMATION))
    return f"{text}\n{consent_docs.section()}"


def variables_table() -> str:
    """Returns the table of sGTM's variables."""
    rows = "\n".join(f"| {name} | {here} |" for name, here in SGTM_VARIABLES.items())
    return f"Its variables:\n\n| sGTM | here |\n|---|---|\n{rows}\n"


def _table(head: str, rows: dict[str, str]) -> str:
    lines = "\n".join(f"| `{name}` | {meaning} |" for name, meaning in rows.items())
    return f"| {head} | |\n|---|---|\n{lines}"
