-- Returns the event as the tags shall see it.
local function apply(event, settings)
  local value = event[settings.field]
  if type(value) == "string" then event[settings.field] = text.lower(value) end
  return event
end


return { apply = apply }
