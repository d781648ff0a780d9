-- The person in a GA4 web hit: user-provided data, and what the visitor agreed to.
-- `em`, `gcs` and `gcd` are not documented; they are read as third parties describe them (checked 2026-09). What does
-- not have the form is left for the caller to keep as it came, and says nothing.


-- `tv.1~em.<hash>~pn.<hash>`: only these two are read. Others, such as names with a place (`fn0.`), stay in the text.
local HASHED = { em = "sha256_email_address", pn = "sha256_phone_number" }
local FORMAT = "tv.1"
local MAX_PIECES = 40

local GCS = "^G1([01-])([01-])$"
local GCD = "^1%d(%a)%d(%a)%d(%a)%d(%a)%d%w*$"
local GCS_PURPOSES = { "ad_storage", "analytics_storage" }
local GCD_PURPOSES = { "ad_storage", "analytics_storage", "ad_user_data", "ad_personalization" }
local GCS_SIGNS = { ["0"] = false, ["1"] = true }

-- Denied or granted, by default, by the page's update, or by both; `l` and letters that nobody knows say nothing.
local GCD_SIGNS = { m = false, p = false, q = false, u = false, n = true, r = true, t = true, v = true }


-- A SHA-256 hash as 64 lower-case hex digits, from hex or Base64; nil for anything else.
local function hash_of(value)
  if #value == 64 and not value:find("%X") then return value:lower() end
  if #value ~= 43 and #value ~= 44 then return nil end
  local hex = text.base64_to_hex(value)
  return hex and #hex == 64 and hex or nil
end


-- Adds a value; of several different ones the field becomes a list.
local function add(data, name, value)
  local held = data[name]
  if held == nil then
    data[name] = value
  elseif type(held) ~= "table" then
    if held ~= value then data[name] = { held, value } end
  else
    for _, each in ipairs(held) do
      if each == value then return end
    end
    held[#held + 1] = value
  end
end


-- Reads `em` into user data. Returns what of it is not understood, or nil.
local function read_em(data, encoded)
  local _, tildes = encoded:gsub("~", "~")
  if tildes >= MAX_PIECES then return encoded end
  local rest = {}
  for _, piece in ipairs(text.split(encoded, "~")) do
    local kind, value = piece:match("^(%l%l)%.(.*)$")
    local hash = HASHED[kind] and hash_of(value)
    if hash then
      add(data, HASHED[kind], hash)
    elseif piece ~= FORMAT and piece ~= "" then
      rest[#rest + 1] = piece
    end
  end
  return rest[1] and table.concat(rest, "~") or nil
end


-- Reads one `ep.user_data.<path>`; false where it names no field.
local function read_field(data, path, value)
  if path:sub(1, 8) == "address." then
    data.address = data.address or {}
    data.address[path:sub(9)] = value
    return true
  end
  if path == "" or path == "address" then return false end
  data[path] = value
  return true
end


local function add_signs(state, purposes, signs, ...)
  for place, sign in ipairs({ ... }) do
    local purpose = purposes[place]
    if state[purpose] == nil then state[purpose] = signs[sign] end
  end
end


-- Returns what an event says about consent, by purpose, nil where it says nothing. `gcs` comes before `gcd`, as at the
-- edge, which has decided for the whole hit already: this tightens it for the event of one line.
local function consent_of(params)
  local state = {}
  add_signs(state, GCS_PURPOSES, GCS_SIGNS, (params.gcs or ""):match(GCS))
  add_signs(state, GCD_PURPOSES, GCD_SIGNS, (params.gcd or ""):match(GCD))
  return next(state) ~= nil and state or nil
end


return { consent_of = consent_of, read_em = read_em, read_field = read_field }
