-- Events to TikTok's Events API. Who and what an event is about is in tiktok_events_user.lua and tiktok_events_properties.lua, what
-- an answer means in tiktok_events_answers.lua. Where no document of TikTok's decides, a setting does.
-- Beside common event data, x-tt-limited_data_use and the objects x-tt-app, x-tt-ad and x-tt-lead travel as they came.


local DAY_S = 86400
local OBJECTS = { "app", "ad", "lead" }

-- Standard events of TikTok's that have no common name.
local OWN_NAMES = { ApplicationApproval = true, ClickButton = true, PlaceAnOrder = true }

local text_of, object_of = values.text_of, values.object_of


local function refuse(code, words)
  return nil, code .. ": " .. words
end


local function chosen_name(event, settings)
  local chosen = settings.event_names and settings.event_names[event.event_name]
  return text_of(chosen)
end


-- TikTok's own name is sent as it came, so that the browser's copy of the event has the same.
local function name_of(event, settings)
  local common = text_of(event.event_name)
  local own = event["x-source-vendor"] == "tiktok" and text_of(event["x-source-event-name"])
  local usual = common == "purchase" and settings.purchase_event or common and names.of("tiktok", common)
  local name = own or usual or common
  if name and not OWN_NAMES[name] and not names.common("tiktok", name) then
    log.warn("no standard event of TikTok's, sent all the same: " .. name)
  end
  return name
end


-- No event happens after it arrives, so a sender's clock that is ahead is set right.
local function time_of(event, settings)
  local now = time.now()
  if event.event_time == nil then return now end
  local at = values.seconds_of(event.event_time)
  if not at then return refuse("invalid_event_time", "event_time is no Unix time") end
  if now - at > settings.max_age_days * DAY_S then
    return refuse("event_too_old", ("it happened more than %s days ago"):format(settings.max_age_days))
  end
  return at < now and at or now
end


local function page_of(event)
  local address = text_of(event.page_location)
  if address and not address:find("^[Hh][Tt][Tt][Pp][Ss]?://") then address = nil end
  return object_of({ url = address, referrer = text_of(event.page_referrer) })
end


-- The id of a lead is TikTok's own, by which it knows what it handed to the CRM.
local function lead_of(event, settings)
  if settings.event_source ~= "crm" then return nil end
  return object_of({ lead_id = text_of(event.lead_id), lead_event_source = text_of(event.lead_event_source) })
end


local function is_limited(event, settings)
  local said = values.boolean_of(event["x-tt-limited_data_use"])
  if said == nil then return settings.limited_data_use end
  return said
end


local function map(event, settings)
  local name = chosen_name(event, settings) or name_of(event, settings)
  if not name then return refuse("no_event_name", "TikTok takes no event without a name") end
  local at, reason = time_of(event, settings)
  if not at then return nil, reason end
  local item = {
    event = name,
    event_time = at,
    event_id = text_of(event.event_id),
    limited_data_use = is_limited(event, settings) or nil,
    user = tiktok_events_user.of(event, settings),
    page = page_of(event),
    properties = tiktok_events_properties.of(event),
  }
  for _, part in ipairs(OBJECTS) do item[part] = object_of(event["x-tt-" .. part]) end
  item.lead = item.lead or lead_of(event, settings)
  return item
end


local function request(batch, settings)
  local base = settings.endpoint:gsub("/+$", "")
  return {
    method = "POST",
    url = ("%s/open_api/%s/event/track/"):format(base, settings.api_version),
    headers = { ["Access-Token"] = settings.access_token, ["Content-Type"] = "application/json" },
    body = {
      event_source = settings.event_source,
      event_source_id = settings.pixel_code,
      test_event_code = settings.test_event_code,
      partner_name = settings.partner_name,
      data = batch.items,
    },
  }
end


return { map = map, request = request, verdict = tiktok_events_answers.verdict }
