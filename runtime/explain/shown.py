"""Differences of items, requests and events as people may see them: compared whole, then masked place by place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from runtime.delivery.envelope import Masked
from runtime.explain.differences import ABSENT, Difference, differences
from runtime.text.masks import mask, mask_text
from runtime.text.redaction import environment_redactor

Record = dict[str, Any]


def item_differences(before: bytes, after: bytes) -> list[Record]:
    """Returns where two items differ."""
    return shown(differences(read(before), read(after)))


def request_differences(before: Masked, after: Masked) -> list[Record]:
    """Returns where two requests differ: method, url, headers, body."""
    return shown(differences(_request(before), _request(after)))


def shown(found: Iterable[Difference]) -> list[Record]:
    """Returns differences as data, personal data masked and secrets named; a side where nothing stands has no key.

    What differs only in what is masked is still told of, by its place.
    """
    return [environment_redactor().shown(_shown(each)) for each in found]


def read(body: bytes) -> Any:
    """Returns a body as data where it is JSON, else as text."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return body.decode("utf-8", "replace")


def _request(request: Masked) -> Record:
    body = read(request.body)
    return {"method": request.method, "url": request.url, "headers": request.headers, "body": body}


def _shown(difference: Difference) -> Record:
    return {"path": mask_text(difference.path)} | dict(_sides(difference))


def _sides(difference: Difference) -> Iterator[tuple[str, Any]]:
    for name, value in (("before", difference.expected), ("after", difference.actual)):
        if value is not ABSENT:
            yield name, mask(value, difference.path) if difference.path else mask(value, "whole")
