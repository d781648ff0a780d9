local function sorted_paths(fields)
  local sorted = {}
  for path in pairs(fields) do sorted[#sorted + 1] = path end
  table.sort(sorted)
  return sorted
end


local function apply(event, settings)
  for _, path in ipairs(sorted_paths(settings.fields)) do
    paths.set(event, path, settings.fields[path], settings.overwrite)
  end
  return event
end


return { apply = apply }
