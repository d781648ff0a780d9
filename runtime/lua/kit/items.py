"""`items`: the products of an event, in common names and in each vendor's. A list that is nil is an empty one."""

from __future__ import annotations

from runtime.lua.kit import KitFunction

_VENDOR = "vendor: text — meta, tiktok, pinterest, snapchat, reddit, microsoft or x"
_ITEMS = "items: table? — the event's items, a list; nil is an empty one"

FUNCTIONS: dict[str, KitFunction] = {
    "to": KitFunction(
        None,
        "Writes items as the vendor's list of products. Its id is the `item_id`, else the `item_name`; an item with "
        "neither is left out, as is a value that is not what its key says. Prices and quantities are numbers (for "
        "Pinterest texts and whole numbers), the rest is text.",
        (_VENDOR, _ITEMS),
        "table — a fresh list; empty where no item is left",
        'items.to("meta", { { item_id = "a", price = "2.50" } }) --> { { id = "a", item_price = 2.5 } }',
    ),
    "from": KitFunction(
        None,
        "Reads a vendor's list of products as items. Values stay as they are, and keys that are not the vendor's too.",
        (_VENDOR, "contents: table? — the vendor's list; nil is an empty one"),
        "table — a fresh list of items; what is no table in the given list is left out",
        'items.from("tiktok", { { content_id = "a", size = "M" } }) --> { { item_id = "a", size = "M" } }',
    ),
    "ids": KitFunction(
        None,
        "Lists the items' ids as text: the `item_id`, else the `item_name`.",
        (_ITEMS,),
        "table — a fresh list of texts, in the order of the items",
        'items.ids({ { item_id = "a" }, { item_name = "Cup" } }) --> { "a", "Cup" }',
    ),
    "quantity": KitFunction(
        None,
        "Adds up the quantities; an item that names none counts as one.",
        (_ITEMS,),
        "number",
        "items.quantity({ { quantity = 2 }, {} }) --> 3",
    ),
    "value": KitFunction(
        None,
        "Adds up price times quantity of all items that have a price, rounded to six decimal places.",
        (_ITEMS,),
        "number? — nil where no item has a price",
        "items.value({ { price = 19.99, quantity = 3 }, {} }) --> 59.97",
    ),
}
