"""The Python side of a kit call: it never raises into Lua, and returns scalars only.

An exception that reached Lua would be a live object there, a way to everything. So all of them end here: KitError gives
its message, anything else the words "host error" and is kept for the host. What was refused for want of a permission is
noted as well: only the host can tell that an error is one of those.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson

from runtime.lua.kit import CallContext, KitError, KitFunction, NotPermitted
from runtime.lua.pushed import json_of

_SHOWN = 500
_LARGEST = 2**63


@dataclass(frozen=True, slots=True)
class Failure:
    """What a kit function raised beside KitError: a fault of ours, or the process being told to end."""

    function: str
    error: BaseException


class Crossings:
    """The callables behind the kit, and the context of the call that is under way."""

    def __init__(self, max_text: int) -> None:
        self.context = CallContext()
        self.failure: Failure | None = None
        """Of the call under way, or the last one."""
        self._max_text = max_text

    def take_failure(self) -> Failure | None:
        """Returns what failed in the last call, once."""
        failure, self.failure = self.failure, None
        return failure

    def chance(self, block: Callable[[CallContext], str]) -> Callable[[], tuple[Any, ...]]:
        """Returns what Lua calls for the next random block of the call under way."""
        return lambda: (True, block(self.context))

    def callable(self, name: str, function: KitFunction) -> Callable[..., tuple[Any, ...]]:
        """Returns what Lua calls: it gives (True, value), (True, JSON, True) or (False, message)."""
        run = self._prepared(function)

        def call(*args: Any) -> tuple[Any, ...]:
            try:
                return self._scalar(run(*args))
            except NotPermitted as error:
                self.context.refusals.append(str(error))
                return False, str(error).encode("utf-8", "replace")
            except KitError as error:
                return False, str(error)[:_SHOWN].encode("utf-8", "replace")
            except BaseException as error:  # noqa: BLE001 - an exception must not reach Lua; the host raises it again
                self.failure = Failure(name, error)
                return False, "host error"

        return call

    def _prepared(self, function: KitFunction) -> Callable[..., Any]:
        """Returns the function with its tables read and its context given."""
        fn = function.fn
        if fn is None:
            raise ValueError("a function written in Lua has no Python side")
        if function.context:
            fn = partial(fn, self.context)
        packed = [kind.rstrip("?") in ("table", "any") for kind in function.types()]
        if not any(packed):
            return fn

        def run(*args: Any) -> Any:
            return fn(*[_read(value) if is_json else value for value, is_json in zip(args, packed, strict=True)])

        return run

    def _scalar(self, value: Any) -> tuple[Any, ...]:
        if value is None or value is True or value is False:
            return True, value
        if isinstance(value, str):
            return True, self._sized(value.encode())
        if isinstance(value, int) and -_LARGEST <= value < _LARGEST:
            return True, int(value)
        if isinstance(value, int | float):
            return True, float(value)
        return True, self._sized(json_of(value)), True

    def _sized(self, text: bytes) -> bytes:
        if len(text) > self._max_text:
            raise KitError(f"the result is too large (more than {self._max_text} bytes)")
        return text


def _read(value: str | None) -> Any:
    return None if value is None else orjson.loads(value)
