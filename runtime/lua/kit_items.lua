-- `items` of the kit: products in common names and in those of the vendors. Documentation: kit/items.py.
-- All access is raw: a script's metamethods are not run here. Results are fresh tables. Data is the visitor's, so what
-- is wrong within an item is left out; what is no list at all raises.

local library = ...

local error <const>, type <const>, next <const>, tonumber <const>, tostring <const> =
  error, type, next, tonumber, tostring
local rawget <const>, rawlen <const>, find <const> = rawget, rawlen, string.find
local math_type <const>, tointeger <const> = math.type, math.tointeger
local sort <const>, concat <const> = table.sort, table.concat

local LONGEST_NUMBER <const> = 64
local EXACT <const>, PLACES <const> = 1e9, 1e6


-- A finite number, or nil. Text counts where it reads as a decimal number.
local function number_of(value)
  if math_type(value) == "integer" then return value end
  if type(value) == "string" then
    if #value > LONGEST_NUMBER or find(value, "[xX]") then return nil end
    value = tonumber(value)
  end
  if type(value) ~= "number" or value - value ~= 0 then return nil end
  return tointeger(value) or value
end


local function text_of(value)
  if type(value) == "string" then return value ~= "" and value or nil end
  return type(value) == "number" and tostring(tointeger(value) or value) or nil
end


local function number_text(value)
  return text_of(number_of(value))
end


local function whole_number(value)
  local number = number_of(value)
  return number and tointeger(number // 1)
end

local META_KEYS <const> = {
  item_id = "id", quantity = "quantity", price = "item_price", item_name = "title", item_brand = "brand",
  item_category = "category", description = "description", delivery_category = "delivery_category",
}
local TIKTOK_KEYS <const> = {
  item_id = "content_id", item_name = "content_name", item_category = "content_category", item_brand = "brand",
  price = "price", quantity = "quantity",
}
local NUMBERS <const> = {price = number_of, quantity = number_of}

-- By vendor: its keys by common name, and how a value is written where it is not text.
local VENDORS <const> = {
  meta = {keys = META_KEYS, forms = NUMBERS},
  microsoft = {
    keys = {item_id = "id", item_name = "name", price = "price", quantity = "quantity"}, forms = NUMBERS,
  },
  pinterest = {
    keys = {
      item_id = "id", item_name = "item_name", item_category = "item_category", item_brand = "item_brand",
      price = "item_price", quantity = "quantity",
    },
    forms = {price = number_text, quantity = whole_number},
  },
  reddit = {keys = {item_id = "id", item_name = "name", item_category = "category"}, forms = {}},
  snapchat = {
    keys = {item_id = "id", item_brand = "brand", price = "item_price", quantity = "quantity"}, forms = NUMBERS,
  },
  tiktok = {keys = TIKTOK_KEYS, forms = NUMBERS},
  x = {
    keys = {item_id = "content_id", item_name = "content_name", price = "content_price", quantity = "num_items"},
    forms = NUMBERS,
  },
}

local vendors = {}
for name, vendor in next, VENDORS do
  vendor.common = {}
  for common, theirs in next, vendor.keys do vendor.common[theirs] = common end
  vendors[#vendors + 1] = name
end
sort(vendors)
local KNOWN <const> = concat(vendors, ", ")

local items = {}


local function vendor_of(name, called)
  local vendor = VENDORS[name]
  if vendor then return vendor end
  local got = type(name) == "string" and #name <= 64 and "`" .. name .. "`" or type(name)
  error("bad argument #1 to '" .. called .. "' (one of " .. KNOWN .. " expected, got " .. got .. ")", 3)
end


-- Returns how many places a list has; nil is an empty one.
local function length_of(list, place, called, wanted)
  if list == nil then return 0 end
  if type(list) == "table" then
    local length = rawlen(list)
    if length > 0 or next(list) == nil then return length end
  end
  local got = type(list) == "table" and "a table of names" or type(list) == "string" and "text" or type(list)
  error("bad argument #" .. place .. " to '" .. called .. "' (list of " .. wanted .. " expected, got " .. got .. ")", 3)
end


local function id_of(item)
  return text_of(rawget(item, "item_id")) or text_of(rawget(item, "item_name"))
end


-- Values stand under the vendor's names, in the vendor's forms.
local function written(item, vendor, id)
  local keys, forms, content = vendor.keys, vendor.forms, {}
  for key, value in next, item do
    local name = keys[key]
    if name then content[name] = (forms[key] or text_of)(value) end
  end
  content[keys.item_id] = id
  return content
end


function items.to(vendor, list)
  vendor = vendor_of(vendor, "items.to")
  local contents, count = {}, 0
  for place = 1, length_of(list, 2, "items.to", "items") do
    local item = rawget(list, place)
    local id = type(item) == "table" and id_of(item)
    if id then
      count = count + 1
      contents[count] = written(item, vendor, id)
    end
  end
  return contents
end


-- A key that is no vendor's stays, unless it would stand in the way of one that is.
local function read(content, vendor)
  local common, keys, item = vendor.common, vendor.keys, {}
  for key, value in next, content do
    local name, twin = common[key], keys[key]
    if name then
      item[name] = value
    elseif twin == nil or rawget(content, twin) == nil then
      item[key] = value
    end
  end
  return item
end


function items.from(vendor, contents)
  vendor = vendor_of(vendor, "items.from")
  local list, count = {}, 0
  for place = 1, length_of(contents, 2, "items.from", "contents") do
    local content = rawget(contents, place)
    if type(content) == "table" then
      count = count + 1
      list[count] = read(content, vendor)
    end
  end
  return list
end


function items.ids(list)
  local ids, count = {}, 0
  for place = 1, length_of(list, 1, "items.ids", "items") do
    local item = rawget(list, place)
    local id = type(item) == "table" and id_of(item)
    if id then
      count = count + 1
      ids[count] = id
    end
  end
  return ids
end


local function quantity_of(item)
  return number_of(rawget(item, "quantity")) or 1
end


function items.quantity(list)
  local sum = 0
  for place = 1, length_of(list, 1, "items.quantity", "items") do
    local item = rawget(list, place)
    if type(item) == "table" then sum = sum + quantity_of(item) end
  end
  return number_of(sum) or 0
end


-- Sums of prices in binary fractions end in noise (3 x 19.99), which is rounded off.
local function rounded(sum)
  if sum > -EXACT and sum < EXACT then sum = (sum * PLACES + 0.5) // 1 / PLACES end
  return number_of(sum)
end


function items.value(list)
  local sum
  for place = 1, length_of(list, 1, "items.value", "items") do
    local item = rawget(list, place)
    local price = type(item) == "table" and number_of(rawget(item, "price"))
    if price then sum = (sum or 0) + price * quantity_of(item) end
  end
  return sum and rounded(sum)
end

return items
