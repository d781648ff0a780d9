local function resolve(_, settings)
  local value = incoming.cookie(settings.name)
  if value == nil then return settings.default end
  return settings.decode and url.decode(value) or value
end


return { resolve = resolve }
