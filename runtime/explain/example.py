"""An example of a template: input, and everything that shall come of it. Examples are a template's tests and its docs.

One file of `examples/` holds one. What is left out of `expect` is not looked at, but for the events of a client:
without `repairs` nothing may have been mended.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

import orjson
from pydantic import Field as Declared
from pydantic import model_validator

from runtime.containers.interchange import read_document
from runtime.containers.shape import validated
from runtime.errors import ContainerInvalid, OperatorError, Problem
from runtime.explain.example_lookup import GivenAnswer
from runtime.model.consent import PURPOSES, Purpose
from runtime.model.hit import Hit, LoggedHit
from runtime.model.part import Part
from runtime.model.permissions import NEVER_HEADERS

AT_S = 1_790_000_000
"""The time of an example that names none: 2026-09-21, 14:13:20 UTC."""


class ExampleHit(Part):
    """A request as a sender makes it. At most one of body, json and form is given."""

    method: str = "POST"
    url: str
    headers: dict[str, str] = {}
    cookies: dict[str, str] = {}
    client_ip: str = "198.51.100.20"
    body: str | None = None
    json_: Any = Declared(default=None, alias="json")
    form: dict[str, str] | None = None
    geo: dict[str, str] = {}
    """Where the visitor is: country, region, city. For a client the edge alone says it."""

    def encoded(self) -> tuple[bytes, str]:
        """Returns the body and the content type that goes with it."""
        if self.form is not None:
            return urlencode(self.form).encode(), "application/x-www-form-urlencoded"
        if self.json_ is not None:
            return orjson.dumps(self.json_), "application/json"
        return (self.body or "").encode(), "text/plain" if self.body else ""

    def all_headers(self) -> dict[str, str]:
        """Returns the headers with the cookies, and with a content type where the body implies one."""
        implied = {"content-type": self.encoded()[1], "cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        given = {name.lower(): value for name, value in self.headers.items()}
        return {name: value for name, value in implied.items() if value} | given

    def logged(self, at_s: int) -> LoggedHit:
        """Returns the hit as the log would hold it, for templates that read of it beside the event."""
        url = urlsplit(self.url)
        named = {name.lower(): value for name, value in self.headers.items() if name.lower() not in NEVER_HEADERS}
        hit = Hit(
            client="example",
            version=1,
            received_us=at_s * 1_000_000,
            method=self.method,
            scheme=url.scheme,
            host=url.netloc.lower(),
            path=unquote(url.path) or "/",
            query=url.query.encode(),
            headers=named,
            cookies=self.cookies,
            client_ip=self.client_ip,
            route={},
            page_url="",
            referrer="",
            consent=dict.fromkeys(PURPOSES, True),
            fbp=self.cookies.get("_fbp", ""),
            fbc=self.cookies.get("_fbc", ""),
            visitor_id="",
            body=self.encoded()[0],
            geo=self.geo,
        )
        return LoggedHit(0, 1, hit)


class ExampleAnswer(Part):
    """A vendor's answer to the item, or to a batch of `count` such items, and the verdict that it means."""

    status: int
    headers: dict[str, str] = {}
    body: str | None = None
    json_: Any = Declared(default=None, alias="json")
    count: int = 1
    verdict: dict[str, Any]

    def encoded(self) -> bytes:
        """Returns the answer's body."""
        return orjson.dumps(self.json_) if self.json_ is not None else (self.body or "").encode()


class Expectation(Part):
    """What shall come of an example. Structures are compared whole."""

    events: tuple[dict[str, Any], ...] | None = None
    """Client: what `parse` returns; an event that is a dead letter, alone, is {dead: reason}."""
    repairs: dict[str, int] = {}
    """Client: what was mended on the way, by code."""
    dead: str | None = None
    """Client: the reason for which the whole hit is a dead letter."""
    hit: dict[str, Any] | None = None
    """Client: facts that the edge found (page_url, fbp, consent, trust, …); those named are compared."""
    refused: dict[str, Any] | None = None
    """Client: {status, reason} of a request that never reaches the log."""
    answer: dict[str, Any] | None = None
    """Client: the answer's status, type, body or json; those named are compared."""
    item: Any = None
    """Destination: what `map` returns."""
    key: str | None = None
    """Destination: the batch key that `map` gives with the item."""
    dropped: str | None = None
    """Destination: the reason that `map` gives, or its beginning up to a colon."""
    denied: tuple[str, ...] | None = None
    """Destination: purposes that are missing."""
    fault: str | None = None
    """Any but a client: the kind of fault."""
    invalid: tuple[str, ...] | None = None
    """Fields whose settings are missing or wrong, so that no container with them can be published."""
    request: dict[str, Any] | None = None
    """Destination: method, url, headers and body (text) or json of the request for this one item."""
    value: Any = None
    """Variable: what it is; null = it has no value."""
    lookups: tuple[dict[str, Any], ...] | None = None
    """Variable: the requests of its look-ups: method, url, headers and body (text) or json; names for secrets."""
    event: dict[str, Any] | None = None
    """Transformation: the event as it leaves it."""


class Example(Part):
    """One example."""

    title: str
    description: str = ""
    settings: dict[str, Any] = {}
    secrets: dict[str, str] = {}
    """Values of the secrets that the settings name. A destination's script never sees one, so it needs none."""
    at: int = AT_S
    """Arrival of the hit, Unix seconds; the time that scripts see."""
    hit: ExampleHit | None = None
    """Client: the request. Any other: the request that brought the event, for what the script reads of it."""
    event: dict[str, Any] | None = None
    """Any but a client: event data."""
    consent: dict[Purpose, bool] | None = None
    """What the visitor granted; absent = everything."""
    lookups: tuple[GivenAnswer, ...] = ()
    """Variable: what servers answer to its look-ups, in their order."""
    expect: Expectation = Expectation()
    answers: tuple[ExampleAnswer, ...] = ()

    @model_validator(mode="after")
    def _one_input(self) -> Example:
        if self.hit is None and self.event is None and self.expect.invalid is None:
            raise ValueError("an example has either `hit` (for a client) or `event` (for any other template)")
        if not self.expect.model_fields_set and not self.answers:
            raise ValueError("`expect` is empty, so that nothing would be compared")
        return self

    def secret(self, name: str) -> str:
        """Returns a secret's value; OperatorError where the example gives none."""
        if name not in self.secrets:
            raise OperatorError(f"The example gives no secret {name}.", hint=f"Add `{name}` to its `secrets`.")
        return self.secrets[name]

    def expected(self) -> dict[str, Any]:
        """Returns what is expected as plain data: only what the example says, names of headers in lower case."""
        expected = self.expect.model_dump(exclude_unset=True)
        request = expected.get("request") or {}
        if "headers" in request:
            request["headers"] = {name.lower(): value for name, value in request["headers"].items()}
        return (
            expected | {"answers": [{"verdict": each.verdict} for each in self.answers]} if self.answers else expected
        )


def load_example(path: Path) -> Example:
    """Returns the example of a file; ContainerInvalid lists what is wrong with it."""
    data, problems = read_document(path)
    example, more = validated(Example, data)
    if problems or more or example is None:
        raise ContainerInvalid([_in_file(path, problem) for problem in [*problems, *more]])
    return example


def example_files(folder: Path) -> list[Path]:
    """Returns the files of a template's examples, in the order of their names."""
    return sorted((folder / "examples").glob("*.yaml"))


def _in_file(path: Path, problem: Problem) -> Problem:
    return Problem(f"{path}: {problem.path}".removesuffix(": "), problem.message, problem.hint)
