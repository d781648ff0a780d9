-- What the GA4 Measurement Protocol takes as a name and as a value: forms, lengths, and no personal data.
-- Rules: Google developer documentation, Measurement Protocol for GA4, limitations and reference, checked 2026-09.
-- Google answers 204 whatever it is sent, so that nobody would ever hear of a value that is too long.


local RESERVED_PREFIXES = { "firebase_", "ga_", "google_" }

-- Names that say themselves that they hold what identifies a person. Google forbids these outside of `user_data`.
local PERSONAL = {
  address = true,
  date_of_birth = true,
  email = true,
  email_address = true,
  first_name = true,
  full_name = true,
  last_name = true,
  phone = true,
  phone_number = true,
  street = true,
}

-- An address anywhere in a text, also where its @ is percent-encoded, as in the query of a URL. At its end is a dot and
-- two letters; of those beyond ASCII all characters count as letters.
local EMAIL = [=[[^\s@/?&=#;,:"'<>()]+(?:@|%(?:25)*40)[^\s@/?&=#;,:"'<>()]+\.[^\x00-\x40\x5b-\x60\x7b-\x7f]{2,}]=]
local REDACTED = "(redacted)"

-- Characters of a text that are searched: more than any value may have, and at the end the length of an address, which
-- goes again, so that none is left there by half.
local SEARCHED, LONGEST_EMAIL = 1300, 260

local MAX_NOTED = 10

local type, tostring, tonumber, tointeger, ipairs = type, tostring, tonumber, math.tointeger, ipairs
local find, sub, gsub, byte = string.find, string.sub, string.gsub, string.byte
local SPACE, F, G = byte(" "), byte("f"), byte("g")


-- Whether Google takes it as the name of an event, a parameter or a user property.
local function is_name(name, most)
  if #name > most or not find(name, "^%a[%w_]*$") then return false end
  local first = byte(name)
  if first ~= F and first ~= G then return true end
  for _, prefix in ipairs(RESERVED_PREFIXES) do
    if sub(name, 1, #prefix) == prefix then return false end
  end
  return true
end


local function is_personal(name)
  return PERSONAL[name] == true or sub(name, 1, 7) == "sha256_"
end


-- A finite number, or nil. Text counts where it reads as a decimal number.
local function number_of(value)
  if type(value) ~= "number" and (type(value) ~= "string" or find(value, "[xX]")) then return nil end
  local number = tonumber(value)
  if not number or number - number ~= 0 then return nil end
  return tointeger(number) or number
end


-- The first characters of a text; Google counts these and not bytes.
local function cut(said, most)
  if #said <= most then return said end
  local stop = utf8.offset(said, most + 1)
  return stop and sub(said, 1, stop - 1) or said
end


-- Text without control characters and white space around it; nil where there is none.
local function text_of(value)
  local kind = type(value)
  if kind == "number" or kind == "boolean" then return tostring(tointeger(value) or value) end
  if kind ~= "string" then return nil end
  if value == "" then return nil end
  if find(value, "%c") then value = gsub(value, "%c", " ") end
  if byte(value) <= SPACE or byte(value, -1) <= SPACE then value = text.trim(value) end
  return value ~= "" and value or nil
end


-- The same for what goes into the batch key, where nothing may look like a placeholder of the host's.
local function key_text(value, most)
  local said = text_of(value)
  if not said then return nil end
  if find(said, "00", 1, true) then said = gsub(gsub(said, "%%00", " "), "\\u0000", " ") end
  return cut(said, most)
end


local function may_hold_email(said)
  return find(said, "@", 1, true) ~= nil or (find(said, "%", 1, true) ~= nil and find(said, "40", 1, true) ~= nil)
end


-- Returns the beginning of a text with each e-mail address in it replaced, and whether there was one.
local function without_emails(said)
  local searched = cut(said, SEARCHED)
  local redacted = regex.replace(searched, EMAIL, REDACTED)
  local found = redacted ~= searched
  if #searched < #said then redacted = cut(redacted, utf8.len(redacted) - LONGEST_EMAIL) end
  return redacted, found
end


local function holds_email(said)
  return may_hold_email(said) and regex.match(said, EMAIL)
end


-- Notes names, the keys of a table, that were treated in some way; sorted, so that the line is the same at every run.
local function note(what, set)
  if next(set) == nil then return end
  local names = {}
  for name in pairs(set) do names[#names + 1] = name end
  table.sort(names)
  local more = #names - MAX_NOTED
  local shown = table.concat(names, ", ", 1, math.min(#names, MAX_NOTED))
  log.warn(what .. ": " .. shown .. (more > 0 and (" and %d more"):format(more) or ""))
end


return {
  cut = cut,
  holds_email = holds_email,
  is_name = is_name,
  is_personal = is_personal,
  key_text = key_text,
  may_hold_email = may_hold_email,
  note = note,
  number_of = number_of,
  text_of = text_of,
  without_emails = without_emails,
}
