"""A template's manifest: what it is, what it asks for, how the host treats it. Pure data, validated once.

One folder holds one template: manifest.yaml, `<kind>.lua`, examples/*.yaml, icon.svg.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field as Declared
from pydantic import model_validator

from runtime.model.consent import Purpose
from runtime.model.lookup import FAILED_TTL_S, MOST_TIMEOUT_MS, MOST_TTL_S, TIMEOUT_MS, TTL_S
from runtime.model.part import Part
from runtime.model.permissions import Permissions
from runtime.model.throttle import Throttle

Kind = Literal["client", "destination", "variable", "transformation"]
KIND_FOLDERS: dict[Kind, str] = {
    "client": "clients",
    "destination": "destinations",
    "variable": "variables",
    "transformation": "transformations",
}


class Field(Part):
    """A setting that an instance of the template may or must give."""

    id: str = Declared(pattern=r"^[a-z][a-z0-9_]*$")
    type: Literal["text", "url", "integer", "number", "boolean", "choice", "secret", "regex", "list", "map"]
    """regex: RE2, compiled when the container is checked."""
    label: str
    help: str
    required: bool = False
    default: Any = None
    choices: tuple[str, ...] = ()
    items: Literal["text", "secret", "regex", "regex_row"] = "text"
    """What a list holds. regex_row: a pattern, ` -> ` and what stands for it; the last arrow parts the two."""
    keys: Literal["text", "regex"] = "text"
    """What the keys of a map are."""
    pattern: str | None = None
    """RE2, matched against the whole text (of each item in a list)."""
    min: float | None = None
    max: float | None = None
    advanced: bool = False


class FromSetting(Part):
    """A number or a list that the instance's setting gives."""

    setting: str


class Source(Part):
    """One place in a hit. Exactly one key is given."""

    query: str | None = None
    form: str | None = None
    pointer: str | None = Declared(default=None, alias="json")
    """RFC 6901 pointer into a JSON body."""
    cookie: str | None = None
    header: str | None = None
    bearer: bool | None = None
    """The bearer credential of the Authorization header."""

    @model_validator(mode="after")
    def _one(self) -> Source:
        if sum(value is not None for value in self.__dict__.values()) != 1:
            raise ValueError("give exactly one of query, form, json, cookie, header, bearer")
        return self


class Facts(Part):
    """Where the edge finds what it must know before the answer. The first source that holds something wins."""

    page_url: tuple[Source, ...] = ()
    referrer: tuple[Source, ...] = ()
    fbp: tuple[Source, ...] = ()
    fbc: tuple[Source, ...] = ()
    consent: tuple[Source, ...] = ()
    """Sources of an object of purposes (booleans, or "granted"/"denied"), one word for all, or Google's `gcs` or `gcd`.
    Of each purpose the first source that says something about it counts."""


class Verify(Part):
    """A shared token that the sender must give; the setting holds the accepted ones."""

    setting: str
    sources: tuple[Source, ...]
    optional: bool = False
    """Where the setting is empty: accept without trust (true) or refuse to validate the container (false)."""


class Count(Part):
    """A native decoder of a batch: it counts the events before the answer, refuses what it cannot read, and hands them
    to parse as `hit.events`, a slice at a time, so that a batch of 1,000 meets the same script limits as one event."""

    decoder: Literal["meta_data", "json_events"]
    max: int


class Answer(Part):
    """What the sender gets."""

    kind: Literal["gif", "empty", "json"] = "empty"
    status: int = 200
    template: Any = Declared(default=None, alias="json")
    """JSON with placeholders {count}, {hit_id}, {message}, {reason}, {code}; one placeholder alone keeps its type."""


class Answers(Part):
    """Answers by outcome."""

    accepted: Answer = Answer()
    by_method: dict[str, Answer] = {}
    refused: Answer = Answer(
        kind="json", status=400, template={"error": {"code": "{reason}", "message": "{message}", "hint": "{hint}"}}
    )
    """Its status is a fallback: a refusal carries its own."""
    codes: dict[str, int] = {}
    """Refusal reason to {code}; `*` is the fallback."""


