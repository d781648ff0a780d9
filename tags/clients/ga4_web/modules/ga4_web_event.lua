-- One event of a GA4 web hit (`/g/collect`) as common event data.
-- The format is not documented by Google. Names and meanings are those on which open clients agree (checked 2026-09);
-- a parameter without a common name travels as `x-ga-<name>`, so that nothing is lost and none is refused.


local TEXTS = {
  cid = "client_id",
  cu = "currency",
  dh = "page_hostname",
  dl = "page_location",
  dp = "page_path",
  dr = "page_referrer",
  dt = "page_title",
  ir = "ignore_referrer",
  sid = "ga_session_id",
  sr = "screen_resolution",
  tt = "traffic_type",
  uid = "user_id",
  ul = "language",
}
local PAGES = { page_location = "dl", page_referrer = "dr" }
local NUMBERS = { _et = "engagement_time_msec", sct = "ga_session_number" }

-- Names that sGTM's own GA4 client gives.
local OWN = {
  _p = "x-ga-page_id",
  _s = "x-ga-request_count",
  gtm = "x-ga-gtm_version",
  richsstsse = "x-ga-mp2-richsstsse",
  seg = "x-ga-mp2-seg",
  tid = "x-ga-measurement_id",
  v = "x-ga-protocol_version",
}
local CLICK_IDS = { dclid = true, gbraid = true, gclid = true, gclsrc = true, wbraid = true }
local SYSTEM = { _c = "c", _dbg = "dbg", _ee = "ee", _fv = "fv", _nsi = "nsi", _ss = "ss" }

-- Names that an event parameter cannot have, because the event data keeps them for something else.
local RESERVED = {
  consent_state = true,
  dead = true,
  event_name = true,
  event_time = true,
  ip_override = true,
  items = true,
  user_agent = true,
  user_data = true,
  user_properties = true,
}

-- Event parameters that tags expect as numbers, although pages give them as text now and then.
local AMOUNTS = { shipping = true, tax = true, value = true }

local MAX_ITEMS = 200

-- Of all items together: as many as the 16 KiB that Google's tag sends can hold.
local MAX_FIELDS = 2000

-- Which item a parameter is: `pr1` is the first.
local PLACES = {}
for number = 1, MAX_ITEMS do PLACES["pr" .. number] = number end

local find, sub = string.find, string.sub

local SOURCES = {}
for source, name in pairs(TEXTS) do SOURCES[name] = source end
for source, name in pairs(NUMBERS) do SOURCES[name] = source end
for name in pairs(CLICK_IDS) do SOURCES[name] = name end


local function count(repairs, code)
  repairs[code] = (repairs[code] or 0) + 1
end


-- A number where the text is one; else the text, counted.
local function number_of(value, repairs)
  local number = ga4_web_items.to_number(value)
  if not number then count(repairs, "bad_number") end
  return number or value
end


local function is_web_url(value)
  local start = value:sub(1, 8):lower()
  return start == "https://" or start:sub(1, 7) == "http://"
end


-- Whether an event parameter would take the place of another field, and so travels under its own whole name.
local function is_taken(name, params)
  if name == "" or RESERVED[name] or sub(name, 1, 2) == "x-" then return true end
  local source = SOURCES[name]
  return source ~= nil and (params[source] or "") ~= ""
end


-- The same for a number, which no field of text can be.
local function is_taken_by_text(name, params)
  return is_taken(name, params) or TEXTS[SOURCES[name]] ~= nil
end


local function read_amount(value, repairs)
  local number = ga4_web_items.to_number(value)
  if number then count(repairs, "number_as_text") end
  return number or value
end


local READERS = {}


function READERS.ep(event, name, value, params, repairs)
  if sub(name, 1, 10) == "user_data." then
    event.user_data = event.user_data or {}
    if not ga4_web_people.read_field(event.user_data, sub(name, 11), value) then event["x-ga-ep." .. name] = value end
  elseif is_taken(name, params) or (params["epn." .. name] and not TEXTS[SOURCES[name]]) then
    event["x-ga-ep." .. name] = value
  else
    event[name] = AMOUNTS[name] and read_amount(value, repairs) or value
  end
end


function READERS.epn(event, name, value, params, repairs)
  local key = is_taken_by_text(name, params) and "x-ga-epn." .. name or name
  event[key] = number_of(value, repairs)
