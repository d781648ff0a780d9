-- Events in common event data. Fields of any name go through; those that other templates rely on must have their shape.


local MAX_NAME = 100
local DAY = 86400
local MAX_AGE = 7 * DAY
local MAX_AHEAD = 60

local PURPOSES = { "ad_storage", "ad_user_data", "ad_personalization", "analytics_storage" }


local function count(repairs, code)
  repairs[code] = (repairs[code] or 0) + 1
end


local function is_object(value)
  return type(value) == "table" and value[1] == nil
end


local function is_list_of_objects(value)
  if type(value) ~= "table" or (value[1] == nil and next(value) ~= nil) then return false end
  for place = 1, #value do
    if not is_object(value[place]) then return false end
  end
  return true
end


-- A number, or nil. Text that reads as a finite decimal number is one, and is counted.
local function number_of(value, repairs)
  if type(value) == "number" then return value end
  local read = type(value) == "string" and not value:find("[xX]") and tonumber(value)
  if not read or read - read ~= 0 then return nil end
  count(repairs, "number_as_text")
  return read
end


-- Unix seconds from seconds or milliseconds. A browser's clock counts for a week; a time ahead of ours never does.
local function time_of(value, hit, repairs)
  local time = number_of(value, repairs)
  if not time then return nil end
  if time > 1e11 then time = time / 1000 end
  local seconds = math.tointeger(time // 1)
  if not seconds or seconds < 1 or seconds > hit.received_s + MAX_AHEAD then return nil end
  if hit.trust ~= "server" and hit.received_s - seconds > MAX_AGE then return nil end
  return seconds
end


local function check_name(event)
  if type(event.event_name) ~= "string" or event.event_name == "" then
    return "no_event_name", "`event_name` is missing, or is not text."
  end
  if #event.event_name > MAX_NAME then
    return "event_name_too_long", ("`event_name` has more than %d bytes."):format(MAX_NAME)
  end
  return nil
end


local function check_shapes(event)
  if event.user_data ~= nil and not is_object(event.user_data) then
    return "bad_user_data", "`user_data` is not an object."
  end
  if event.items ~= nil and not is_list_of_objects(event.items) then
    return "bad_items", "`items` is not a list of objects."
  end
  if event.currency ~= nil and type(event.currency) ~= "string" then
    return "bad_currency", "`currency` is not text."
  end
  return nil
end


local function check_value(event, repairs)
  if event.value == nil then return nil end
  event.value = number_of(event.value, repairs)
  if event.value == nil then return "bad_value", "`value` is neither a number nor a text that reads as one." end
  return nil
end


local function mend_id(event, repairs)
  if type(event.event_id) == "number" then
    event.event_id = tostring(event.event_id)
    count(repairs, "number_as_id")
  elseif event.event_id == "" or (event.event_id ~= nil and type(event.event_id) ~= "string") then
    event.event_id = nil
    count(repairs, "bad_event_id")
  end
end


local function mend_time(event, hit, repairs)
  if event.event_time == nil then return end
  event.event_time = time_of(event.event_time, hit, repairs)
  if event.event_time == nil then count(repairs, "bad_event_time") end
end


local function mend_urls(event, repairs)
  for _, name in ipairs({ "page_location", "page_referrer" }) do
    if event[name] ~= nil and type(event[name]) ~= "string" then
      event[name] = nil
      count(repairs, "bad_url")
    end
  end
end


local function is_granted(value, repairs)
  if type(value) == "string" then value = value:lower() end
  if value == true or value == "granted" then return true end
  if value ~= false and value ~= "denied" then count(repairs, "bad_consent") end
  return false
end


-- `consent` is the short form of `consent_state`. Both take one answer for all purposes, or one for each; an answer is
-- a boolean, "granted" or "denied"; what is none of these denies, and is counted.
local function mend_consent(event, repairs)
  local given = event.consent_state
  if given == nil then given = event.consent end
  if given == nil then return end
  local state = {}
  if is_object(given) then
    for purpose, value in pairs(given) do state[purpose] = is_granted(value, repairs) end
  else
    local granted = is_granted(given, repairs)
    for _, purpose in ipairs(PURPOSES) do state[purpose] = granted end
  end
  event.consent_state, event.consent = state, nil
end


local function read_event(event, hit, repairs)
  if not is_object(event) then return { dead = "not_an_object", message = "An event is a JSON object." } end
  local reason, message = check_name(event)
  if not reason then reason, message = check_shapes(event) end
  if not reason then reason, message = check_value(event, repairs) end
  if reason then return { dead = reason, message = message } end
  mend_id(event, repairs)
  mend_time(event, hit, repairs)
  mend_urls(event, repairs)
  mend_consent(event, repairs)
  return event
end


local function parse(hit)
  local events, repairs = {}, {}
  for place = 1, #hit.events do
    events[place] = read_event(hit.events[place], hit, repairs)
  end
  return events, repairs
end


return { parse = parse }
