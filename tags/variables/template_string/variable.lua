local function shown(value)
  if type(value) == "table" then return json.encode(value) end
  return values.word_of(value)
end


local function resolve(event, settings)
  local is_whole = true
  local result = settings.text:gsub("{([^{}]+)}", function(path)
    local word = shown(paths.value_at(event, path))
    if word == nil then is_whole = false end
    return word or settings.missing
  end)
  if settings.complete and not is_whole then return nil end
  return result
end


return { resolve = resolve }
