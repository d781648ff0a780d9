local function resolve(event, settings)
  local values = {}
  for _, place in ipairs(paths.find(event, settings.path)) do values[#values + 1] = place.holder[place.key] end
  if #values > 1 then return values end
  if values[1] == nil then return settings.default end
  return values[1]
end


return { resolve = resolve }
