-- Who a GA4 event is about: what all events of one request share beside their list.
-- Keys: Google developer documentation, Measurement Protocol for GA4, reference, checked 2026-09.


local MAX_ID, MAX_USER_AGENT, MAX_DEVICE = 256, 300, 64
local MAX_PROPERTIES, MAX_PROPERTY_NAME, MAX_PROPERTY = 25, 24, 36
local MAX_CONTACTS, MAX_ADDRESSES, MAX_ADDRESS = 5, 2, 64

-- More than any page gives a visitor, and characters of a property's text in which an e-mail address would begin.
local MAX_FIELDS, SEARCHED = 100, 100

local DEVICE = {
  "brand", "browser", "browser_version", "category", "language", "model", "operating_system",
  "operating_system_version", "screen_resolution",
}
local LOCATION = { "city", "continent_id", "country_id", "region_id", "subcontinent_id" }
local PLAIN = { "city", "region", "postal_code" }
local HASHED_NAMES = { "first_name", "last_name", "street" }

-- Properties that Google sets itself.
local RESERVED_PROPERTIES = {
  first_open_after_install = true,
  first_open_time = true,
  first_visit_time = true,
  last_deep_link_referrer = true,
  user_id = true,
}

local key_text, text_of = ga4_mp_values.key_text, ga4_mp_values.text_of
local type, next, pairs, ipairs, sort, find = type, next, pairs, ipairs, table.sort, string.find


local function filled(object)
  return next(object) ~= nil and object or nil
end


-- Returns a table as a list of its elements, anything else as a list of itself.
local function list_of(value)
  if type(value) ~= "table" then return { value } end
  return value[1] ~= nil and value or next(value) ~= nil and { value } or {}
end


-- An id that is too long is none: cut, it could be another visitor's. Nor may it tell who the visitor is.
local function id_of(name, value)
  local id = key_text(value, MAX_ID + 1)
  if not id then return nil end
  if utf8.len(id) > MAX_ID or ga4_mp_values.holds_email(id) then
    log.warn(name .. " left out: longer than " .. MAX_ID .. " characters, or an e-mail address")
    return nil
  end
  return id
end


local function cookie(name)
  return incoming.cookie(name) or ""
end


-- The last two parts of `GA1.<depth>.<random>.<seconds>`.
local function ga_cookie()
  return cookie("_ga"):match("^GA%d+%.[%d-]+%.(%d+%.%d+)$")
end


local function client_id(event, settings)
  local given = id_of("client_id", event.client_id)
  if given and (settings.client_id_from == "event" or find(given, "^%d+%.%d+$")) then return given end
  return ga_cookie() or given
end


local function digits_of(value)
  local digits = text_of(value)
  return digits and #digits <= 20 and digits:find("^%d+$") and digits or nil
end


-- The session in gtag's cookie: `GS1.1.<session>.…` or `GS2.1.s<session>$…`. What has another form says nothing.
local function cookie_session(settings)
  local said = cookie("_ga_" .. settings.measurement_id:sub(3))
  return digits_of(said:match("^GS%d+%.%d+%.(%d+)%.") or said:match("^GS%d+%.%d+%.s(%d+)"))
end


-- Returns the session's id, nil where nothing names one. `at` is the event's time in seconds.
local function session_id(event, at, settings)
  local known = digits_of(event.ga_session_id) or digits_of(event.session_id) or cookie_session(settings)
  local window = settings.session_window_min * 60
  if known or window == 0 then return known end
  return ("%d"):format(at - at % window)
end


local function grant(granted)
  return granted and "GRANTED" or "DENIED"
end


local function consent_of(event, consent, settings)
  local npa = settings.non_personalized or text_of(event["x-ga-npa"]) == "1"
  return {
    ad_user_data = grant(consent.ad_user_data == true),
    ad_personalization = grant(consent.ad_personalization == true and not npa),
  }
end


