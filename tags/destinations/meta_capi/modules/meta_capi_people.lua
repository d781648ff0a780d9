-- Who an event is about: the `user_data` of a server event of Meta's Conversions API.
-- Keys and rules: Meta developer documentation, customer information parameters, checked 2026-09.


-- What may come as a list, what Meta's SDK sends as one text, and why a value is left out.
local HASHED = {
  em = { list = true, reason = "invalid_email" },
  ph = { list = true, reason = "invalid_phone" },
  fn = { list = true, reason = "empty_name" },
  ln = { list = true, reason = "empty_name" },
  ct = { list = true, reason = "empty_city" },
  st = { list = true, reason = "empty_region" },
  zp = { list = true, reason = "short_zip" },
  country = { list = true, reason = "unknown_country" },
  db = { list = true, reason = "invalid_date" },
  ge = { list = true, reason = "unknown_gender" },
  external_id = { list = true, reason = "empty_id" },
  f5first = { reason = "empty_name" },
  f5last = { reason = "empty_name" },
  fi = { reason = "empty_name" },
  dobd = { reason = "invalid_day" },
  dobm = { reason = "invalid_month" },
  doby = { reason = "invalid_year" },
}

local VERBATIM = {
  anon_id = true,
  ctwa_clid = true,
  fb_login_id = true,
  ig_account_id = true,
  ig_sid = true,
  instagram_business_account_id = true,
  lead_id = true,
  madid = true,
  page_id = true,
  page_scoped_user_id = true,
  subscription_id = true,
  whatsapp_business_account_id = true,
}

-- Names that Meta's own server-side tag for Google Tag Manager uses.
local ALIASES = { ["fb-login-id"] = "fb_login_id" }

-- Common names decide about these; an `x-fb-ud-` twin could come from a browser, which cannot vouch for them.
local SENDER = {
  { "client_ip_address", "ip_override", "invalid_address" },
  { "fbc", "x-fb-ck-fbc", "invalid_fbc" },
  { "fbp", "x-fb-ck-fbp", "invalid_fbp" },
}
local SENDER_KEYS = { client_ip_address = true, client_user_agent = true, fbc = true, fbp = true }

-- Lists and not maps, so that values of two sources for one key come in the same order at every run.
local CONTACTS = {
  { "email_address", "em" },
  { "sha256_email_address", "em" },
  { "phone_number", "ph" },
  { "sha256_phone_number", "ph" },
}
local ADDRESS = {
  { "first_name", "fn" },
  { "sha256_first_name", "fn" },
  { "last_name", "ln" },
  { "sha256_last_name", "ln" },
  { "city", "ct" },
  { "region", "st" },
  { "postal_code", "zp" },
  { "country", "country" },
}

-- An event that identifies a person by one of these groups, or by less, is invalid.
local WEAK_GROUPS = {
  { ct = true, country = true, st = true, zp = true, ge = true, client_user_agent = true },
  { db = true, client_user_agent = true },
  { fn = true, ge = true },
  { ln = true, ge = true },
}

local US = "79adb2a2fce5c6ba215fe5f27f532d4e7edbac4b6a5e09e1ef3a08084a904621"
local meta_value, is_empty = normalise.meta_value, values.is_empty
local type, ipairs, pairs, next, tonumber, tointeger = type, ipairs, pairs, next, tonumber, math.tointeger
local find, match, byte = string.find, string.match, string.byte
local ZERO = byte("0")

-- The usual forms are recognised here, and only what has another form is asked of the host: the way there and back costs
-- more than all these checks.
local PLAIN_FBP = "^fb%.%d%.%d%d%d%d%d%d%d%d%d%d%d%d%d%.%d+$"
local PLAIN_FBC = "^fb%.%d%.%d%d%d%d%d%d%d%d%d%d%d%d%d%.[%w_-]+$"
local IPV4 = "^(%d+)%.(%d+)%.(%d+)%.(%d+)$"
local LONGEST_FBP, LONGEST_FBC = 40, 500


-- The keys of all groups: with any other key, user_data is not weak.
local WEAK_KEYS = {}
for _, group in ipairs(WEAK_GROUPS) do
  for key in pairs(group) do WEAK_KEYS[key] = true end
end


local function text_of(value)
  if type(value) == "string" then return value end
  return type(value) == "number" and tostring(tointeger(value) or value) or nil
end


