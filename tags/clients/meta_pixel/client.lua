-- Hits of Meta's pixel. Parameters: Meta Pixel reference (developers.facebook.com/docs/meta-pixel), checked 2026-09.
-- The list grows with every release of the pixel, so an unknown one is no error; only `id` and `ev` are needed.


local HOUR_MS = 3600 * 1000


-- The browser's clock counts only where it is at most an hour behind ours, and never where it is ahead.
local function event_time(hit, sent_ms, repairs)
  local sent = math.tointeger(tonumber(sent_ms))
  if not sent then
    if sent_ms ~= nil and sent_ms ~= "" then meta.count(repairs, "bad_event_time") end
    return nil
  end
  local age = hit.received_ms - sent
  if age >= 0 and age <= HOUR_MS then return sent // 1000 end
  return nil
end


-- A list that was sent as JSON is one already; else the ids stand between commas.
local function content_ids(value, repairs)
  if not meta.is_text(value) then return value end
  if text.starts_with(value, "[") then
    meta.count(repairs, "bad_json")
    return value
  end
  local ids = {}
  for each in value:gmatch("[^,]+") do
    local id = text.trim(each)
    if id ~= "" then ids[#ids + 1] = id end
  end
  return ids
end


local function custom_data(params, repairs)
  local custom = meta.object(params.cd, repairs)
  if meta.is_text(custom.contents) then meta.count(repairs, "bad_json") end
  custom.content_ids = content_ids(custom.content_ids, repairs)
  return custom
end


-- What the page gave to the pixel (`ud`) comes before what the pixel found in forms (`udff`).
local function user_data(params, repairs)
  local given, found = meta.object(params.ud, repairs), meta.object(params.udff, repairs)
  for key, value in pairs(found) do
    if given[key] == nil or given[key] == "" then given[key] = value end
  end
  return given
end


local function data_processing_options(event, params)
  if params.dpo == nil then return end
  local options = {}
  for _, each in ipairs(type(params.dpo) == "table" and params.dpo or text.split(params.dpo, ",")) do
    if each ~= "" then options[#options + 1] = each end
  end
  event["x-fb-data_processing_options"] = options
  event["x-fb-data_processing_options_country"] = math.tointeger(tonumber(params.dpoco))
  event["x-fb-data_processing_options_state"] = math.tointeger(tonumber(params.dpost))
end


local function page(event, params, repairs)
  event.page_location = meta.web_url(params.dl, repairs)
  event.page_referrer = meta.web_url(params.rl, repairs)
  local width, height = tonumber(params.sw), tonumber(params.sh)
  if width and height then
    event.screen_resolution = params.sw .. "x" .. params.sh
  elseif meta.is_text(params.sw) and meta.is_text(params.sh) then
    meta.count(repairs, "bad_number")
  end
end


-- Returns the parameters that neither become common event data nor were read by the edge.
local function raw(params)
  local rest = {}
  for name, value in pairs(params) do rest[name] = value end
  for _, name in ipairs({
    "id", "ev", "eid", "ts", "dl", "rl", "cd", "ud", "udff", "sw", "sh", "fbp", "fbc", "dpo", "dpoco", "dpost",
  }) do rest[name] = nil end
  return rest
end


local function read_event(hit, settings, repairs)
  local params = hit.params
  local event = meta.new_event(params.ev, params.id)
  event.event_id = meta.event_id_of(params.eid, repairs)
  event.event_time = event_time(hit, params.ts, repairs)
  event["x-fb-action_source"] = "website"
  page(event, params, repairs)
  data_processing_options(event, params)
  meta.read_custom_data(event, custom_data(params, repairs), repairs)
  meta.read_user_data(event, user_data(params, repairs), false, repairs)
  if settings.keep_raw then event["x-fb-raw"] = raw(params) end
  return event
end


local function parse(hit, settings)
  local params, repairs = hit.params, {}
  if not meta.is_text(params.id) then return nil, "no_pixel_id", "`id`, the pixel's id, is missing." end
  if not meta.is_text(params.ev) then return nil, "no_event_name", "`ev`, the event's name, is missing." end
  if meta.is_unwanted(params.ev, params.es == "automatic", settings) then return {} end
  return { read_event(hit, settings, repairs) }, repairs
end


return { parse = parse }
