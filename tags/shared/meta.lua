-- Meta's browser and server events as common event data, once for every client that reads a format of Meta's.
-- Names and meanings: Meta developer documentation, Conversions API parameters, checked 2026-09.
-- Nothing is lost on the way: what has no common name travels as `x-fb-…`, so that a Meta tag sends it on as it came.


local CONTACT_PLAIN = { em = "email_address", ph = "phone_number" }
local CONTACT_HASHED = { em = "sha256_email_address", ph = "sha256_phone_number" }

local ADDRESS_PLAIN = {
  fn = "first_name",
  ln = "last_name",
  ct = "city",
  st = "region",
  zp = "postal_code",
  country = "country",
}
local ADDRESS_HASHED = { fn = "sha256_first_name", ln = "sha256_last_name" }

-- Keys that describe the sender of the hit. A browser cannot vouch for them; a verified server can.
local SENDER_KEYS = {
  client_ip_address = "ip_override",
  client_user_agent = "user_agent",
  fbp = "x-fb-ck-fbp",
  fbc = "x-fb-ck-fbc",
}

local CUSTOM_KEYS = {
  value = "value",
  currency = "currency",
  order_id = "transaction_id",
  search_string = "search_term",
}
local NUMBER_KEYS = { "value", "predicted_ltv", "num_items" }

-- What Meta's parameter builders of the older kind put behind a hash: one pair of letters for each language.
local SHORT_APPENDICES = {
  [".AQ"] = true,
  [".Ag"] = true,
  [".Aw"] = true,
  [".BA"] = true,
  [".BQ"] = true,
  [".Bg"] = true,
}
local HASH_SIZES = { [32] = true, [64] = true }
local CUSTOM_PREFIX, PERSON_PREFIX = "x-fb-cd-", "x-fb-ud-"
local NOT_DECIMAL = "[^%d.eE+-]"

-- A global is looked up in three tables at each use, a local in none; these are used for every value of an event.
local type, next, pairs, ipairs, tonumber = type, next, pairs, ipairs, tonumber
local find, match, starts, tointeger = string.find, string.match, string.sub, math.tointeger
local common_name, items_from = names.common, items.from


local function count(repairs, code)
  repairs[code] = (repairs[code] or 0) + 1
end


local function is_text(value)
  return type(value) == "string" and value ~= ""
end


-- Numbers stand where texts should in many a sender's identifiers.
local function text_of(value)
  if type(value) == "number" then return tostring(tointeger(value) or value) end
  return is_text(value) and value or nil
end


-- Meta's scripts send an empty text, list or map for what they do not have.
local function is_empty(value)
  return value == "" or (type(value) == "table" and next(value) == nil)
end


-- An object, or an empty one in place of anything else, which is counted.
local function object(value, repairs)
  if type(value) == "table" and value[1] == nil then return value end
  if value ~= nil and value ~= "" then count(repairs, "not_an_object") end
  return {}
end


-- An event id, or nil; what can be none is counted.
local function event_id_of(value, repairs)
  local id = text_of(value)
  if id == nil and value ~= nil and value ~= "" then count(repairs, "bad_event_id") end
  return id
end


local function to_number(value)
  if type(value) ~= "string" then return value end
  local number = not find(value, NOT_DECIMAL) and tonumber(value)
  if number and number - number == 0 then return number end
  return nil
end


