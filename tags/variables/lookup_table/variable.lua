local function input_of(event, settings)
  if settings.field == nil then return values.word_of(settings.input) end
  return values.word_of(paths.value_at(event, settings.field))
end


-- Of several entries that differ in their letters alone, the first in the order of their bytes.
local function found_in_any_case(entries, input)
  local wanted, first = text.lower(input), nil
  for key in pairs(entries) do
    if text.lower(key) == wanted and (first == nil or key < first) then first = key end
  end
  return first and entries[first]
end


local function resolve(event, settings)
  local input = input_of(event, settings)
  if input == nil then return settings.default end
  local value = settings.table[input]
  if value == nil and settings.ignore_case then value = found_in_any_case(settings.table, input) end
  if value == nil then return settings.default end
  return value
end


return { resolve = resolve }
