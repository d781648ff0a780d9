-- The copy of each event that Meta's pixel sends to a gateway. Keys hold literal dots: `fb.pixel_id` is no nesting.
-- Format: Conversions API Gateway, Meta developer documentation, checked 2026-09.


local MAX_EVENTS = 100

local PRODUCT_KEYS = { "content_type", "content_ids", "content_name", "contents", "value", "currency" }


-- `custom_data` is what the page tracked; the two summaries only fill what it lacks.
local function custom_data(body, repairs)
  local custom, value = meta.object(body.custom_data, repairs), meta.object(body.conversion_value, repairs)
  local products = meta.object(body["fb.dynamic_product_ads"], repairs)
  for _, summary in ipairs({ value, products }) do
    for _, key in ipairs(PRODUCT_KEYS) do
      if custom[key] == nil then custom[key] = summary[key] end
    end
  end
  return custom
end


-- The browser's client hints (`chpv`, `chfv`, `chmd`, …) travel among the user data, and are none.
local function user_data(body, repairs)
  local given = meta.object(body["fb.advanced_matching"], repairs)
  local kept = {}
  for key, value in pairs(given) do
    if not (#key == 4 and key:sub(1, 2) == "ch") then kept[key] = value end
  end
  return kept
end


-- The edge has read these two, and passed over what is no text.
local function count_bad_ids(body, repairs)
  for key, code in pairs({ ["fb.fbp"] = "bad_fbp", ["fb.fbc"] = "bad_fbc" }) do
    if body[key] ~= nil and type(body[key]) ~= "string" then meta.count(repairs, code) end
  end
end


local function read_event(body, repairs)
  local website = meta.object(body.website_context, repairs)
  local event = meta.new_event(body.event_name, meta.text_of(body["fb.pixel_id"]))
  event.event_id = meta.event_id_of(body.event_id, repairs)
  event.page_location = meta.web_url(website.location, repairs)
  event.page_referrer = meta.web_url(website.referrer, repairs)
  event["x-fb-action_source"] = "website"
  count_bad_ids(body, repairs)
  meta.read_custom_data(event, custom_data(body, repairs), repairs)
  meta.read_user_data(event, user_data(body, repairs), false, repairs)
  return event
end


local function read_one(body, settings, repairs)
  if type(body) ~= "table" then return { dead = "not_an_object", message = "An event is a JSON object." } end
  if not meta.text_of(body["fb.pixel_id"]) then
    return { dead = "no_pixel_id", message = "`fb.pixel_id` is missing." }
  end
  if not meta.is_text(body.event_name) then
    return { dead = "no_event_name", message = "`event_name` is missing." }
  end
  if meta.is_unwanted(body.event_name, false, settings) then return nil end
  return read_event(body, repairs)
end


local function parse(hit, settings)
  local body, events, repairs = hit.params, {}, {}
  if type(body) ~= "table" then return nil, "not_an_object", "The body is a JSON object, or a list of them." end
  local list = body[1] ~= nil and body or { body }
  if #list > MAX_EVENTS then return nil, "too_many_events", ("At most %d events in a hit."):format(MAX_EVENTS) end
  for _, each in ipairs(list) do events[#events + 1] = read_one(each, settings, repairs) end
  return events, repairs
end


return { parse = parse }
