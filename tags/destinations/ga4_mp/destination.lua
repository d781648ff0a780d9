-- Events to Google Analytics 4 by its Measurement Protocol. What all events of a request share is their batch key.
-- Google answers 204 to everything but a failure of its own, so whatever it would not take is sorted out in `map`.


local MAX_NAME, DAY_S = 40, 86400
local ENDPOINTS = { global = "https://www.google-analytics.com", eu = "https://region1.google-analytics.com" }
local LATER = { [408] = true, [425] = true, [429] = true }
local MAX_REASON = 400


local function is_reserved(name, patterns)
  for _, pattern in ipairs(patterns) do
    if pattern == name or pattern:sub(-1) == "*" and text.starts_with(name, pattern:sub(1, -2)) then return true end
  end
  return false
end


local function check_name(name, settings)
  if type(name) ~= "string" or not ga4_mp_values.is_name(name, MAX_NAME) then
    return "bad_event_name: Google takes up to 40 letters, digits and underscores, a letter first, and no own prefix"
  end
  return is_reserved(name, settings.reserved_events) and "reserved_event_name: only Google itself sends " .. name or nil
end


-- Whole seconds from a Unix time in seconds, milliseconds or microseconds. A time ahead of the clock is now.
local function event_time(event, settings)
  local now, at = time.now(), event.event_time
  if at == nil then return now end
  at = ga4_mp_values.number_of(at)
  if not at then return nil, "invalid_event_time: event_time is no Unix time" end
  if at > 1e14 then at = at / 1000000 elseif at > 1e11 then at = at / 1000 end
  at = math.tointeger(math.min(at, now) // 1)
  if at and now - at <= settings.max_age_days * DAY_S then return at end
  return nil, ("event_too_old: Google takes events up to %s days old"):format(settings.max_age_days)
end


local function engagement_of(event, settings)
  local given = ga4_mp_values.number_of(event.engagement_time_msec)
  return given and given >= 1 and given or settings.engagement_time_msec
end


local function map(event, settings, consent)
  local problem = check_name(event.event_name, settings)
  if problem then return nil, problem end
  local at, untimely = event_time(event, settings)
  if not at then return nil, untimely end
  local visitor, unknown = ga4_mp_visitor.build(event, settings, consent or {})
  if not visitor then return nil, unknown end
  local own = { engagement_time_msec = engagement_of(event, settings) }
  own.session_id = ga4_mp_visitor.session_id(event, at, settings)
  if settings.send_event_id then own.event_id = ga4_mp_values.key_text(event.event_id, 100) end
  local params, too_much = ga4_mp_params.build(event, own, settings)
  if not params then return nil, too_much end
  local item = { name = event.event_name, params = params, timestamp_micros = at * 1000000 }
  return item, { key = json.encode(visitor) }
end


local function request(batch, settings)
  local base = (settings.endpoint or ENDPOINTS[settings.region]):gsub("/+$", "")
  local path = settings.validate and "/debug/mp/collect" or "/mp/collect"
  local body = json.decode(batch.key)
  if settings.strict then body.validation_behavior = "ENFORCE_RECOMMENDATIONS" end
  body.events = batch.items
  return {
    method = "POST",
    url = ("%s%s?measurement_id=%s&api_secret=%s"):format(base, path, settings.measurement_id, settings.api_secret),
    headers = { ["Content-Type"] = "application/json" },
    body = body,
  }
end


-- Returns the place of the event that a message is about, counted from 1; nil where it is about the whole request.
local function place_of(message, count)
  local path, words = tostring(message.fieldPath or ""), tostring(message.description or "")
  local index = path:match("^events%[(%d+)%]") or path:match("^events%.(%d+)") or words:match("at index: %[(%d+)%]")
  local place = math.tointeger(tonumber(index))
  return place and place < count and place + 1 or nil
end


local function words_of(message)
  local code, path = tostring(message.validationCode or "invalid"), tostring(message.fieldPath or "")
  return ("%s %s: %s"):format(code, path, tostring(message.description or "no description"))
end


-- Google's test address takes nothing in; it tells what would not count. What is about no single event is about all.
local function of_messages(messages, count)
  local places, reasons, whole = {}, {}, nil
  for _, message in ipairs(messages) do
    local said = type(message) == "table" and message or { description = message }
    local place, words = place_of(said, count), words_of(said)
    if not place then
      whole = ga4_mp_values.cut(whole and whole .. "; " .. words or words, MAX_REASON)
    elseif reasons[place] then
      reasons[place] = ga4_mp_values.cut(reasons[place] .. "; " .. words, MAX_REASON)
    else
      reasons[place], places[#places + 1] = ga4_mp_values.cut(words, MAX_REASON), place
    end
  end
  local items = {}
  for _, place in ipairs(places) do
    items[#items + 1] = { index = place, disposition = "reject", reason = reasons[place] }
  end
  if whole then return { disposition = "reject", reason = whole, items = items } end
  return { disposition = "delivered", items = items }
end


local function verdict(response, batch)
  local status, answer = response.status, response.json
  if status >= 200 and status < 300 then
    local messages = type(answer) == "table" and answer.validationMessages
    return of_messages(type(messages) == "table" and messages or {}, batch.count)
  end
  local disposition = (status >= 500 or LATER[status]) and "retry" or "reject"
  return { disposition = disposition, reason = ("http_%d"):format(status) }
end


return { map = map, request = request, verdict = verdict }
