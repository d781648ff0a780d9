-- What an event is about: the `custom_data` of a server event of Meta's Conversions API.
-- Keys: Meta developer documentation, custom data parameters, checked 2026-09.


local ITEM_KEYS = {
  item_name = "title",
  item_brand = "brand",
  item_category = "category",
  description = "description",
  delivery_category = "delivery_category",
}
local ITEM_DONE = { item_id = true, quantity = true, price = true }
local COUNTED = { InitiateCheckout = true, Purchase = true }

local tointeger, tonumber, type, ipairs, pairs = math.tointeger, tonumber, type, ipairs, pairs
local find, math_type = string.find, math.type
local is_empty, text_of = values.is_empty, values.text_of


-- A finite number, or nil. Text counts where it reads as a decimal number.
local function number_of(value)
  if value == nil or math_type(value) == "integer" then return value end
  if type(value) == "string" and find(value, "[xX]") then return nil end
  local number = tonumber(value)
  if not number or number - number ~= 0 then return nil end
  return tointeger(number) or number
end


-- The commonest keys stand in the constructor, so that the table has their room from the start.
local function content_of(item, from_meta)
  local content = { id = item.item_id, quantity = number_of(item.quantity), item_price = number_of(item.price) }
  for key, value in pairs(item) do
    if not ITEM_DONE[key] then
      local name = ITEM_KEYS[key] or (from_meta and key)
      if name and content[name] == nil then content[name] = value end
    end
  end
  return content
end


-- An item without an id is no product of a catalogue, so it is left out.
local function contents_of(items, from_meta)
  local contents, ids, quantity = {}, {}, 0
  for _, item in ipairs(items) do
    if type(item) == "table" and not is_empty(item.item_id) then
      local content = content_of(item, from_meta)
      contents[#contents + 1] = content
      ids[#ids + 1] = item.item_id
      quantity = quantity + (content.quantity or 1)
    end
  end
  return contents, ids, quantity
end


-- What Meta's own scripts said about products is sent as they said it; for others the usual fields are derived.
local function add_items(custom, event, name)
  if type(event.items) ~= "table" then return end
  local from_meta = event["x-source-vendor"] == "meta"
  local contents, ids, quantity = contents_of(event.items, from_meta)
  if #contents == 0 then return end
  custom.contents = custom.contents or contents
  custom.content_ids = custom.content_ids or ids
  if from_meta then return end
  custom.content_type = custom.content_type or "product"
  if COUNTED[name] then custom.num_items = custom.num_items or number_of(quantity) end
end


local function currency_of(value)
  if type(value) == "string" and find(value, "^%u%u%u$") then return value end
  local letters = type(value) == "string" and value:gsub("%A", "") or ""
  return #letters == 3 and letters:upper() or nil
end


local function amount_of(value)
  local amount = number_of(value)
  return amount and amount >= 0 and amount or nil
end


-- Completes the custom properties that the vendor named itself with what the event says in common names.
local function complete(custom, event, name)
  custom.value = amount_of(event.value or custom.value)
  custom.currency = currency_of(event.currency or custom.currency)
  custom.order_id = text_of(event.transaction_id or custom.order_id)
  custom.search_string = text_of(event.search_term or custom.search_string)
  custom.predicted_ltv = number_of(custom.predicted_ltv)
  custom.net_revenue = number_of(custom.net_revenue)
  custom.num_items = number_of(custom.num_items)
  add_items(custom, event, name)
end


return { complete = complete, number_of = number_of }
