-- Items of a GA4 web hit: what `pr1`, `pr2`, … hold, as items of common event data.
-- The grammar is not documented. It is read as open encoders write it (checked 2026-09): fields between `~`, of which
-- each is two letters and a value, with `~~` for a `~` of the value; a parameter of the shop's own is a pair of fields,
-- `k0` with its name and `v0` with its value, then `k1`, … `k9`, `kA`, …


local NAMES = {
  af = "affiliation",
  br = "item_brand",
  c2 = "item_category2",
  c3 = "item_category3",
  c4 = "item_category4",
  c5 = "item_category5",
  ca = "item_category",
  cn = "creative_name",
  cp = "coupon",
  cs = "creative_slot",
  ds = "discount",
  id = "item_id",
  li = "item_list_id",
  ln = "item_list_name",
  lo = "location_id",
  lp = "index",
  nm = "item_name",
  pi = "promotion_id",
  pn = "promotion_name",
  pr = "price",
  qt = "quantity",
  va = "item_variant",
}
local NUMBERS = { price = true, quantity = true, discount = true, index = true }

-- What tells the pairs apart, in the order in which they are read.
local INDEXES = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

-- More than all known fields and the pairs of 36 parameters.
local MAX_FIELDS = 100

-- Stands for `~~` while a text is cut at `~`. No value holds a NUL: the host takes them out.
local MARK = "\0"

local find, gsub, match, sub, tonumber = string.find, string.gsub, string.match, string.sub, tonumber


-- A decimal number, or nil.
local function to_number(value)
  local number = not find(value, "[^%d.eE+-]") and tonumber(value)
  if number and number - number == 0 then return number end
  return nil
end


local function split(encoded)
  local marked, doubled = gsub(encoded, "~~", MARK)
  local _, count = gsub(marked, "~", "~")
  if count >= MAX_FIELDS then return nil end
  local fields = text.split(marked, "~")
  if doubled == 0 then return fields end
  for place, field in ipairs(fields) do fields[place] = gsub(field, MARK, "~") end
  return fields
end


-- Puts one pair into the item; false where it lacks its other half, or its name is taken.
local function add_pair(item, index, name, value)
  if name and value and name ~= "" and item[name] == nil then
    item[name] = value
    return true
  end
  item["k" .. index], item["v" .. index] = name, value
  return false
end


local function add_pairs(item, names, values)
  if next(names) == nil and next(values) == nil then return true end
  local sound = true
  for index in INDEXES:gmatch(".") do
    local name, value = names[index], values[index]
    if name or value then sound = add_pair(item, index, name, value) and sound end
  end
  return sound
end


-- Puts a field that has no name of its own into the item, or aside as one half of a pair; false where it is unknown.
local function add_other(item, names, values, key, value)
  local index = match(key, "^[kv]([%dA-Z])$")
  if not index then
    if match(key, "^[%w_][%w_]$") then item[key] = value end
    return false
  end
  local half = sub(key, 1, 1) == "k" and names or values
  local sound = half[index] == nil
  half[index] = value
  return sound
end


-- Reads one item. Returns it with the number of its fields, and whether nothing of it is unknown, so that the raw text
-- need not be kept; nil where it is no item.
local function read(encoded)
  local fields = split(encoded)
  if not fields then return nil, 0, false end
  local item, names, values, sound = {}, {}, {}, true
  for _, field in ipairs(fields) do
    local key, value = sub(field, 1, 2), sub(field, 3)
    local name = NAMES[key]
    if not name then
      sound = add_other(item, names, values, key, value) and sound
    else
      sound = sound and item[name] == nil
      item[name] = NUMBERS[name] and to_number(value) or value
    end
  end
  sound = add_pairs(item, names, values) and sound
  if next(item) == nil then return nil, #fields, false end
  return item, #fields, sound
end


return { read = read, to_number = to_number }
