local FORMS = {
  as_is = function(value) return value end,
  text = function(value) return text.lower(text.trim(value)) end,
  phone = function(value, settings) return normalise.phone(value, settings.home) end,
}


local function input_of(event, settings)
  if settings.field == nil then return settings.input end
  return paths.value_at(event, settings.field)
end


-- Returns the hash of one value, or nil; what is a hash already is not hashed twice.
local function hash_of(value, settings)
  local said = values.word_of(value)
  if said == nil then return nil end
  local hex = crypto.is_sha256(said) and said:lower()
  if not hex then
    local normal = (FORMS[settings.form] or normalise[settings.form])(said, settings)
    hex = normal and normal ~= "" and crypto.sha256(normal)
  end
  return hex and (settings.encoding == "base64" and text.hex_to_base64(hex) or hex) or nil
end


local function resolve(event, settings)
  local input = input_of(event, settings)
  if type(input) ~= "table" then return hash_of(input, settings) end
  local hashes = {}
  for _, value in ipairs(input) do hashes[#hashes + 1] = hash_of(value, settings) end
  return #hashes > 0 and hashes or nil
end


return { resolve = resolve }
