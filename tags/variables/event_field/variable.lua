local function resolve(event, settings)
  local value = paths.value_at(event, settings.path)
  if value == nil then return settings.default end
  return value
end


return { resolve = resolve }
