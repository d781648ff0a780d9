-- Without these an event is none: they name it, keep it from being counted twice, and place it in time.
local ALWAYS = { "event_name", "event_id", "event_time" }


local function apply(event, settings)
  local kept = paths.only(event, settings.fields)
  for _, name in ipairs(ALWAYS) do kept[name] = event[name] end
  return kept
end


return { apply = apply }
