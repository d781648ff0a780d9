-- The `user` of an event of TikTok's Events API. Names: TikTok API for Business, Events API v1.3, checked 2026-09.
-- TikTok's own keys come in x-tt-user-<key>. Address and user agent never do: a browser cannot vouch for them.


local LONGEST_CLICK_ID, CLICK_ID = 512, "^[%w_.~%%-]+$"
local OWN = "x-tt-user-"
local DEVICE = { idfa = OWN .. "idfa", idfv = OWN .. "idfv", gaid = OWN .. "gaid", att_status = OWN .. "att_status" }

local text_of = values.text_of
local type, ipairs, pairs, find, match = type, ipairs, pairs, string.find, string.match


-- The country decides how a postal code is written, so these come first.
local PLAIN = {
  { "country", "country", people.readable(normalise.country) },
  { "state", "region", people.readable(normalise.region) },
  { "city", "city", people.readable(normalise.city) },
}


-- Without a country nobody knows where a number with a single zero in front is called.
local function phone_form(phone, settings, country)
  local home = settings.default_country_code or country
  if not home and find(phone, "^[^%d+]*0[^%d]*[1-9]") then return nil end
  return normalise.e164(phone, home)
end


local function external_id_form(id, settings)
  return settings.lowercase_external_id and text.lower(id) or id
end


-- TikTok's word, the common one, the form before hashing; `many` where TikTok takes a list.
local HASHED = {
  { "email", "email", people.readable(normalise.email), many = true },
  { "phone", "phone", people.readable(phone_form), many = true },
  { "external_id", "external_id", external_id_form, many = true },
  { "first_name", "first_name", people.readable(normalise.name) },
  { "last_name", "last_name", people.readable(normalise.name) },
  { "zip_code", "postal_code", people.readable(function(zip, _, country) return normalise.zip(zip, country) end) },
}


for _, keys in ipairs({ PLAIN, HASHED }) do
  for _, key in ipairs(keys) do key.own = OWN .. key[1] end
end


local function add_own(known, event, keys)
  for _, key in ipairs(keys) do
    local own = event[key.own]
    if own ~= nil then people.add(known, key[2], own) end
  end
end


-- Returns what the event says of the person, lists of texts by common name; TikTok's own words come last.
local function known_of(event, settings)
  local known = people.collect(event)
  add_own(known, event, PLAIN)
  add_own(known, event, HASHED)
  if not known.external_id and settings.external_id_from ~= "none" then
    people.add(known, "external_id", event[settings.external_id_from])
  end
  return known
end


local function add_person(user, known, settings)
  local left_out = {}
  for _, key in ipairs(PLAIN) do
    local list = known[key[2]]
    if list then user[key[1]] = people.plain_of(list, key[3]) end
    if list and not user[key[1]] then left_out[#left_out + 1] = key[1] end
  end
  for _, key in ipairs(HASHED) do
    local list = known[key[2]]
    if list then
      local hashes, complete = people.hashes_of(list, key[3], settings, user.country)
      user[key[1]] = key.many and #hashes > 1 and hashes or hashes[1]
      if not complete then left_out[#left_out + 1] = key[1] end
    end
  end
  if left_out[1] then log.info("left out of user what cannot be right: " .. table.concat(left_out, ", ")) end
end


-- Returns the text where it can be a click id or a cookie's id; another is left out and told of.
local function id_of(name, value)
  local id = text_of(value)
  if not id then return nil end
  if #id <= LONGEST_CLICK_ID and find(id, CLICK_ID) then return id end
  log.warn("left out a " .. name .. " that cannot be one")
  return nil
end


local function click_of(page)
  if type(page) ~= "string" or not find(page, "ttclid=", 1, true) then return nil end
  local query = match(page, "%?([^#]*)")
  return query and url.query(query).ttclid
end


-- The page's address tells of the newest click, the cookie of an earlier one.
local function ttclid_of(event)
  return id_of("ttclid", event["x-tt-user-ttclid"])
    or id_of("ttclid", event.ttclid)
    or id_of("ttclid", click_of(event.page_location))
    or id_of("ttclid", incoming.cookie("ttclid"))
end


local function ttp_of(event)
  return id_of("ttp", event["x-tt-user-ttp"]) or id_of("ttp", event.ttp) or id_of("ttp", incoming.cookie("_ttp"))
end


-- Returns the user, or nil where nothing is known.
local function of(event, settings)
  local ip = text_of(event.ip_override)
  local user = {
    ttclid = ttclid_of(event),
    ttp = ttp_of(event),
    ip = ip and normalise.meta_value("client_ip_address", ip),
    user_agent = text_of(event.user_agent),
    locale = text_of(event["x-tt-user-locale"]) or text_of(event.language),
  }
  for key, own in pairs(DEVICE) do user[key] = text_of(event[own]) end
  add_person(user, known_of(event, settings), settings)
  return values.object_of(user)
end


return { of = of }
