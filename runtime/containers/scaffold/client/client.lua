-- Returns the events of a hit, or nil, a reason's code and a message where the hit is no use. Such a hit is kept as a
-- dead letter: mend the script and replay it. `hit.params` is the query and the body, decoded as the manifest says.
local function parse(hit)
  local params = hit.params
  if type(params) ~= "table" or type(params.name) ~= "string" then
    return nil, "no_event_name", "The parameter `name` (the event's name) is missing."
  end
  return {
    {
      event_name = params.name,
      event_id = params.id,
      value = tonumber(params.value),
      page_location = params.url,
    },
  }
end


return { parse = parse }
