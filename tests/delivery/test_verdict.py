from __future__ import annotations

from runtime.delivery.batch import Bunch
from runtime.delivery.verdict import Division, divide
from runtime.model.delivery import Disposition, Item, Verdict

DELIVERED, RETRY, REJECT = (
    Verdict(Disposition.DELIVERED),
    Verdict(Disposition.RETRY, "busy"),
    Verdict(Disposition.REJECT),
)


def divided(count: int, verdict: Verdict) -> Division:
    return divide(Bunch([Item(n, 0, 1, b"{}", "", str(n), 0) for n in range(count)], attempts=2), verdict)


def parts(division: Division) -> list[list[int]]:
    return [[item.seq for item in bunch.items] for bunch in division.again]


def test_delivered_is_delivered() -> None:
    assert len(divided(3, DELIVERED).delivered) == 3


def test_a_retry_of_the_whole_is_an_outage_and_decides_nothing() -> None:
    division = divided(3, RETRY)
    assert division.outage
    assert division == Division(outage=True)


def test_a_refused_batch_is_halved_and_a_refused_item_is_dead() -> None:
    assert parts(divided(5, REJECT)) == [[0, 1, 2], [3, 4]]
    assert all(half.attempts == 2 for half in divided(5, REJECT).again)
    assert [item.seq for item, _ in divided(1, REJECT).dead] == [0]


def test_a_final_refusal_is_not_halved() -> None:
    assert len(divided(5, Verdict(Disposition.REJECT, final=True)).dead) == 5


def test_where_the_vendor_names_the_bad_items_the_rest_goes_again_in_one() -> None:
    division = divided(4, Verdict(Disposition.REJECT, items={1: REJECT}))
    assert [item.seq for item, _ in division.dead] == [1]
    assert parts(division) == [[0, 2, 3]]


def test_a_retry_with_some_items_delivered_parks_the_others() -> None:
    division = divided(3, Verdict(Disposition.RETRY, "some", items={0: DELIVERED}))
    assert not division.outage
    assert [item.seq for item in division.delivered] == [0]
    assert [item.seq for item, _ in division.parked] == [1, 2]


def test_places_beyond_the_batch_are_ignored() -> None:
    assert len(divided(2, Verdict(Disposition.DELIVERED, items={7: REJECT})).delivered) == 2