-- Seconds from a Unix time in seconds, milliseconds or microseconds, as a number or as digits; nil for anything else.
local function to_seconds(value)
  local time = to_number(value)
  if type(time) ~= "number" or time - time ~= 0 or time < 1 then return nil end
  if time > 1e14 then
    time = time // 1000000
  elseif time > 1e11 then
    time = time // 1000
  end
  return tointeger(time // 1)
end


-- A page's URL, or nil. What is another thing is counted, except an app that opened the page: that is a sound referrer
-- (`android-app://...`), only no page.
local function web_url(value, repairs)
  if type(value) == "string" then
    if starts(value, 1, 8) == "https://" or find(value, "^[Hh][Tt][Tt][Pp][Ss]?://") then return value end
  end
  local is_app = type(value) == "string" and find(value, "^%l+%-app://")
  if value ~= nil and value ~= "" and not is_app then count(repairs, "bad_url") end
  return nil
end


-- The `.xxxxxxxx` that Meta's parameter builders append: base64url of format 1, language 1-6, kind 0-3 and a version.
local function without_appendix(url)
  return (url:gsub("%.AQ[EIMQUY][A-D][%w_-][%w_-][%w_-][%w_-]$", ""))
end


-- Returns what an identifier is (`plain`, `sha256`, `other`) and its text. MD5 is `other`: only Meta takes it.
local function classify(value)
  if type(value) == "number" then return "plain", text_of(value) end
  if type(value) ~= "string" then return "other", value end
  if #value < 32 or #value > 73 then return "plain", value end
  if #value == 64 and not find(value, "[^0-9a-f]") then return "sha256", value end
  local hash, appendix = match(value, "^(%x+)(.*)$")
  if not hash or not HASH_SIZES[#hash] then return "plain", value end
  local known = appendix == "" or SHORT_APPENDICES[appendix] or (#appendix == 9 and appendix:find("^%.[%w_-]+$"))
  if not known then return "plain", value end
  return #hash == 64 and "sha256" or "other", hash:lower() .. appendix
end


local function single(value)
  if type(value) == "table" and value[1] ~= nil and value[2] == nil then return value[1] end
  return value
end


local function append(target, key, value)
  local held = target[key]
  if held == nil then
    target[key] = value
  elseif type(held) == "table" then
    held[#held + 1] = value
  else
    target[key] = { held, value }
  end
end


local function read_contact(event, data, key, value)
  if value == "" or type(value) == "table" then return end
  local kind, text = classify(value)
  if kind == "plain" then
    append(data, CONTACT_PLAIN[key], text)
  elseif kind == "sha256" then
    append(data, CONTACT_HASHED[key], text)
  else
    append(event, PERSON_PREFIX .. key, text)
  end
end


local function read_contacts(event, data, key, value)
  if type(value) ~= "table" then return read_contact(event, data, key, value) end
  for _, each in ipairs(value) do read_contact(event, data, key, each) end
end


local function read_address(event, address, key, value)
  local kind, text = classify(value)
  local name = kind == "plain" and ADDRESS_PLAIN[key] or kind == "sha256" and ADDRESS_HASHED[key]
  if name then
    address[name] = text
  else
    event[PERSON_PREFIX .. key] = value
  end
end


-- Whether a value of `user_data` is neither text nor a number nor a list of them, so that it names nobody.
local function is_nobody(value)
  if type(value) == "table" then value = value[1] end
  return value == nil or type(value) == "table" or type(value) == "boolean"
end


-- Reads `user_data` (advanced matching). `vouched` says whether the sender's address, agent and cookies in it count.
-- A value that names nobody is left out and counted.
local function read_user_data(event, given, vouched, repairs)
  local data, address = {}, {}
  for key, value in pairs(given) do
    value = single(value)
    if not is_empty(value) then
      if is_nobody(value) then
        count(repairs, "bad_user_data")
      elseif CONTACT_PLAIN[key] then
        read_contacts(event, data, key, value)
      elseif ADDRESS_PLAIN[key] then
        read_address(event, address, key, value)
      elseif not SENDER_KEYS[key] then
        event[PERSON_PREFIX .. key] = value
      elseif vouched then
        event[SENDER_KEYS[key]] = value
      end
    end
  end
  if next(address) then data.address = address end
  if next(data) then event.user_data = data end
end


local function is_list_of_objects(value)
  if type(value) ~= "table" or value[1] == nil then return false end
  for _, each in ipairs(value) do
    if type(each) ~= "table" or each[1] ~= nil then return false end
  end
  return true
end


local function same_ids(ids, items)
  if type(ids) ~= "table" or #ids ~= #items then return false end
  for place, item in ipairs(items) do
    if ids[place] ~= item.item_id then return false end
  end
  return true
end


local function read_contents(event, contents, ids)
  local items
  if is_list_of_objects(contents) then
    items = items_from("meta", contents)
    event.items = items
  elseif not is_empty(contents) then
    event["x-fb-cd-contents"] = contents
  end
  if not is_empty(ids) and not (items and same_ids(ids, items)) then event["x-fb-cd-content_ids"] = ids end
end


local function read_numbers(custom, repairs)
  for _, key in ipairs(NUMBER_KEYS) do
    local value = custom[key]
    if is_text(value) then
      local number = to_number(value)
      if key == "num_items" then number = tointeger(number) end
      if number == nil then count(repairs, "bad_number") end
      custom[key] = number or value
    elseif value ~= nil and type(value) ~= "number" and not is_empty(value) then
      count(repairs, "bad_number")
    end
  end
end


-- Reads `custom_data`: what the event is about. What should be a number or text and is not stays, and is counted.
local function read_custom_data(event, custom, repairs)
  read_numbers(custom, repairs)
  local currency = custom.currency
  if currency ~= nil and type(currency) ~= "string" and not is_empty(currency) then count(repairs, "bad_currency") end
  read_contents(event, custom.contents, custom.content_ids)
  for key, value in pairs(custom) do
    if key ~= "contents" and key ~= "content_ids" and not is_empty(value) then
      event[CUSTOM_KEYS[key] or CUSTOM_PREFIX .. key] = value
    end
  end
end


-- Begins an event: the common name where one exists, and always Meta's own.
local function new_event(name, pixel_id)
  return {
    event_name = is_text(name) and common_name("meta", name) or name,
    ["x-source-event-name"] = name,
    ["x-source-vendor"] = "meta",
    ["x-fb-pixel_id"] = pixel_id,
  }
end


-- Whether Meta's script made the event by itself and the settings do not let such events in.
local function is_unwanted(name, automatic, settings)
  if settings.allow_automatic_events then return false end
  if automatic then return true end
  for _, each in ipairs(settings.automatic_events or {}) do
    if each == name then return true end
  end
  return false
end


return {
  count = count,
  event_id_of = event_id_of,
  is_text = is_text,
  is_unwanted = is_unwanted,
  new_event = new_event,
  object = object,
  read_custom_data = read_custom_data,
  read_user_data = read_user_data,
  text_of = text_of,
  to_seconds = to_seconds,
  web_url = web_url,
  without_appendix = without_appendix,
}
