local function sorted_paths(fields)
  local sorted = {}
  for path in pairs(fields) do sorted[#sorted + 1] = path end
  table.sort(sorted)
  return sorted
end


-- Returns a path without its last part, and that part.
local function cut(path)
  local above, last = path:match("^(.*)%.([^.]*)$")
  return above or "", last or path
end


local function new_key(key, old, new)
  if old:sub(-1) ~= "*" or new:sub(-1) ~= "*" then return new end
  return new:sub(1, -2) .. key:sub(#old)
end


local function take(place)
  local value = place.holder[place.key]
  place.holder[place.key] = nil
  return value
end


-- Takes the values of one path and returns what sets them anew.
local function taken(event, old, new)
  local places, moves = paths.find(event, old), {}
  local old_above, old_last = cut(old)
  local new_above, new_last = cut(new)
  if old_above == new_above and (places[1] and type(places[1].key) == "string") then
    for index, place in ipairs(places) do
      local key = new_key(place.key, old_last, new_last)
      moves[index] = { holder = place.holder, key = key, value = take(place) }
    end
    return moves
  end
  local found = {}
  for index = #places, 1, -1 do
    local place = places[index]
    local is_element = type(place.key) == "number"
    table.insert(found, 1, is_element and table.remove(place.holder, place.key) or take(place))
  end
  if #found == 0 then return moves end
  return { { path = new, value = #found > 1 and found or found[1] } }
end


local function put(event, move, overwrite)
  if move.path then
    paths.set(event, move.path, move.value, overwrite)
  elseif overwrite or move.holder[move.key] == nil then
    move.holder[move.key] = move.value
  end
end


local function apply(event, settings)
  local all = {}
  for _, old in ipairs(sorted_paths(settings.fields)) do
    for _, move in ipairs(taken(event, old, settings.fields[old])) do all[#all + 1] = move end
  end
  for _, move in ipairs(all) do put(event, move, settings.overwrite) end
  return event
end


return { apply = apply }
