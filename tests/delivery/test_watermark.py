from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runtime.delivery.watermark import Watermark


@given(st.lists(st.integers(0, 3), max_size=30), st.data())
def test_never_passes_an_outstanding_item_and_ends_at_the_last_hit(items: list[int], data: st.DataObject) -> None:
    """Hits are read in order and items finish in any order, also between two reads."""
    mark, position, last = Watermark(), 0, 0
    outstanding: list[int] = []
    waiting = list(enumerate(items, start=1))
    while waiting or outstanding:
        if waiting and (not outstanding or data.draw(st.booleans())):
            position, count = waiting.pop(0)
            if count:
                mark.add(position, count)
                outstanding += [position] * count
        else:
            mark.done(outstanding.pop(data.draw(st.integers(0, len(outstanding) - 1))))
        upto = mark.upto(position)
        assert upto == (min(outstanding) - 1 if outstanding else position)
        assert upto >= last
        last = upto
    assert mark.upto(position) == len(items)
    assert len(mark) == 0
