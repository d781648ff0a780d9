"""`names`: common names and the vendors' standard events."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.lua.sandbox import Sandbox
from tests.lua.calls import fault, value

COMMON = [
    "add_payment_info", "add_to_cart", "add_to_wishlist", "begin_checkout", "contact", "generate_lead", "page_view",
    "purchase", "search", "sign_up", "subscribe", "view_item", "refund",
]  # fmt: skip
EXPECTED = {
    "meta": ["AddPaymentInfo", "AddToCart", "AddToWishlist", "InitiateCheckout", "Contact", "Lead", "PageView",
             "Purchase", "Search", "CompleteRegistration", "Subscribe", "ViewContent", ""],
    "tiktok": ["AddPaymentInfo", "AddToCart", "AddToWishlist", "InitiateCheckout", "Contact", "SubmitForm", "Pageview",
               "CompletePayment", "Search", "CompleteRegistration", "Subscribe", "ViewContent", ""],
    "pinterest": ["", "add_to_cart", "", "", "", "lead", "page_visit", "checkout", "search", "signup", "",
                  "page_visit", ""],
    "snapchat": ["ADD_BILLING", "ADD_CART", "ADD_TO_WISHLIST", "START_CHECKOUT", "", "", "PAGE_VIEW", "PURCHASE",
                 "SEARCH", "SIGN_UP", "SUBSCRIBE", "VIEW_CONTENT", ""],
    "reddit": ["", "ADD_TO_CART", "ADD_TO_WISHLIST", "", "", "LEAD", "PAGE_VISIT", "PURCHASE", "SEARCH", "SIGN_UP", "",
               "VIEW_CONTENT", ""],
}  # fmt: skip


@pytest.mark.parametrize("vendor", EXPECTED)
def test_common_names_become_the_vendors(sandbox: Sandbox, vendor: str) -> None:
    body = f"local out = {{}} for i, n in ipairs(event.names) do out[i] = names.of('{vendor}', n) or '' end return out"
    assert value(sandbox, body, {"names": COMMON}) == EXPECTED[vendor]


@pytest.mark.parametrize("vendor", EXPECTED)
def test_the_vendors_names_become_common_again(sandbox: Sandbox, vendor: str) -> None:
    theirs = [name for name in EXPECTED[vendor] if name and name != "page_visit"]
    body = f"local out = {{}} for i, n in ipairs(event.names) do out[i] = names.common('{vendor}', n) end return out"
    wanted = [name for name, their in zip(COMMON, EXPECTED[vendor], strict=True) if their in theirs]
    assert value(sandbox, body, {"names": theirs}) == wanted


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("names.common('pinterest', 'page_visit')", "page_view"),
        ("names.common('pinterest', 'initiate_checkout')", "begin_checkout"),
        ("names.common('pinterest', 'custom')", None),
        ("names.common('tiktok', 'Purchase')", "purchase"),
        ("names.common('tiktok', 'Lead')", "generate_lead"),
        ("names.common('reddit', 'SignUp')", "sign_up"),
        ("names.common('meta', 'purchase')", None),
        ("names.of('meta', 'Purchase')", None),
        ("names.of('meta', 5)", None),
        ("names.of('meta', '__index')", None),
    ],
)
def test_names_at_their_edges(sandbox: Sandbox, expression: str, expected: Any) -> None:
    assert value(sandbox, f"return {expression}") == expected


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("names.of('ga4', 'x')", "(one of meta, pinterest, reddit, snapchat, tiktok expected, got `ga4`)"),
        ("names.of(nil, 'x')", "bad argument #1 to 'names.of'"),
        ("names.common('meta', {})", "bad argument #2 to 'names.common' (string expected, got table)"),
        ("names.common('meta')", "bad argument #2 to 'names.common' (string expected, got nil)"),
    ],
)
def test_a_wrong_argument_is_named_at_the_scripts_line(sandbox: Sandbox, body: str, message: str) -> None:
    problem = fault(sandbox, f"local x = {body}")
    assert problem.message.startswith("test:3: ")
    assert message in problem.message