-- Adds a value, or each of a list, to what is known of a key.
local function add(values, key, value)
  if is_empty(value) then return end
  local held = values[key]
  if held == nil then
    values[key] = value
    return
  end
  if type(held) ~= "table" then
    held = { held }
    values[key] = held
  end
  for _, each in ipairs(type(value) == "table" and value or { value }) do held[#held + 1] = each end
end


local function add_named(values, data, names)
  for _, pair in ipairs(names) do
    local value = data[pair[1]]
    if value ~= nil then add(values, pair[2], value) end
  end
end


local function add_address(values, address)
  if type(address) ~= "table" then return end
  if address[1] == nil then return add_named(values, address, ADDRESS) end
  for _, each in ipairs(address) do
    if type(each) == "table" then add_named(values, each, ADDRESS) end
  end
end


-- Returns what the event says by key: a value, or a list of values.
local function collect(event, vendor_ids, settings)
  local values, data = {}, event.user_data
  if type(data) == "table" then
    add_named(values, data, CONTACTS)
    add_address(values, data.address)
  end
  for name, value in pairs(vendor_ids) do
    local key = ALIASES[name] or name
    if not SENDER_KEYS[key] then add(values, key, value) end
  end
  if values.external_id == nil and settings.external_id_from ~= "none" then
    add(values, "external_id", event[settings.external_id_from])
  end
  return values
end


-- The settings in the words of `normalise.meta_value`.
local function forms_of(settings)
  local forms = ""
  if settings.city_accents == "drop" then forms = "drop_accents" end
  if settings.state_cut then forms = forms .. " cut_state" end
  if settings.zip_dash == "cut" then forms = forms .. " cut_zip" end
  if settings.external_id_mode == "raw" then forms = forms .. " raw_id" end
  if settings.strip_appendix then forms = forms .. " strip_appendix" end
  local code = settings.default_country_code
  if code then forms = forms .. " calling_code=" .. tostring(code):gsub("%D", "") end
  return forms
end


local function is_sha256(text)
  return #text == 64 and not find(text, "[^0-9a-f]")
end


-- Returns what may be sent of a value, or nil.
local function sendable(key, value, forms)
  local text = text_of(value)
  if not text then return nil end
  if is_sha256(text) then return text end
  return meta_value(key, text, forms)
end


-- Adds what may be sent of one value; returns whether it may.
local function put_hashed_one(data, rule, key, value, forms)
  local sent = sendable(key, value, forms)
  if sent then data[key] = rule.list and { sent } or sent end
  return sent ~= nil
end


-- Adds what may be sent of a list, each value once and in order; returns whether that is all of it.
local function put_hashed_list(data, rule, key, values, forms)
  local kept, seen, complete = {}, {}, true
  for _, value in ipairs(values) do
    local sent = sendable(key, value, forms)
    if sent and not seen[sent] then
      kept[#kept + 1] = sent
      seen[sent] = true
    end
    complete = complete and (sent ~= nil or value == "")
  end
  if kept[1] ~= nil then data[key] = (rule.list or kept[2] ~= nil) and kept or kept[1] end
  return complete
end


local function put_hashed(data, dropped, key, value, forms)
  local rule = HASHED[key]
  local put = type(value) == "table" and put_hashed_list or put_hashed_one
  if not put(data, rule, key, value, forms) then dropped[key] = rule.reason end
end


local function put_verbatim(data, dropped, key, value)
  if type(value) == "table" then value = value[1] end
  if VERBATIM[key] and text_of(value) then
    data[key] = value
  else
    dropped[key] = VERBATIM[key] and "not_text" or "unknown_key"
  end
end


local function is_octet(digits)
  return #digits == 1 or (#digits <= 3 and byte(digits) ~= ZERO and tonumber(digits) <= 255)
end


local USUAL = {
  fbp = function(text) return #text <= LONGEST_FBP and find(text, PLAIN_FBP) ~= nil end,
  fbc = function(text) return #text <= LONGEST_FBC and find(text, PLAIN_FBC) ~= nil end,
  client_ip_address = function(text)
    local a, b, c, d = match(text, IPV4)
    return a ~= nil and is_octet(a) and is_octet(b) and is_octet(c) and is_octet(d)
  end,
}


local function put_sender(data, dropped, event)
  for _, entry in ipairs(SENDER) do
    local key, value = entry[1], event[entry[2]]
    if not is_empty(value) then
      local text = text_of(value)
      data[key] = text and (USUAL[key](text) and text or meta_value(key, text))
      if data[key] == nil then dropped[key] = entry[3] end
    end
  end
  if not is_empty(event.user_agent) then data.client_user_agent = text_of(event.user_agent) end
end


local function lives_in_us(country)
  for _, code in ipairs(country or {}) do
    if code:sub(1, #US) == US then return true end
  end
  return false
end


local function words_of(dropped)
  local words = {}
  for key, reason in pairs(dropped) do words[#words + 1] = key .. " (" .. reason .. ")" end
  table.sort(words)
  return "left out of user_data: " .. table.concat(words, ", ")
end


-- Returns user_data, and words about what was left out of it ("" where nothing was). A key that Meta does not document
-- is left out, because a mistyped one (`email` for `em`) would travel in the clear.
local function user_data(event, vendor_ids, settings)
  local values, forms = collect(event, vendor_ids, settings), forms_of(settings)
  local data, dropped = {}, {}
  put_sender(data, dropped, event)
  for key, value in pairs(values) do
    if not HASHED[key] then
      put_verbatim(data, dropped, key, value)
    elseif key ~= "zp" then
      put_hashed(data, dropped, key, value, forms)
    end
  end
  if values.zp ~= nil then
    local zip_forms = lives_in_us(data.country) and forms .. " us" or forms
    put_hashed(data, dropped, "zp", values.zp, zip_forms)
  end
  if next(dropped) == nil then return data, "" end
  local words = words_of(dropped)
  log.info(words)
  return data, "; " .. words
end


-- Whether Meta would say that so few identifiers find nobody.
local function are_weak(data)
  for key in pairs(data) do
    if not WEAK_KEYS[key] then return false end
  end
  for _, group in ipairs(WEAK_GROUPS) do
    local inside = true
    for key in pairs(data) do
      if not group[key] then
        inside = false
        break
      end
    end
    if inside then return true end
  end
  return false
end


return { user_data = user_data, are_weak = are_weak }
