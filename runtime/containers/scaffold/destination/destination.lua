-- Returns what is sent of an event, or nil and a reason (a code, a colon, and words for people).
-- `event` holds the fields that the manifest asks for, `settings` the tag's, `consent` what the visitor granted.
local function map(event, settings)
  if event.value == nil then return nil, "no_value: the vendor takes no event without a value" end
  return {
    account = settings.account,
    name = event.event_name,
    id = event.event_id,
    time = event.event_time,
    value = event.value,
    currency = event.currency,
  }
end


-- Describes the request for a batch; the host sends it, and again after a failure. `batch.items` stands for the items,
-- and a secret is a placeholder: its value is filled in later, and no script ever sees it.
local function request(batch, settings)
  local headers = {}
  if settings.api_key then headers.authorization = "Bearer " .. settings.api_key end
  return {
    method = "POST",
    url = settings.endpoint,
    headers = headers,
    body = { events = batch.items },
  }
end


-- A third function, verdict(response, batch), says what an answer means: { disposition = "delivered" }, "retry" or
-- "reject". Without it the status decides: 2xx is delivered, 408, 425, 429 and from 500 is tried again, the rest is not.
return { map = map, request = request }
