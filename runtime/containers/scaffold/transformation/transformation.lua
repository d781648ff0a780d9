-- Returns the event as the tags shall see it. The argument is a copy: changing it changes no other tag's event.
local function apply(event, settings)
  local value = event[settings.field]
  if type(value) == "string" then event[settings.field] = text.lower(value) end
  return event
end


return { apply = apply }