class ClientSpec(Part):
    """How the edge claims, reads and answers."""

    methods: tuple[str, ...]
    paths: FromSetting | tuple[str, ...]
    """Patterns: `{name}` is one segment, `{name:int}` digits. A path claims its trailing-slash form too."""
    hosts: FromSetting | tuple[str, ...] = ()
    """Host names that it answers on; empty = any."""
    decode: Literal["form", "json", "auto", "none"]
    """What `hit.params` holds in parse: form = query and body pairs, nested; json = the decoded body; auto = json where
    the body is JSON, else form; none = nothing (`hit.body` is the text)."""
    json_params: tuple[str, ...] = ()
    """Dotted names of form parameters that hold JSON: decoded natively; a text that is no JSON object or list stays."""
    max_body: int = 256 * 1024
    trust: Literal["browser", "server"] = "browser"
    facts: Facts = Facts()
    verify: Verify | None = None
    redact: tuple[str, ...] = ()
    """Names of query, form and top-level JSON members whose values never reach the log."""
    count: Count | None = None
    answers: Answers = Answers()
    cors: bool = True


class BatchSpec(Part):
    """When a batch is full."""

    max_items: FromSetting | Annotated[int, Declared(ge=1)] = 1
    max_bytes: int = 1_000_000
    linger_ms: FromSetting | Annotated[int, Declared(ge=0)] = 50


class AgeBy(Part):
    """Another limit where a field of the item has a value."""

    field: str
    limits_days: dict[str, FromSetting | float]


class AgeRule(Part):
    """The vendor's age limit. Checked when the item is made and again before each send."""

    time: str
    """Key of the item that holds a Unix time."""
    unit: Literal["s", "ms", "us"] = "s"
    """What that time counts."""
    limit_days: FromSetting | float
    by: AgeBy | None = None


class DestinationSpec(Part):
    """How a tag of this template delivers."""

    consent: tuple[Purpose, ...]
    batch: BatchSpec = BatchSpec()
    concurrency: int = 4
    timeout_s: float = 10.0
    age: AgeRule | None = None
    retry_statuses: tuple[int, ...] = (408, 425, 429, 500, 502, 503, 504)
    """Used where the script has no `verdict`; every other status from 500 is a retry too, 2xx is delivered."""
    stop_statuses: tuple[int, ...] = (401, 403, 404, 405, 407, 410)
    """Likewise: they tell of the credential or the address and of no event, so the tag stops and loses none. A redirect
    does so with every template. Every other 4xx rejects."""
    throttle: Throttle = Throttle()
    """What the vendor allows; a figure that the tag gives wins."""


class LookupSpec(Part):
    """How the look-ups of a variable are made. Its script describes each in `lookup`; `resolve` gets the answer."""

    timeout_ms: FromSetting | Annotated[int, Declared(ge=1, le=MOST_TIMEOUT_MS)] = TIMEOUT_MS
    """For so long a hit waits for the answer. A setting that gives more counts as the most there is."""
    ttl_s: FromSetting | Annotated[int, Declared(ge=0, le=MOST_TTL_S)] = TTL_S
    """For so long other hits take the same answer without asking."""
    failed_ttl_s: FromSetting | Annotated[int, Declared(ge=0, le=MOST_TTL_S)] = FAILED_TTL_S
    """The same, where there was no answer, or one with a status of 429 or from 500."""


class Vendor(Part):
    """Whose format this is, and where and when it was checked."""

    name: str
    api: str
    version: str = ""
    docs: str
    checked: str = Declared(pattern=r"^\d{4}-\d{2}-\d{2}$")


class Manifest(Part):
    """One template."""

    id: str = Declared(pattern=r"^[a-z][a-z0-9_]*$")
    kind: Kind
    name: str
    summary: str
    version: int = 1
    vendor: Vendor | None = None
    fields: tuple[Field, ...] = ()
    shared: tuple[str, ...] = ()
    """Shared Lua modules (tags/shared/<name>.lua) that the script sees as globals."""
    permissions: Permissions = Permissions()
    client: ClientSpec | None = None
    destination: DestinationSpec | None = None
    lookup: LookupSpec | None = None
    """Variables only: the script makes look-ups."""

    @model_validator(mode="after")
    def _matching(self) -> Manifest:
        if (self.kind == "client") != (self.client is not None):
            raise ValueError("a template of kind client has a `client:` part, and no other kind has")
        if (self.kind == "destination") != (self.destination is not None):
            raise ValueError("a template of kind destination has a `destination:` part, and no other kind has")
        if self.lookup is not None and self.kind != "variable":
            raise ValueError("`lookup:` is for variables alone: any other template takes what a variable found")
        if self.lookup is not None and self.permissions.hosts is None:
            raise ValueError("a variable with `lookup:` asks a server: name its hosts under `permissions.hosts`")
        if self.permissions.cookies and self.permissions.cookies.set and self.kind != "client":
            raise ValueError("`permissions.cookies.set` is for clients alone: only a client answers the browser")
        return self

    def field(self, id: str) -> Field | None:
        """Returns the declared field of that id."""
        return next((field for field in self.fields if field.id == id), None)
