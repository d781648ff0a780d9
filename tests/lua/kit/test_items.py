"""`items`: each vendor's list of products, and the same back."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.lua.sandbox import Sandbox
from tests.lua.calls import fault, value

ITEMS: list[dict[str, Any]] = [
    {
        "item_id": "sku1",
        "item_name": "Cup",
        "item_brand": "Potter",
        "item_category": "Kitchen",
        "price": 12.5,
        "quantity": 2,
        "coupon": "X",
    },
    {"item_id": 7, "price": "3.50", "quantity": "1"},
    {"item_name": "Plate"},
    {"price": 1},
]
WRITTEN = {
    "meta": [
        {"id": "sku1", "quantity": 2, "item_price": 12.5, "title": "Cup", "brand": "Potter", "category": "Kitchen"},
        {"id": "7", "quantity": 1, "item_price": 3.5},
        {"id": "Plate", "title": "Plate"},
    ],
    "tiktok": [
        {
            "content_id": "sku1",
            "content_name": "Cup",
            "content_category": "Kitchen",
            "brand": "Potter",
            "price": 12.5,
            "quantity": 2,
        },
        {"content_id": "7", "price": 3.5, "quantity": 1},
        {"content_id": "Plate", "content_name": "Plate"},
    ],
    "pinterest": [
        {
            "id": "sku1",
            "item_name": "Cup",
            "item_category": "Kitchen",
            "item_brand": "Potter",
            "item_price": "12.5",
            "quantity": 2,
        },
        {"id": "7", "item_price": "3.5", "quantity": 1},
        {"id": "Plate", "item_name": "Plate"},
    ],
    "snapchat": [
        {"id": "sku1", "quantity": 2, "item_price": 12.5, "brand": "Potter"},
        {"id": "7", "quantity": 1, "item_price": 3.5},
        {"id": "Plate"},
    ],
    "reddit": [
        {"id": "sku1", "name": "Cup", "category": "Kitchen"},
        {"id": "7"},
        {"id": "Plate", "name": "Plate"},
    ],
    "microsoft": [
        {"id": "sku1", "name": "Cup", "price": 12.5, "quantity": 2},
        {"id": "7", "price": 3.5, "quantity": 1},
        {"id": "Plate", "name": "Plate"},
    ],
    "x": [
        {"content_id": "sku1", "content_name": "Cup", "content_price": 12.5, "num_items": 2},
        {"content_id": "7", "content_price": 3.5, "num_items": 1},
        {"content_id": "Plate", "content_name": "Plate"},
    ],
}


@pytest.mark.parametrize("vendor", WRITTEN)
def test_items_are_written_in_the_vendors_keys(sandbox: Sandbox, vendor: str) -> None:
    assert value(sandbox, f"return items.to('{vendor}', event.items)", {"items": ITEMS}) == WRITTEN[vendor]


@pytest.mark.parametrize("vendor", WRITTEN)
def test_the_vendors_list_reads_back_as_items(sandbox: Sandbox, vendor: str) -> None:
    given = {**ITEMS[0], "price": "12.5" if vendor == "pinterest" else 12.5}
    body = f"return items.from('{vendor}', items.to('{vendor}', event.items))"
    found = value(sandbox, body, {"items": ITEMS[:1]})[0]
    assert found.items() <= given.items()
    assert found["item_id"] == "sku1"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("items.to('meta', nil)", {}),
        ("items.to('meta', {})", {}),
        ("items.to('meta', {'text', 5, {item_id = ''}, {item_id = {}}})", {}),
        ("items.to('meta', {{item_id = 'a', price = '0x10', quantity = 0/0, item_name = {}}})", [{"id": "a"}]),
        ("items.to('meta', {{item_id = 'a', price = ('1'):rep(1000)}})", [{"id": "a"}]),
        ("items.to('pinterest', {{item_id = 'a', quantity = 2.7, price = 3.0}})",
         [{"id": "a", "quantity": 2, "item_price": "3"}]),
        ("items.from('meta', {'text', {id = 5, color = 'red', price = 2}})",
         [{"item_id": 5, "color": "red", "price": 2}]),
        ("items.from('meta', {{id = 'a', item_id = 'b', item_price = '1', price = 2}})",
         [{"item_id": "a", "price": "1"}]),
        ("items.from('meta')", {}),
        ("items.ids({{item_id = 1.0}, {item_id = '', item_name = 'n'}, {}, 'x', {item_id = 'a'}})", ["1", "n", "a"]),
        ("items.quantity({{quantity = '2'}, {quantity = 'many'}, {quantity = 0.5}, 'x', {quantity = 0}})", 3.5),
        ("items.quantity(nil)", 0),
        ("items.value({{price = 0.1, quantity = 3}, {price = 0.2}})", 0.5),
        ("items.value({{price = '2.5', quantity = 2}})", 5),
        ("items.value({{price = 1e300, quantity = 1e300}})", None),
        ("items.value({{price = 5e12, quantity = 1}})", 5_000_000_000_000),
        ("items.value({{quantity = 2}, {price = 'free'}})", None),
        ("items.value({})", None),
    ],
)  # fmt: skip
def test_items_at_their_edges(sandbox: Sandbox, expression: str, expected: Any) -> None:
    assert value(sandbox, f"return {expression}") == expected


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("items.to('meta', 'text')", "bad argument #2 to 'items.to' (list of items expected, got text)"),
        ("items.to('meta', {item_id = 'a'})",
         "bad argument #2 to 'items.to' (list of items expected, got a table of names)"),
        ("items.from('meta', 5)", "bad argument #2 to 'items.from' (list of contents expected, got number)"),
        ("items.ids('text')", "bad argument #1 to 'items.ids' (list of items expected, got text)"),
        ("items.quantity(true)", "bad argument #1 to 'items.quantity' (list of items expected, got boolean)"),
        ("items.value(print)", None),
        ("items.to('shop', {})", "bad argument #1 to 'items.to' (one of meta, microsoft, pinterest, reddit, snapchat, "
         "tiktok, x expected, got `shop`)"),
        ("items.from({}, {})", "expected, got table)"),
    ],
)  # fmt: skip
def test_a_wrong_shape_is_named_at_the_scripts_line(sandbox: Sandbox, body: str, message: str | None) -> None:
    if message is None:
        assert value(sandbox, f"return {body}") is None
        return
    problem = fault(sandbox, f"local x = {body}")
    assert (problem.kind, problem.message[:8]) == ("error", "test:3: ")
    assert message in problem.message


HOSTILE = """
local ran = 0
local trap = setmetatable({}, {
  __index = function() ran = ran + 1 return {item_id = "x"} end, __len = function() ran = ran + 1 return 1e9 end,
  __pairs = function() ran = ran + 1 end,
})
local list = {setmetatable({item_id = "a"}, getmetatable(trap)), trap}
local out = {items.to("meta", list), items.to("meta", trap), items.from("meta", list), items.ids(list),
  items.quantity(list)}
