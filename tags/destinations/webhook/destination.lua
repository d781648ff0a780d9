-- Events as JSON to an address of the shop's own. Retries bring the same event id, so that the receiver can tell.


local TOKEN = "^[%w!#$%%&'*+.^_`|~-]+$"


local function map(event, settings)
  if settings.batch > 1 then return event end
  return event, { key = event.event_id }
end


local function own_headers(batch, settings)
  local prefix = "X-" .. settings.prefix .. "-"
  local headers = { [prefix .. "Timestamp"] = batch.attempt_time }
  if settings.batch == 1 then headers[prefix .. "Event-Id"] = batch.key end
  if settings.secret then
    local message = batch.attempt_time .. "." .. batch.body
    headers[prefix .. "Signature"] = "v1=" .. crypto.hmac_sha256(settings.secret, message)
  end
  return headers
end


local function reserved_names(settings)
  local reserved = { connection = true, ["content-length"] = true, host = true, ["transfer-encoding"] = true }
  for _, name in ipairs({ "event-id", "timestamp", "signature" }) do
    reserved[("x-%s-%s"):format(settings.prefix:lower(), name)] = true
  end
  return reserved
end


-- A header that could break the request, or pose as one of ours, is left out and told of.
local function add_further(headers, settings)
  local reserved = reserved_names(settings)
  for name, given in pairs(settings.headers or {}) do
    local value = tostring(given)
    if reserved[name:lower()] or not name:find(TOKEN) or value:find("%c") then
      log.warn("header left out: " .. name)
    else
      if name:lower() == "content-type" then headers["Content-Type"] = nil end
      headers[name] = value
    end
  end
end


local function request(batch, settings)
  local headers = own_headers(batch, settings)
  headers["Content-Type"] = "application/json"
  add_further(headers, settings)
  local body = settings.batch > 1 and '{"batch":[' .. batch.items .. "]}" or batch.items
  return { method = "POST", url = settings.endpoint, headers = headers, body = body }
end


return { map = map, request = request }
