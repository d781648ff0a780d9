-- What a GA4 event is about: its parameters and items, within Google's limits.
-- Limits: Google developer documentation, Measurement Protocol for GA4, limitations, checked 2026-09.
-- What is too long is cut, what is too much is left out; either is noted.


local MAX_PARAMS, MAX_NAME = 25, 40
local MAX_ITEMS, MAX_CUSTOM = 200, 10

-- More than any page or shop gives an event or an item.
local MAX_FIELDS, MAX_ITEM_FIELDS = 2000, 100

-- Bytes of one event's JSON. A request may have 130,000, of which the rest is for what its events share.
local MAX_SIZE, ITEM_SIZE = 90000, 2000

-- The work of searching an event's texts for e-mail addresses, in instructions: a text, a byte, all of them.
local SEARCH, SEARCH_BYTE, MAX_SEARCH = 1000, 8, 400000

local LENGTHS = { page_location = 1000, page_referrer = 420, page_title = 300 }
local URLS = { link_url = true, page_location = true, page_referrer = true }
local NUMBERS = { shipping = true, tax = true, value = true }
local ITEM_NUMBERS = { discount = true, index = true, price = true, quantity = true }

-- Fields of an event that are no parameters of it: who it is about, what the page's URL says anyway, what this server
-- itself keeps.
local OTHER = {
  client_id = true,
  consent = true,
  consent_state = true,
  device = true,
  engagement_time_msec = true,
  event_id = true,
  event_name = true,
  event_time = true,
  ga_session_id = true,
  ga_session_number = true,
  ip_override = true,
  items = true,
  language = true,
  page_encoding = true,
  page_hostname = true,
  page_path = true,
  screen_resolution = true,
  session_id = true,
  user_agent = true,
  user_data = true,
  user_id = true,
  user_location = true,
  user_properties = true,
  viewport_size = true,
}

-- Where there are too many parameters, these come before the others.
local FIRST = {
  "value", "currency", "transaction_id", "page_location", "page_title", "page_referrer", "tax", "shipping", "coupon",
  "search_term", "method", "content_type", "item_list_id", "item_list_name", "promotion_id", "promotion_name",
}
local RANKS, LAST = {}, #FIRST + 1
for rank, name in ipairs(FIRST) do RANKS[name] = rank end

local ITEM_FIELDS = {
  affiliation = true,
  coupon = true,
  creative_name = true,
  creative_slot = true,
  discount = true,
  index = true,
  item_brand = true,
  item_category = true,
  item_category2 = true,
  item_category3 = true,
  item_category4 = true,
  item_category5 = true,
  item_id = true,
  item_list_id = true,
  item_list_name = true,
  item_name = true,
  item_variant = true,
  location_id = true,
  price = true,
  promotion_id = true,
  promotion_name = true,
  quantity = true,
}

local IDS = { item_id = true, item_name = true }
local NONE = {}

-- So few parameters have room in any case, so that their order does not matter.
local MANY = 12

local number_of, text_of, is_name = ga4_mp_values.number_of, ga4_mp_values.text_of, ga4_mp_values.is_name
local type, next, pairs, ipairs, sort, sub = type, next, pairs, ipairs, table.sort, string.sub
local find, byte = string.find, string.byte
local SPACE = byte(" ")


-- Collects what was done to an event, by name, and how much room and work it took. All sizes are upper bounds.
local function new_notes()
  return { size = 200, searched = 0, fit = {}, cut = {}, redacted = {}, left_out = {}, too_much = {} }
end


-- Whether a field's name may be sent; items have the same ones again and again.
local function is_fit(name, notes)
  local fit = notes.fit[name]
  if fit == nil then
    fit = RANKS[name] ~= nil or is_name(name, MAX_NAME) and not ga4_mp_values.is_personal(name)
    notes.fit[name] = fit
  end
  return fit
end


local function take_room(notes, name, value)
  local size = #name + 8 + (type(value) == "string" and 2 * #value or 24)
  if notes.size + size > MAX_SIZE then return false end
  notes.size = notes.size + size
  return true
end


