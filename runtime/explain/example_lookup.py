"""Look-ups of an example, or of a template that is tried: nobody is asked, the answers are given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from pydantic import Field as Declared
from pydantic import model_validator

from runtime.delivery.envelope import mask
from runtime.model.lookup import Answer, Lookup, encode_answer
from runtime.model.part import Part

Result = dict[str, Any]


class GivenAnswer(Part):
    """What a server answers to a look-up; or why it gave no answer, for example `timeout`."""

    status: int = 200
    body: str | None = None
    json_: Any = Declared(default=None, alias="json")
    failed: str = ""

    @model_validator(mode="after")
    def _one_kind(self) -> GivenAnswer:
        if self.failed and self.model_fields_set - {"failed"}:
            raise ValueError("an answer that `failed` has no status, body or json")
        return self

    def recorded(self, at_s: int) -> bytes:
        """Returns it as it would be recorded."""
        if self.failed:
            return encode_answer(Answer(at_s * 1000, failed=self.failed))
        body = (self.body or "") if self.json_ is None else orjson.dumps(self.json_).decode()
        return encode_answer(Answer(at_s * 1000, self.status, body))


NO_ANSWER = GivenAnswer(failed="not_asked")


def shown(lookup: Lookup, at_s: int, wanted: Result | None = None) -> Result:
    """Returns the request of a look-up with names in place of secrets; its body as `json` where that is wanted."""
    request = mask(lookup.envelope, (), at_s=at_s)
    plain: Result = {"method": request.method, "url": request.url, "headers": request.headers}
    if "json" in (wanted or {}):
        return plain | {"json": orjson.loads(request.body)}
    return plain | {"body": request.body.decode()} if request.body else plain


class Stub:
    """Gives the answers of a list, in the order in which look-ups are made; past its end there is none."""

    def __init__(self, answers: Sequence[GivenAnswer], at_s: int) -> None:
        self.recorded: dict[str, bytes] = {}
        self.made: list[Lookup] = []
        self._answers, self._at_s = list(answers), at_s

    def answer(self, needs: Sequence[Lookup]) -> int:
        """Records an answer for each; returns for how many none was given."""
        missing = max(0, len(needs) - len(self._answers))
        for lookup in needs:
            given = self._answers.pop(0) if self._answers else NO_ANSWER
            self.recorded[lookup.key] = given.recorded(self._at_s)
            self.made.append(lookup)
        return missing
