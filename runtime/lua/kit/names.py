"""`names`: event names, in common (GA4) words and in each vendor's."""

from __future__ import annotations

from runtime.lua.kit import KitFunction

_VENDOR = "vendor: text — meta, tiktok, pinterest, snapchat or reddit"

FUNCTIONS: dict[str, KitFunction] = {
    "of": KitFunction(
        None,
        "Gives the vendor's standard name for an event. Of an older and a newer name it is the older one, which every "
        "account takes: CompletePayment and SubmitForm for TikTok. For Reddit it is the form of API version 3.",
        (_VENDOR, "name: text — a common name, such as add_to_cart"),
        "text? — nil where the vendor has no such standard event",
        'names.of("meta", "add_to_cart") --> "AddToCart"',
    ),
    "common": KitFunction(
        None,
        "Gives the common name of a vendor's standard event; of older and newer names both are known.",
        (_VENDOR, "name: text — a standard event of the vendor, in its spelling"),
        "text? — nil where it is no standard event",
        'names.common("snapchat", "ADD_CART") --> "add_to_cart"',
    ),
}