end


function READERS.up(event, name, value, params)
  if name == "" or params["upn." .. name] then
    event["x-ga-up." .. name] = value
  else
    event.user_properties[name] = value
  end
end


function READERS.upn(event, name, value, _, repairs)
  if name == "" then
    event["x-ga-upn."] = value
  else
    event.user_properties[name] = number_of(value, repairs)
  end
end


function READERS.sst(event, name, value)
  event["x-sst-system_properties"] = event["x-sst-system_properties"] or {}
  event["x-sst-system_properties"][name] = value
end


-- Reads all that has no fixed place. Returns the items' parameters, by number. No name may come out differently by the
-- order in which the parameters are gone through, which is another one at every run.
local function read_named(event, params, repairs)
  local encoded, system = {}, {}
  for name, value in pairs(params) do
    local dot = find(name, ".", 1, true)
    local reader = dot and READERS[sub(name, 1, dot - 1)]
    local number = PLACES[name]
    if reader then
      reader(event, sub(name, dot + 1), value, params, repairs)
    elseif number then
      encoded[number] = value
    elseif SYSTEM[name] then
      system[SYSTEM[name]] = value
    elseif CLICK_IDS[name] then
      event[name] = value
    elseif name ~= "en" and name ~= "em" and name ~= "" and not (TEXTS[name] or NUMBERS[name] or OWN[name]) then
      event["x-ga-" .. name] = value
    end
  end
  if next(system) ~= nil then event["x-ga-system_properties"] = system end
  return encoded
end


-- Returns how many values the items are. The raw text stays beside an item of which something is unknown, or in place
-- of one that is none or too much.
local function read_items(event, encoded, repairs)
  local items, size = {}, 0
  if next(encoded) == nil then return size end
  for number = 1, MAX_ITEMS do
    if encoded[number] then
      local item, fields, sound = nil, 0, false
      if size < MAX_FIELDS then item, fields, sound = ga4_web_items.read(encoded[number]) end
      items[#items + 1] = item
      size = size + fields + 2
      if not item then count(repairs, "bad_item") end
      if not sound then event["x-ga-pr" .. number] = encoded[number] end
    end
  end
  if items[1] then event.items = items end
  return size
end


-- A page that is no web address, such as an app's, is no `page_location`; it stays under its own name.
local function read_page(event, pages, repairs)
  for name, source in pairs(PAGES) do
    local given = event[name]
    if given and not is_web_url(given) then
      event[name], event["x-ga-" .. source] = nil, given
      if source == "dl" then count(repairs, "bad_url") end
    end
  end
  local location = event.page_location
  if not location then return end
  pages[location] = pages[location] or url.parse(location) or {}
  event.page_hostname = event.page_hostname or pages[location].host
  event.page_path = event.page_path or pages[location].path
end


local function read_fixed(event, params, repairs)
  for source, name in pairs(TEXTS) do
    if (params[source] or "") ~= "" then event[name] = params[source] end
  end
  for source, name in pairs(NUMBERS) do
    if (params[source] or "") ~= "" then event[name] = number_of(params[source], repairs) end
  end
  for source, name in pairs(OWN) do
    if params[source] then event[name] = params[source] end
  end
end


local function read_people(event, params)
  local properties = event.user_properties
  if next(properties) == nil then
    event.user_properties = nil
  else
    event["x-ga-mp2-user_properties"] = {}
    for name, value in pairs(properties) do event["x-ga-mp2-user_properties"][name] = value end
  end
  local data = event.user_data or {}
  if params.em then event["x-ga-em"] = ga4_web_people.read_em(data, params.em) end
  event.user_data = next(data) ~= nil and data or nil
  event.consent_state = ga4_web_people.consent_of(params)
end


-- Reads one event. `pages` remembers addresses between calls. Returns the event, and about how many values it holds
-- beside its parameters.
local function read(params, pages, repairs)
  local event = { user_properties = {} }
  local encoded = read_named(event, params, repairs)
  read_fixed(event, params, repairs)
  event.event_name = params.en
  local size = read_items(event, encoded, repairs)
  read_page(event, pages, repairs)
  read_people(event, params)
  return event, size
end


return { read = read }