local function add_property(properties, names, name, given)
  if type(given) == "table" then given = given.value end
  local said = key_text(given, MAX_PROPERTY)
  local fit = said and ga4_mp_values.is_name(name, MAX_PROPERTY_NAME) and not RESERVED_PROPERTIES[name]
  if not fit or ga4_mp_values.is_personal(name) then return false end
  if ga4_mp_values.holds_email(key_text(given, SEARCHED)) then return false end
  if properties[name] == nil then names[#names + 1] = name end
  properties[name] = { value = type(given) == "number" and given or said }
  return true
end


-- Returns the user properties: the event's, and over them the settings'.
local function user_properties(event, settings)
  local properties, names, left_out = {}, {}, {}
  local given = event.user_properties or event["x-ga-mp2-user_properties"]
  for _, source in ipairs({ type(given) == "table" and given or {}, settings.user_properties or {} }) do
    local seen = 0
    for name, value in pairs(source) do
      seen = seen + 1
      if seen > MAX_FIELDS then return nil end
      if type(name) ~= "string" or not add_property(properties, names, name, value) then
        left_out["user_properties." .. name] = true
      end
    end
  end
  sort(names)
  for place = MAX_PROPERTIES + 1, #names do
    properties[names[place]] = nil
    left_out["user_properties." .. names[place]] = true
  end
  ga4_mp_values.note("left out", left_out)
  return filled(properties)
end


-- What is hashed stays as it is, in lower case. A hash of another kind lacks the mark that a value of its form has.
local function hash(value, form, mark)
  if crypto.is_sha256(value) then return value:lower() end
  local plain = form(value)
  return plain and find(plain, mark, 1, true) and crypto.sha256(plain) or nil
end


local function lower(value)
  local said = text_of(value)
  return said and text.lower(said)
end


-- Returns the hashes of the values in two fields, each once; what cannot be what it claims to be is left out.
local function hashes(data, field, form, mark)
  local found, seen = {}, {}
  for _, name in ipairs({ field, "sha256_" .. field }) do
    for place, value in ipairs(list_of(data[name])) do
      if place > 2 * MAX_CONTACTS or #found == MAX_CONTACTS then break end
      local digest = hash(value, form, mark)
      if digest and not seen[digest] then
        found[#found + 1], seen[digest] = digest, true
      end
    end
  end
  return filled(found)
end


local function address_of(given)
  local address = {}
  for _, name in ipairs(HASHED_NAMES) do
    local value = given[name]
    if value == nil then value = given["sha256_" .. name] end
    address["sha256_" .. name] = value ~= nil and hash(value, lower, "") or nil
  end
  for _, name in ipairs(PLAIN) do address[name] = key_text(given[name], MAX_ADDRESS) end
  local country = normalise.country(given.country)
  address.country = country and #country == 2 and country:upper() or nil
  return filled(address)
end


local function addresses(given)
  local found = {}
  for _, each in ipairs(list_of(given)) do
    local address = type(each) == "table" and #found < MAX_ADDRESSES and address_of(each)
    if address then found[#found + 1] = address end
  end
  return filled(found)
end


-- Returns what the settings let out of user_data, hashed.
local function user_data(event, settings)
  local data, sent, chosen = event.user_data, {}, {}
  if type(data) ~= "table" then return nil end
  for _, part in ipairs(settings.user_data) do chosen[part] = true end
  local function phone(value) return normalise.e164(value, settings.default_country_code) end
  if chosen.email then sent.sha256_email_address = hashes(data, "email_address", normalise.google_email, "@") end
  if chosen.phone then sent.sha256_phone_number = hashes(data, "phone_number", phone, "+") end
  if chosen.address then sent.address = addresses(data.address) end
  return filled(sent)
end


local function texts_of(given, names)
  local found = {}
  for _, name in ipairs(names) do found[name] = key_text(given[name], MAX_DEVICE) end
  return found
end


local function device_of(event)
  local device = texts_of(type(event.device) == "table" and event.device or {}, DEVICE)
  device.language = device.language or key_text(event.language, MAX_DEVICE)
  device.screen_resolution = device.screen_resolution or key_text(event.screen_resolution, MAX_DEVICE)
  return filled(device)
end


local function ip_of(event)
  local address = text_of(event.ip_override)
  return address and #address <= 45 and find(address, "^%x*[.:][%x.:]+$") and address or nil
end


-- Returns what a request says of the visitor, or nil and the reason for which there can be none.
local function build(event, settings, consent)
  local head = { client_id = client_id(event, settings) }
  if not head.client_id then
    return nil, "no_client_id: neither the event nor the cookie _ga says which browser this is"
  end
  head.user_id = id_of("user_id", event.user_id)
  head.consent = consent_of(event, consent, settings)
  if consent.ad_user_data == true then head.user_data = user_data(event, settings) end
  head.user_properties = user_properties(event, settings)
  head.device = device_of(event)
  if type(event.user_location) == "table" then head.user_location = filled(texts_of(event.user_location, LOCATION)) end
  if settings.send_ip then head.ip_override = ip_of(event) end
  if settings.send_user_agent then head.user_agent = key_text(event.user_agent, MAX_USER_AGENT) end
  return head
end


return { build = build, session_id = session_id }
