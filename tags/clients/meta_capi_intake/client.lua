-- Server events in the form of Meta's Conversions API (Meta developer documentation, checked 2026-09). The host has
-- checked the token and taken the batch apart: forms, JSON texts within JSON, and JSON bodies arrive here alike.


-- Keys of a server event that have a common name, or a reader of their own. Every other key travels as `x-fb-<key>`.
-- Which pixel an event is for, the path says.
local READ = {
  pixel_id = true,
  event_name = true,
  event_time = true,
  event_id = true,
  event_source_url = true,
  referrer_url = true,
  user_data = true,
  custom_data = true,
}

-- Fields beside `data` that say something about its events.
local SIBLINGS = { "test_event_code", "partner_agent", "namespace_id", "upload_id", "upload_tag", "upload_source" }


-- A URL of any scheme, because a server's page may be an app's; text that is none goes on all the same, but counted.
local function url_of(value, settings, repairs)
  if value == nil or value == "" then return nil end
  if type(value) ~= "string" or not value:find("^%a[%w+.-]*:") then meta.count(repairs, "bad_url") end
  if type(value) ~= "string" then return nil end
  return settings.strip_url_appendix and meta.without_appendix(value) or value
end


local function read_time(source, repairs)
  local seconds = meta.to_seconds(source.event_time)
  if source.event_time ~= nil and not seconds then meta.count(repairs, "bad_event_time") end
  return seconds
end


local function read_event(source, hit, settings, repairs)
  local event = meta.new_event(source.event_name, hit.route.pixel)
  event.event_id = meta.event_id_of(source.event_id, repairs)
  event.event_time = read_time(source, repairs)
  event.page_location = url_of(source.event_source_url, settings, repairs)
  event.page_referrer = url_of(source.referrer_url, settings, repairs)
  for _, name in ipairs(SIBLINGS) do event["x-fb-" .. name] = hit.fields[name] end
  for key, value in pairs(source) do
    if not READ[key] then event["x-fb-" .. key] = value end
  end
  meta.read_custom_data(event, meta.object(source.custom_data, repairs), repairs)
  meta.read_user_data(event, meta.object(source.user_data, repairs), true, repairs)
  return event
end


local function read_one(source, hit, settings, repairs)
  if type(source) ~= "table" or source[1] ~= nil then
    return { dead = "not_an_object", message = "An element of `data` is a JSON object, or the JSON text of one." }
  end
  if not meta.is_text(source.event_name) then
    return { dead = "no_event_name", message = "`event_name` is missing." }
  end
  return read_event(source, hit, settings, repairs)
end


local function parse(hit, settings)
  local events, repairs = {}, {}
  for place = 1, #hit.events do
    events[place] = read_one(hit.events[place], hit, settings, repairs)
  end
  return events, repairs
end


return { parse = parse }
