-- Returns the variable's value for an event; nil where it has none. It is asked once an event, and only where it is used.
local function resolve(event, settings)
  local value = tonumber(event.value)
  return value and value >= settings.limit
end


return { resolve = resolve }