return {ran = ran, first = out[1][1].id, others = #out[1], none = #out[2]}
"""


def test_no_metamethod_of_a_script_runs(sandbox: Sandbox) -> None:
    assert value(sandbox, HOSTILE) == {"ran": 0, "first": "a", "others": 1, "none": 0}


def test_results_are_fresh(sandbox: Sandbox) -> None:
    body = """
    local given = {{item_id = "a"}}
    local first, second = items.to("meta", given), items.to("meta", given)
    first[1].id, first[2] = "changed", "more"
    return {second, items.to("meta", given), given}
    """
    assert value(sandbox, body) == [[{"id": "a"}], [{"id": "a"}], [{"item_id": "a"}]]


def test_endless_work_ends_at_the_budget(sandbox: Sandbox) -> None:
    body = "local l = {} for i = 1, 2000 do l[i] = {item_id = i, price = '1'} end while true do items.to('x', l) end"
    assert fault(sandbox, body).kind == "cpu"
    assert value(sandbox, "return items.ids({{item_id = 'a'}})") == ["a"]


def test_the_tables_of_the_kit_cannot_be_changed(sandbox: Sandbox) -> None:
    assert "read-only" in fault(sandbox, "items.to = nil").message
    assert "read-only" in fault(sandbox, "rawset(names, 'of', nil)").message
