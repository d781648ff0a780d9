"""The event and the tag that the sandbox is measured with."""

from __future__ import annotations

from typing import Any

_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"

EVENT: dict[str, Any] = {
    "event_name": "purchase", "event_id": "order-1001", "event_time": 1790000000, "value": 86.4, "currency": "EUR",
    "transaction_id": "1001", "tax": 13.8, "shipping": 4.9, "coupon": "SPRING", "affiliation": "Web shop",
    "client_id": "1234567890.1790000000", "user_id": "u-77", "session_id": "1790000000", "session_number": 3,
    "page_location": "https://shop.example/checkout/thanks?order=1001&step=4", "page_title": "Thank you",
    "page_referrer": "https://shop.example/checkout", "page_hostname": "shop.example", "language": "de-de",
    "screen_resolution": "1920x1080", "viewport_size": "1280x720", "ip_override": "203.0.113.7", "user_agent": _AGENT,
    "x-source-vendor": "meta", "x-source-event-name": "Purchase", "x-fb-pixel_id": "1234567890",
    "x-fb-ck-fbp": "fb.1.1790000000000.1234567890", "x-fb-ck-fbc": "fb.1.1790000000000.IwAR_abcdefghijklmnop",
    "user_data": {
        "email_address": "ann.example@shop.example", "phone_number": "+4930123456",
        "address": {
            "first_name": "Ann", "last_name": "Example", "street": "Main Street 1", "city": "Berlin", "region": "BE",
            "postal_code": "10115", "country": "DE",
        },
    },
    "items": [
        {"item_id": f"sku-{place}", "item_name": f"A thing of kind {place}", "price": 4.9 * place, "quantity": place}
        for place in range(1, 6)
    ],
}  # fmt: skip

SETTINGS: dict[str, Any] = {"pixel_id": "1234567890", "action_source": "website"}

TAG = """
local function hashed(value)
  if value == nil or value == "" then return nil end
  return crypto.sha256(text.lower(text.trim(value)))
end


local function people(event)
  local given = event.user_data or {}
  local address = given.address or {}
  return {
    em = hashed(given.email_address), ph = hashed(given.phone_number),
    fn = hashed(address.first_name), ln = hashed(address.last_name),
    ct = hashed(address.city), zp = hashed(address.postal_code),
    country = hashed(address.country), external_id = hashed(event.user_id),
    client_ip_address = event.ip_override, client_user_agent = event.user_agent,
    fbp = event["x-fb-ck-fbp"], fbc = event["x-fb-ck-fbc"],
  }
end


local function contents(items)
  local list, ids, count = {}, {}, 0
  for place, item in ipairs(items or {}) do
    list[place] = { id = item.item_id, quantity = item.quantity or 1, item_price = item.price }
    ids[place] = item.item_id
    count = count + (item.quantity or 1)
  end
  return list, ids, count
end


local function map(event, settings)
  local list, ids, count = contents(event.items)
  return {
    event_name = event["x-source-event-name"] or event.event_name, event_id = event.event_id,
    event_time = event.event_time, event_source_url = event.page_location, action_source = settings.action_source,
    user_data = people(event),
    custom_data = {
      value = event.value, currency = event.currency, order_id = event.transaction_id, num_items = count,
      contents = list, content_ids = ids, content_type = "product",
    },
  }
end


return { map = map, request = function() end }
"""
