"""Log lines: cleaned last, whoever wrote them, and never the reason for a failure; and the buckets of histograms."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from runtime.log.notebook import Notebook
from runtime.telemetry import BOUNDS_S, LINE_LOST, PARTS, bucket, configure, log, observe, tally
from runtime.text.redaction import Redactor, environment_redactor, secret_forms

SECRET = 'k3y "of/the+shop"=ü'
LOOKS_PERSONAL = [
    "ann@shop.example", "ann%40shop.example", "+49 151 23456789", "+4915123456789", "0151 23456789", "(030) 1234-5678",
    "00491512345678", "015123456789", "555-123-4567", "(555) 123-4567",
]  # fmt: skip
PLAIN = [
    "0.1234567890", "2026-11-24T10:25:00.123456Z", "2026-11-24 10:25:00", "1234567890", "fb.1.1790000000000.1234567890",
    "127.0.0.1:8080", "http_503", "d41d8cd98f00b204e9800998ecf8427e", "/data/log-0.db",
    "123e4567-e89b-12d3-a456-426614174000",    "1,234 hits", "0-12", "0.25 s", "version 3 of 0",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str]) -> Callable[..., dict[str, Any]]:
    """Writes one line and returns it as it came out."""

    def write(redact: Callable[[dict[str, Any]], dict[str, Any]], /, **fields: Any) -> dict[str, Any]:
        configure("info", redact=redact, process="test")
        log().warning("something_odd", **fields)
        line: dict[str, Any] = json.loads(capsys.readouterr().err)
        return line

    return write


def test_a_line_has_name_level_time_and_process(written: Callable[..., dict[str, Any]]) -> None:
    line = written(Redactor({}).line, hits=3, folder=Path("/data"), ratio=0.5, ok=True, none=None)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "something_odd", "level": "warning", "process": "test", "hits": 3, "folder": "PosixPath('/data')",
        "ratio": 0.5, "ok": True, "none": None,
    }  # fmt: skip


@pytest.mark.parametrize("form", sorted(secret_forms(SECRET)))
def test_a_secret_is_named_in_every_form(written: Callable[..., dict[str, Any]], form: str) -> None:
    line = written(Redactor({"KEY": SECRET}).line, a=f"x {form} y", b={form: [form, (form,)]}, c=Exception(form))
    assert line["a"] == "x secret:KEY y"
    assert line["b"] == {"secret:KEY": ["secret:KEY", ["secret:KEY"]]}
    assert line["c"] == "Exception('secret:KEY')"


@pytest.mark.parametrize("user", ["", "a", "ab", "abc", "ann"])
def test_a_secret_is_named_inside_of_basic_credentials(user: str) -> None:
    packed = base64.b64encode(f"{user}:{SECRET}".encode()).decode()
    shown = Redactor({"KEY": SECRET}).text(f"Basic {packed}")
    assert "secret:KEY" in shown
    assert len(shown) < len(packed)


def test_a_secret_in_a_traceback_is_named(written: Callable[..., dict[str, Any]]) -> None:
    try:
        raise ValueError(f"{SECRET} of ann@shop.example")
    except ValueError as error:
        line = written(Redactor({"KEY": SECRET}).line, exc_info=error)
    assert SECRET not in line["exception"]
    assert "ValueError: secret:KEY of a***@***.example" in line["exception"]


@pytest.mark.parametrize("text", LOOKS_PERSONAL)
def test_what_looks_like_personal_data_is_masked(text: str) -> None:
    shown = Redactor({}).text(f"said {text}, twice: {text}")
    assert text not in shown
    assert "***" in shown


@pytest.mark.parametrize("text", PLAIN)
def test_ids_numbers_and_hashes_stay(text: str) -> None:
    assert Redactor({}).text(f"at {text} it") == f"at {text} it"


def test_members_of_json_are_masked_by_their_names() -> None:
    shown = Redactor({}).text('{"email": "x", "first_name":"Ann", "value":"12", "cut":{"phone":"0049')
    assert "Ann" not in shown
    assert '"value":"12"' in shown
    assert "0049" not in shown


def test_a_line_that_cannot_be_cleaned_is_not_written(written: Callable[..., dict[str, Any]]) -> None:
    class Odd:
        def __repr__(self) -> str:
            raise RuntimeError("never mind")

    assert written(Redactor({}).line, odd=Odd()) == {"event": LINE_LOST, "of": "something_odd", "level": "warning"}
    assert written(Redactor({}).line, text="\ud800")["text"] == "\ud800"
    deep: list[Any] = []
    deep.append(deep)
    assert written(Redactor({}).line, deep=deep)["event"] == "something_odd"


def test_secrets_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTHAND_SECRET_META_TOKEN", "token-of-the-shop")
    monkeypatch.setenv("FIRSTHAND_SECRET_EMPTY", "")
    monkeypatch.setenv("FIRSTHAND_SECRET_SHORT", "abc")
    redactor = environment_redactor({"MORE": "another-secret"})
    assert redactor.text("token-of-the-shop, another-secret, abc") == "secret:META_TOKEN, secret:MORE, abc"


def test_each_observation_has_a_bucket() -> None:
    assert [bucket(int(bound * 1e6)) for bound in BOUNDS_S] == list(range(len(BOUNDS_S)))
    assert [bucket(int(bound * 1e6) + 1) for bound in BOUNDS_S] == list(range(1, len(BOUNDS_S) + 1))
    counts = tally()
    for microseconds in (0, 1000, 1001, 10**12):
        observe(counts, microseconds)
    told = dict(zip(PARTS, counts, strict=True))
    assert {part: n for part, n in told.items() if n} == {"0.001": 2, "0.0025": 1, "inf": 1, "sum": 10**12 + 2001}


def test_a_histogram_is_handed_over_once_and_kept_where_it_could_not_be_written() -> None:
    notebook = Notebook()
    counts = notebook.tally("ack", "pixel")
    assert notebook.tally("ack", "pixel") is counts
    assert not notebook
    observe(counts, 2000)
    assert notebook
    first = notebook.take()
    assert first.counts == {(0, "ack", "pixel 0.0025"): 1, (0, "ack", "pixel sum"): 2000}
    assert not notebook
    observe(counts, 500)
    notebook.put_back(first)
    assert notebook.take().counts == {
        (0, "ack", "pixel 0.0025"): 1, (0, "ack", "pixel 0.001"): 1, (0, "ack", "pixel sum"): 2500
    }  # fmt: skip


def test_each_event_has_one_level_and_a_plain_name() -> None:
    """Read from the sources: what an operator filters by must not depend on the place that wrote it."""
    root = Path(__file__).parent.parent
    sources = [path for folder in ("runtime", "admin_ui") for path in (root / folder).rglob("*.py")]
    call = re.compile(r"\b(?:log|telemetry)\(\)\.(\w+)\(\s*(?:\"(\w*)\")?")
    levels: dict[str, set[str]] = {}
    for level, name in (found.groups() for path in sources for found in call.finditer(path.read_text("utf-8"))):
        assert name, "an event's name stands in the call itself"
        levels.setdefault(name, set()).add(level)
    assert len(levels) > 25
    assert [name for name in levels if not re.fullmatch(r"[a-z]+(_[a-z]+)*", name)] == []
    assert {name: found for name, found in levels.items() if len(found) > 1} == {}
    assert {level for found in levels.values() for level in found} <= {"debug", "info", "warning", "error"}
