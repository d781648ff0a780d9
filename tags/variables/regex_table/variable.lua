local function input_of(event, settings)
  if settings.field == nil then return values.word_of(settings.input) end
  return values.word_of(paths.value_at(event, settings.field))
end


local function filled(value, groups)
  return (value:gsub("%$(%d)", function(digit) return groups[tonumber(digit) + 1] end))
end


-- Returns what the pattern matched and its groups, or nil.
local function groups_of(input, pattern, settings)
  if settings.full_match then pattern = "^(?:" .. pattern .. ")$" end
  if settings.ignore_case then pattern = "(?i)" .. pattern end
  return regex.find(input, pattern)
end


local function resolve(event, settings)
  local input = input_of(event, settings)
  if input == nil then return settings.default end
  for _, row in ipairs(settings.rows) do
    local pattern, value = row:match("^(.+) %-> (.*)$")
    local groups = pattern and groups_of(input, pattern, settings)
    if groups then return filled(value, groups) end
  end
  return settings.default
end


return { resolve = resolve }
