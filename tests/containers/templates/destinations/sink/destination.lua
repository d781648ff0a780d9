local function map(event)
  return { name = event.event_name, greeting = greeting.hello }
end

local function request(batch, settings)
  return { method = "POST", url = settings.endpoint, headers = {}, body = "[" .. batch.items .. "]" }
end

return { map = map, request = request }
