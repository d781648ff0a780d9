"""Ten thousand malformed requests: each is refused with a reason, dead-lettered with a reason, or mended and counted.

Every one has a twin, the same request unspoiled, sent in the same moment on another connection: it must be delivered.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from runtime.store.files import delivery_path
from tests.support import bad_input_events, bad_input_forms, bad_input_headers, bad_input_http, bad_input_json
from tests.support.bad_input_mutation import BadInput, bad_inputs
from tests.support.bad_input_outcome import DEAD, REFUSED, REPAIRED, UNSEEN, Case, DeliveryFile, Tally
from tests.support.bad_input_wire import Wire
from tests.support.fake_meta import FakeMeta
from tests.support.server import Server, get
from tests.support.shop import SECRETS, write_container

CASES = 10_000
LEAST_SHARE = 0.1
BOOKS = (bad_input_forms, bad_input_json, bad_input_events, bad_input_headers, bad_input_http)
MUTATIONS = [mutation for module in BOOKS for mutation in module.book.mutations]
FAULTS = ("Traceback", "collector_failed", "pipeline_failed", "pipeline_waits", "router_task_failed", "internal_error")


class Senders:
    """Sends malformed requests and their twins, and keeps count of the hits that were taken."""

    def __init__(self, port: int) -> None:
        self.cases: list[Case] = []
        self._bad, self._good = Wire(port), Wire(port)
        self._taken = 0

    def send(self, bad: BadInput) -> None:
        """Sends one case and its twin; fails where either gets what it must not get."""
        number = len(self.cases)
        raw = bad.raw(f"bad.{number}")
        self._bad.send(raw)
        self._good.send(bad.twin(twin_id(number)))
        answer, twin = self._bad.answer(), self._good.answer()
        case = Case(bad.mutation.name, bad.shape, f"bad.{number}", raw, answer, self._taken)
        assert 200 <= answer.status < 500, case
        assert b"Traceback" not in answer.body, case
        assert twin.status == 200, (bad.shape, twin)
        self.cases.append(case)
        self._taken += case.taken + 1

    def close(self) -> None:
        self._bad.close()
        self._good.close()


def twin_id(number: int) -> str:
    """Returns the event id of a case's twin."""
    return f"twin.{number}"


def send_all(port: int) -> list[Case]:
    """Sends everything that hypothesis draws."""
    senders = Senders(port)

    @settings(
        max_examples=CASES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(bad_inputs(MUTATIONS))
    def send(bad: BadInput) -> None:
        senders.send(bad)

    try:
        send()
    finally:
        senders.close()
    return senders.cases


def test_no_bad_input_is_a_mystery(meta: FakeMeta, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    environment = SECRETS | {"FIRSTHAND_TRUSTED_PROXIES": "127.0.0.0/8"}
    server = Server(tmp_path / "data", write_container(tmp_path, meta.endpoint), env=environment)
    with server:
        cases = send_all(server.port)
        twins = {twin_id(number) for number in range(len(cases))}
        meta.wait(lambda: twins <= meta.counts.keys(), 120)
        assert get(server.url + "/readyz")[0] == 200
        assert server.stop() == 0
    found = DeliveryFile.read(delivery_path(server.data, 0))
    fates = [(case, found.fate(case, twin_id(number))) for number, case in enumerate(cases)]
    tally = Tally.of(fates)
    with capsys.disabled():
        print("", *tally.lines(), f"repairs by code: {found.repairs}", f"{len(twins)} twins delivered", sep="\n")
    assert not [fate for fate in fates if fate[1].outcome == UNSEEN][:20]
    assert not [reason for reasons in found.dead.values() for reason in reasons if reason.startswith("script_")]
    assert {meta.counts[twin] for twin in twins} == {1}
    assert all(found.is_untouched(twin) for twin in twins)
    assert len(cases) >= CASES
    for outcome in (REFUSED, DEAD, REPAIRED):
        assert tally.totals[outcome] >= LEAST_SHARE * len(cases), outcome
    log = server.log_file.read_text()
    assert not [fault for fault in FAULTS if fault in log]
