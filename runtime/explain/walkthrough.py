"""A newcomer's path to a delivered event, as tags/README.md shows it. A test executes its commands as they stand."""

from __future__ import annotations

TEXT = """\
A destination of your own, from nothing to a delivered event. It is one folder; nothing outside it changes, because
templates are found by where they lie: a container's own in `templates/` beside its container.yaml.

```sh
mkdir -p templates/destinations
firsthand new-template destination my_vendor --into templates/destinations
```

The folder holds a manifest, a script, an icon and examples that pass. Say first what shall come of an event: here the
vendor wants the number of pieces too.

```sh
cat > templates/destinations/my_vendor/examples/purchase.yaml <<'YAML'
title: A purchase of three pieces
settings: {account: a-1, api_key: "secret:VENDOR_KEY"}
event:
  event_name: purchase
  event_id: o-1001
  event_time: 1790000000
  value: 12.5
  currency: EUR
  items: [{item_id: mug, quantity: 2}, {item_id: pen}]
expect:
  item: {account: a-1, name: purchase, id: o-1001, time: 1790000000, value: 12.5, currency: EUR, pieces: 3}
  request:
    method: POST
    url: https://api.vendor.example/events
    headers: {authorization: "Bearer secret:VENDOR_KEY", content-type: application/json}
    json:
      events:
        - {account: a-1, name: purchase, id: o-1001, time: 1790000000, value: 12.5, currency: EUR, pieces: 3}
YAML
```

Write the script.

```sh
cat > templates/destinations/my_vendor/destination.lua <<'LUA'
local function map(event, settings)
  if event.value == nil then return nil, "no_value: the vendor takes no event without a value" end
  return {
    account = settings.account,
    name = event.event_name,
    id = event.event_id,
    time = event.event_time,
    value = event.value,
    currency = event.currency,
    pieces = event.items and items.quantity(event.items),
  }
end


local function request(batch, settings)
  return {
    method = "POST",
    url = settings.endpoint,
    headers = { authorization = settings.api_key and "Bearer " .. settings.api_key },
    body = { events = batch.items },
  }
end


return { map = map, request = request }
LUA
```

The script reads one field more, so the manifest asks for it: what is not asked for is not there.

```sh
sed -i 's/value, currency]/value, currency, items]/' templates/destinations/my_vendor/manifest.yaml
```

Look at one event, then run all examples. What differs from an example is told by its place, and a name that does not
exist by line and column.

```sh
cat > event.yaml <<'YAML'
event_name: purchase
event_id: o-1001
value: 12.5
currency: EUR
items: [{item_id: mug, quantity: 2}]
YAML
firsthand try templates/destinations/my_vendor --event event.yaml
firsthand container test templates/destinations/my_vendor
```

Use it in a container.

```sh
cat > container.yaml <<'YAML'
container: shop
domains: [shop.example]
consent: {default: granted}
clients:
  json: {template: json_event}
tags:
  vendor:
    template: my_vendor
    settings: {api_key: "secret:VENDOR_KEY", endpoint: "https://api.vendor.example/events"}
    triggers: [everything]
triggers:
  everything: {all: []}
YAML
firsthand container test container.yaml
```

Serve it, and send an event from another terminal.

```sh
FIRSTHAND_SECRET_VENDOR_KEY=k-1 firsthand serve --container container.yaml
```

```sh
curl -d '{"event_name": "purchase", "value": 12.5, "currency": "EUR"}' http://127.0.0.1:8080/e
firsthand events list
```

The rules behind it:

"""
