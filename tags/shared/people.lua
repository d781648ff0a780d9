-- The person that an event is about, for vendors that compare SHA-256 hashes. Each vendor says which form it hashes;
-- a value that is hashed already stays a hash, and one that cannot be what it claims to be is left out.


local CONTACTS = {
  { "email_address", "email" },
  { "sha256_email_address", "email" },
  { "phone_number", "phone" },
  { "sha256_phone_number", "phone" },
}
local ADDRESS = {
  { "first_name", "first_name" },
  { "sha256_first_name", "first_name" },
  { "last_name", "last_name" },
  { "sha256_last_name", "last_name" },
  { "city", "city" },
  { "region", "region" },
  { "postal_code", "postal_code" },
  { "country", "country" },
}
local SHA256_SIZE, MD5_SIZE = 64, 32
local type, ipairs, sub, find = type, ipairs, string.sub, string.find


local function add_one(known, name, value)
  local held = values.text_of(value)
  if not held then return end
  known[name] = known[name] or {}
  known[name][#known[name] + 1] = held
end


-- Adds a value, or each of a list, to what is known under a name.
local function add(known, name, value)
  if type(value) ~= "table" then return add_one(known, name, value) end
  for _, each in ipairs(value) do add_one(known, name, each) end
end


local function add_named(known, holder, names_of)
  for _, pair in ipairs(names_of) do
    local value = holder[pair[1]]
    if value ~= nil then add(known, pair[2], value) end
  end
end


-- Returns what the common names of an event say, lists of texts by email, phone, first_name, last_name, city, region,
-- postal_code and country; plain and hashed values stand together.
local function collect(event)
  local known, data = {}, event.user_data
  if type(data) ~= "table" then return known end
  add_named(known, data, CONTACTS)
  for _, address in ipairs(values.list_of(data.address) or { data.address }) do
    if type(address) == "table" then add_named(known, address, ADDRESS) end
  end
  return known
end


-- A SHA-256 in lower case, or nil. Behind one, Meta's parameter builders leave a mark that is no part of it.
local function given_hash(value)
  local hash, mark = sub(value, 1, SHA256_SIZE), sub(value, SHA256_SIZE + 1)
  if not crypto.is_sha256(hash) or (mark ~= "" and not find(mark, "^%.[%w_-]+$")) then return nil end
  return hash:lower()
end


-- Returns a form of the kit's without the hashes that it lets through: a place cannot be sent as one, and who compares
-- SHA-256 cannot use an MD5.
local function readable(form)
  return function(value, ...)
    local normal = form(value, ...)
    local hashed = normal and (given_hash(normal) or (#normal == MD5_SIZE and not find(normal, "%X")))
    return not hashed and normal or nil
  end
end


-- Returns the hash of one value in the form that `form` gives it, or nil.
local function hash_of(value, form, ...)
  local trimmed = text.trim(value)
  if trimmed == "" then return nil end
  local given = given_hash(trimmed)
  if given then return given end
  local normal = form(trimmed, ...)
  return normal and crypto.sha256(normal) or nil
end


-- Returns the hashes of a list of texts, each once and in order, and whether all of them could be read. `form` gets
-- each text, and what else is given here.
local function hashes_of(list, form, ...)
  local hashes, seen, complete = {}, {}, true
  for _, value in ipairs(list) do
    local hash = hash_of(value, form, ...)
    if hash and not seen[hash] then hashes[#hashes + 1] = hash end
    if hash then seen[hash] = true end
    complete = complete and hash ~= nil
  end
  return hashes, complete
end


-- Returns the first value of a list that has a plain form, or nil.
local function plain_of(list, form)
  for _, value in ipairs(list) do
    local normal = form(value)
    if normal then return normal end
  end
  return nil
end


return { add = add, collect = collect, hashes_of = hashes_of, plain_of = plain_of, readable = readable }
