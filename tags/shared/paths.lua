-- Dotted paths into event data: `user_data.email_address`, `items.price`, `x-fb-ud-*`.
-- A list is passed through: `items.price` is the price of every item, as `items.*.price` is; a number picks one
-- element, counted from 0. A part that ends in `*` stands for every key that begins with what comes before it.


local function parts_of(path)
  local parts = {}
  for part in path:gmatch("[^.]+") do parts[#parts + 1] = part end
  return parts
end


local function is_list(value)
  return value[1] ~= nil
end


-- Returns the places of a list that a part names, or nil where the part is for the elements themselves.
local function places_of(list, part)
  local place = math.tointeger(tonumber(part))
  if place then return list[place + 1] ~= nil and { place + 1 } or {} end
  if part ~= "*" then return nil end
  local places = {}
  for index = 1, #list do places[index] = index end
  return places
end


-- Returns the keys of an object that a part names and that are there, in a fixed order.
local function keys_of(object, part)
  if part:sub(-1) ~= "*" then return object[part] ~= nil and { part } or {} end
  local prefix, keys = part:sub(1, -2), {}
  for key in pairs(object) do
    if key:sub(1, #prefix) == prefix then keys[#keys + 1] = key end
  end
  table.sort(keys)
  return keys
end


local function visit(holder, parts, place, found)
  if type(holder) ~= "table" then return end
  local part = parts[place]
  local keys = is_list(holder) and places_of(holder, part)
  if keys == nil then
    for _, element in ipairs(holder) do visit(element, parts, place, found) end
    return
  end
  for _, key in ipairs(keys or keys_of(holder, part)) do
    if place == #parts then
      found[#found + 1] = { holder = holder, key = key }
    else
      visit(holder[key], parts, place + 1, found)
    end
  end
end


-- Returns every place that the path names and that is there: the table that holds it and its key in that table.
local function find(event, path)
  local parts, found = parts_of(path), {}
  if #parts > 0 then visit(event, parts, 1, found) end
  return found
end


-- Returns the value that the path names: a list where it names several, nil where it names none.
local function value_at(event, path)
  local places = find(event, path)
  if #places < 2 then return places[1] and places[1].holder[places[1].key] end
  local found = {}
  for index, place in ipairs(places) do found[index] = place.holder[place.key] end
  return found
end


local function copy(value)
  if type(value) ~= "table" then return value end
  local twin = {}
  for key, inner in pairs(value) do twin[key] = copy(inner) end
  return twin
end


local keep


local function keep_key(from, to, key, parts, place)
  if place == #parts then
    to[key] = copy(from[key])
  elseif type(from[key]) == "table" then
    to[key] = to[key] or {}
    keep(from[key], to[key], parts, place + 1)
  end
end


-- Elements keep their places, so one of which nothing is kept stays as an empty object.
local function keep_in_list(from, to, parts, place)
  for index = 1, #from do to[index] = to[index] or {} end
  local places = places_of(from, parts[place])
  if places then
    for _, index in ipairs(places) do keep_key(from, to, index, parts, place) end
    return
  end
  for index, element in ipairs(from) do
    if type(element) == "table" then keep(element, to[index], parts, place) end
  end
end


keep = function(from, to, parts, place)
  if is_list(from) then return keep_in_list(from, to, parts, place) end
  for _, key in ipairs(keys_of(from, parts[place])) do keep_key(from, to, key, parts, place) end
end


-- Returns a copy of the event that holds what the paths name and nothing else.
local function only(event, paths)
  local kept = {}
  for _, path in ipairs(paths) do
    local parts = parts_of(path)
    if #parts > 0 then keep(event, kept, parts, 1) end
  end
  return kept
end


local plant


local function plant_key(holder, key, parts, place, value, overwrite)
  if place == #parts then
    if overwrite or holder[key] == nil then holder[key] = copy(value) end
    return
  end
  if holder[key] == nil then holder[key] = {} end
  plant(holder[key], parts, place + 1, value, overwrite)
end


plant = function(holder, parts, place, value, overwrite)
  if type(holder) ~= "table" then return end
  local part = parts[place]
  local keys = is_list(holder) and places_of(holder, part)
  if keys == nil then
    for _, element in ipairs(holder) do plant(element, parts, place, value, overwrite) end
    return
  end
  if not keys then keys = part:sub(-1) == "*" and keys_of(holder, part) or { part } end
  for _, key in ipairs(keys) do plant_key(holder, key, parts, place, value, overwrite) end
end


-- Sets a value at a path and makes the objects that are missing on the way; in a list it is set in every element.
local function set(event, path, value, overwrite)
  local parts = parts_of(path)
  if #parts > 0 then plant(event, parts, 1, value, overwrite) end
end


return { find = find, only = only, set = set, value_at = value_at }
