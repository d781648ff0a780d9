local function region_code(place)
  return place.region and place.country .. "-" .. place.region or place.country
end


local function resolve(_, settings)
  local place = incoming.geo()
  local value = place[settings.part]
  if settings.part == "region_code" then value = region_code(place) end
  return value or settings.default
end


return { resolve = resolve }
