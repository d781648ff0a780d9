-- Returns what is sent of an event, or nil and a reason.
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


-- Describes the request for a batch. `batch.items` stands for the items; a secret's value is filled in later.
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


return { map = map, request = request }
