local function input_of(event, settings)
  if settings.field == nil then return settings.input end
  return paths.value_at(event, settings.field)
end


local function decoded(input)
  if type(input) == "string" then return json.decode(input) end
  return input
end


local function resolve(event, settings)
  local value = decoded(input_of(event, settings))
  if settings.path ~= "" then value = type(value) == "table" and paths.value_at(value, settings.path) or nil end
  if value == nil then return settings.default end
  return value
end


return { resolve = resolve }
