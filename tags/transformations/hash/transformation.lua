local PREFIX = "sha256_"
local BY_NAME = {
  email_address = "email", email = "email", phone_number = "phone", phone = "phone", first_name = "name",
  last_name = "name", city = "city", region = "region", postal_code = "zip", country = "country",
}
local FORMS = {
  as_is = function(value) return value end,
  text = function(value) return text.lower(text.trim(value)) end,
  phone = function(value, settings) return normalise.phone(value, settings.home) end,
}


local function normal(value, name, settings)
  local form = settings.form
  if form == "by_name" then form = BY_NAME[name] or "text" end
  return (FORMS[form] or normalise[form])(value, settings)
end


-- Returns the hash of one value, or nil; what is a hash already is not hashed twice.
local function hash_of(value, name, settings)
  local said = values.word_of(value)
  if said == nil then return nil end
  if crypto.is_sha256(said) then return said:lower() end
  local found = normal(said, name, settings)
  return found and found ~= "" and crypto.sha256(found) or nil
end


local function hashed_list(list, name, settings)
  local hashes = {}
  for _, value in ipairs(list) do hashes[#hashes + 1] = hash_of(value, name, settings) end
  return #hashes > 0 and hashes or nil
end


local function is_object(value)
  return type(value) == "table" and (value[1] == nil or type(value[1]) == "table")
end


local function sorted_keys(object)
  local keys = {}
  for key in pairs(object) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

local hash_in


-- Hashes what stands at a key; `name` is the field's, also where the key is the place in a list.
local function hash_at(holder, key, name, settings)
  local value = holder[key]
  if is_object(value) then return hash_in(value, name, settings) end
  local result = type(value) == "table" and hashed_list(value, name, settings) or nil
  if type(value) ~= "table" then result = hash_of(value, name, settings) end
  local renamed = settings.names == "sha256" and type(key) == "string" and key:sub(1, #PREFIX) ~= PREFIX
  if not renamed then
    -- A list has no holes: what cannot be hashed leaves an empty text in it.
    holder[key] = result or (type(key) == "number" and "" or nil)
    return
  end
  holder[key] = nil
  if result then holder[PREFIX .. key] = result end
end


hash_in = function(object, name, settings)
  for _, key in ipairs(sorted_keys(object)) do
    hash_at(object, key, type(key) == "string" and key or name, settings)
  end
end


local function apply(event, settings)
  for _, path in ipairs(settings.fields) do
    local last = path:match("([^.%d][^.]*)[.%d]*$") or path
    for _, place in ipairs(paths.find(event, path)) do
      local key = place.key
      hash_at(place.holder, key, type(key) == "string" and key or last, settings)
    end
  end
  return event
end


return { apply = apply }
