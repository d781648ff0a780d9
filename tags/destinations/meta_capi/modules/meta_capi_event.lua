-- Common event data as a server event of Meta's Conversions API: the way back from what meta.lua reads.
-- Names and rules: Meta developer documentation, Conversions API parameters, checked 2026-09.
-- An event that Meta would refuse is refused here, because one invalid event makes Meta refuse its whole batch.


local ACTION_SOURCES = {
  app = true,
  business_messaging = true,
  chat = true,
  email = true,
  other = true,
  phone_call = true,
  physical_store = true,
  system_generated = true,
  website = true,
}

-- Fields of a server event that travel as they came, by their name in event data.
local VERBATIM = {
  ["x-fb-advanced_measurement_table"] = "advanced_measurement_table",
  ["x-fb-app_data"] = "app_data",
  ["x-fb-attribution_data"] = "attribution_data",
  ["x-fb-messaging_channel"] = "messaging_channel",
  ["x-fb-original_event_data"] = "original_event_data",
}

-- Fields beside `data` in a request: events that differ in them cannot share one.
local COMPANIONS = {
  { "x-fb-namespace_id", "namespace_id" },
  { "x-fb-partner_agent", "partner_agent" },
  { "x-fb-test_event_code", "test_event_code" },
  { "x-fb-upload_id", "upload_id" },
  { "x-fb-upload_source", "upload_source" },
  { "x-fb-upload_tag", "upload_tag" },
}

-- Whatever else an event says of it means that the visitor has opted out.
local NOT_OPTED_OUT = { [false] = true, [0] = true, ["false"] = true, ["0"] = true, [""] = true }

local is_empty, number_of, text_of = values.is_empty, meta_capi_custom.number_of, values.text_of
local sub, standard_name = string.sub, names.of
local type, pairs, ipairs, next, tointeger = type, pairs, ipairs, next, math.tointeger
local APPENDIX = "%.AQ[EIMQUY][A-D][%w_-][%w_-][%w_-][%w_-]$"
local DAY_S = 86400


local function refuse(code, words)
  return nil, code .. ": " .. words
end


-- Returns the vendor's own identifiers and custom properties; places the fields that travel as they came.
local function read_vendor_fields(server, event)
  local ids, custom = {}, {}
  for name, value in pairs(event) do
    local kind = sub(name, 1, 8)
    if kind == "x-fb-cd-" then
      if not is_empty(value) then custom[sub(name, 9)] = value end
    elseif kind == "x-fb-ud-" then
      if not is_empty(value) then ids[sub(name, 9)] = value end
    elseif VERBATIM[name] and not is_empty(value) then
      server[VERBATIM[name]] = value
    end
  end
  return ids, custom
end


local function place_segmentation(server, custom, event, settings)
  local segment = event["x-fb-customer_segmentation"] or custom.customer_segmentation
  custom.customer_segmentation = nil
  local holder = settings.segmentation_in_custom_data and custom or server
  holder.customer_segmentation = segment
end


-- Limited Data Use; Meta wants both places with it. An event that speaks for itself wins over the settings, also with
-- an empty list ("no restriction"), which is then left out: to Meta that is the same.
local function add_data_processing(server, event, settings)
  local prefix, source = "x-fb-data_processing_options", event
  if event[prefix] == nil then
    prefix, source = "data_processing_options", settings
  end
  local options = source[prefix]
  if is_empty(options) then return end
  server.data_processing_options = type(options) == "table" and options or { options }
  local country, state = source[prefix .. "_country"], source[prefix .. "_state"]
  server.data_processing_options_country = number_of(country) or settings.data_processing_options_country
  server.data_processing_options_state = number_of(state) or settings.data_processing_options_state
end


local function url_of(value, settings)
  if type(value) ~= "string" or value == "" then return nil end
  return settings.strip_appendix and value:gsub(APPENDIX, "") or value
end


local function add_fields(server, event, settings)
  server.event_source_url = url_of(event.page_location, settings)
  server.referrer_url = url_of(event.page_referrer, settings)
  server.event_id = text_of(event.event_id)
  local opt_out = event["x-fb-opt_out"]
  if opt_out ~= nil then server.opt_out = not NOT_OPTED_OUT[opt_out] end
  add_data_processing(server, event, settings)
end


-- Whole seconds from a Unix time in seconds, milliseconds or microseconds.
local function seconds_of(value)
  local at = number_of(value)
  if not at then return nil end
  if at > 1e14 then
    at = at // 1000000
  elseif at > 1e11 then
    at = at // 1000
  end
  return tointeger(at // 1)
end


local function event_time(event, action_source, settings)
  local now = time.now()
  if event.event_time == nil then return now end
  local at = seconds_of(event.event_time)
  if not at then return refuse("invalid_event_time", "event_time is no Unix time") end
  if at > now + settings.future_skew_s then
    return refuse("event_in_future", ("event_time is %d s ahead of the clock"):format(at - now))
  end
  local days = action_source == "physical_store" and settings.max_age_days_physical_store or settings.max_age_days
  if now - at > days * DAY_S then
    return refuse("event_too_old", ("Meta takes events of %s up to %s days old"):format(action_source, days))
  end
  return at < now and at or now
end


local function name_of(event)
  local own = event["x-source-vendor"] == "meta" and event["x-source-event-name"]
  local name = event.event_name
  return own or type(name) == "string" and standard_name("meta", name) or name
end


-- Returns the server event, or nil and the reason (a stable code, a colon and words) why Meta would not take it.
local function build(event, settings)
  local action_source = event["x-fb-action_source"] or settings.action_source
  if not ACTION_SOURCES[action_source] then
    return refuse("invalid_action_source", tostring(action_source) .. " is none of Meta's")
  end
  local at, reason = event_time(event, action_source, settings)
  if not at then return nil, reason end

  local server = { event_name = name_of(event), event_time = at, action_source = action_source }
  local vendor_ids, custom = read_vendor_fields(server, event)
  local data, dropped = meta_capi_people.user_data(event, vendor_ids, settings)
  server.user_data = data
  add_fields(server, event, settings)
  meta_capi_custom.complete(custom, event, server.event_name)
  place_segmentation(server, custom, event, settings)
  if next(custom) ~= nil then server.custom_data = custom end

  local problem = meta_capi_checks.problem_of(server, dropped)
  if problem then return nil, problem end
  return server
end


-- Returns the batch key of an event: JSON of the request's fields that the event's sender gave, or nil.
local function batch_key(event)
  local fields = {}
  for _, names in ipairs(COMPANIONS) do fields[names[2]] = text_of(event[names[1]]) end
  return next(fields) ~= nil and json.encode(fields) or nil
end


return { build = build, batch_key = batch_key }