-- Returns the text without e-mail addresses; nil where so much was searched already that it must stay unknown.
local function redacted(name, said, notes)
  if not ga4_mp_values.may_hold_email(said) then return said end
  notes.searched = notes.searched + SEARCH + SEARCH_BYTE * math.min(#said, SEARCH)
  if notes.searched > MAX_SEARCH then return nil end
  local without, found = ga4_mp_values.without_emails(said)
  if found then notes.redacted[name] = true end
  return without
end


local function is_plain(value)
  return type(value) == "string" and value ~= "" and not find(value, "[%c@%%]") and byte(value) > SPACE
    and byte(value, -1) > SPACE
end


-- Most texts need nothing but a look at their length.
local function text_value(name, value, settings, notes)
  local said = value
  if not is_plain(value) then
    said = text_of(value)
    if said and (settings.redact_query or not URLS[name]) then said = redacted(name, said, notes) end
    if not said then return nil end
  end
  local most = LENGTHS[name] or (settings.property == "ga360" and 500 or 100)
  local short = ga4_mp_values.cut(said, most)
  if #short < #said then notes.cut[name] = true end
  return short
end


local function currency_of(value)
  return type(value) == "string" and find(value, "^%u%u%u$") and value or normalise.currency(value)
end


-- Returns what may be sent under a name, or nil.
local function value_of(name, value, numbers, settings, notes)
  if name == "currency" then return currency_of(value) end
  if numbers[name] then return number_of(value) end
  if type(value) == "number" then return value end
  return text_value(name, value, settings, notes)
end


-- Puts one field into a table; returns whether it is there.
local function put(holder, name, value, numbers, settings, notes)
  local sent = value_of(name, value, numbers, settings, notes)
  if sent == nil then
    if value ~= "" then notes.left_out[name] = true end
    return false
  end
  if not take_room(notes, name, sent) then
    notes.too_much[name] = true
    return false
  end
  holder[name] = sent
  return true
end


local function precedes(a, b)
  local first, second = RANKS[a] or LAST, RANKS[b] or LAST
  if first ~= second then return first < second end
  return a < b
end


-- Returns the names of the fields that can be parameters, the most important ones first; nil where there are too many
-- fields to look at.
local function names_of(event, notes)
  local names, seen = {}, 0
  for name in pairs(event) do
    seen = seen + 1
    if seen > MAX_FIELDS then return nil end
    if not OTHER[name] and sub(name, 1, 2) ~= "x-" then
      if is_fit(name, notes) then names[#names + 1] = name else notes.left_out[name] = true end
    end
  end
  if #names > MANY then sort(names, precedes) end
  return names
end


local function first_of(names, notes)
  sort(names)
  local chosen = {}
  for place, name in ipairs(names) do
    (place <= MAX_CUSTOM and chosen or notes.too_much)[name] = true
  end
  return chosen
end


-- Returns the first ten of the item's own fields by name, as a set; nil where there are too many fields to look at.
local function custom_fields(item, notes)
  local names, seen = {}, 0
  for name in pairs(item) do
    seen = seen + 1
    if seen > MAX_ITEM_FIELDS then return nil end
    if not ITEM_FIELDS[name] then
      if is_fit(name, notes) then names[#names + 1] = name else notes.left_out[name] = true end
    end
  end
  return names[1] == nil and NONE or first_of(names, notes)
end


local function item_of(item, settings, notes)
  if type(item) ~= "table" or item[1] ~= nil then return nil end
  local sent, custom = {}, custom_fields(item, notes)
  if not custom then return nil end
  for name, value in pairs(item) do
    if IDS[name] then value = text_of(value) end
    if ITEM_FIELDS[name] or custom[name] then put(sent, name, value, ITEM_NUMBERS, settings, notes) end
  end
  return next(sent) ~= nil and sent or nil
end


local function items_of(given, settings, notes)
  if type(given) ~= "table" then return nil end
  local items = {}
  for place, item in ipairs(given) do
    if #items == MAX_ITEMS or notes.size > MAX_SIZE - ITEM_SIZE or notes.searched > MAX_SEARCH then
      notes.too_much[("items from number %d on"):format(place)] = true
      break
    end
    local sent = item_of(item, settings, notes)
    if sent then items[#items + 1] = sent else notes.left_out["an item"] = true end
  end
  return items[1] ~= nil and items or nil
end


local function tell(notes)
  ga4_mp_values.note("cut", notes.cut)
  ga4_mp_values.note("e-mail addresses taken out", notes.redacted)
  ga4_mp_values.note("left out", notes.left_out)
  ga4_mp_values.note("too much, left out", notes.too_much)
end


-- Returns the parameters: those that are given, which every event has, and the event's own; or nil and a reason.
local function build(event, params, settings)
  local notes, count = new_notes(), 0
  for _ in pairs(params) do count = count + 1 end
  local names = names_of(event, notes)
  if not names then return nil, ("too_many_fields: the event has more than %d"):format(MAX_FIELDS) end
  if event.items ~= nil then count = count + 1 end
  for _, name in ipairs(names) do
    if count == MAX_PARAMS then
      notes.too_much[name] = true
    elseif put(params, name, event[name], NUMBERS, settings, notes) then
      count = count + 1
    end
  end
  params.items = items_of(event.items, settings, notes)
  tell(notes)
  return params
end


return { build = build }
