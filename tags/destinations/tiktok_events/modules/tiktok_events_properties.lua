-- The `properties` of an event of TikTok's Events API: what it is about.
-- Names: TikTok API for Business, Events API v1.3, checked 2026-09. TikTok's own come in x-tt-properties-<name>.


local PREFIX = "x-tt-properties-"
local CONTENT_TYPES = { product = true, product_group = true }

local text_of, number_of, list_of = values.text_of, values.number_of, values.list_of
local pairs, ipairs, sub = pairs, ipairs, string.sub


local function amount_of(value)
  local amount = number_of(value)
  return amount and amount >= 0 and amount or nil
end


local function currency_of(value)
  local code = text_of(value)
  return code and normalise.currency(code)
end


local function content_type_of(value)
  return CONTENT_TYPES[value] and value or nil
end


-- Returns a list of what `form` makes of each value, without those that have no form; nil where none is left.
local function each_of(value, form)
  local kept = {}
  for _, each in ipairs(list_of(value) or {}) do kept[#kept + 1] = form(each) end
  return kept[1] ~= nil and kept or nil
end


local CONTENT_FORMS = {
  brand = text_of,
  content_category = text_of,
  content_id = text_of,
  content_name = text_of,
  price = number_of,
  quantity = number_of,
}


local function content_of(value)
  local content = {}
  for name, inner in pairs(values.object_of(value) or {}) do
    local form = CONTENT_FORMS[name]
    if form then inner = form(inner) end
    content[name] = inner
  end
  return values.object_of(content)
end


-- The properties that have a form; others travel as they came.
local FORMS = {
  content_ids = function(value) return each_of(value, text_of) end,
  content_type = content_type_of,
  contents = function(value) return each_of(value, content_of) end,
  currency = currency_of,
  delivery_category = text_of,
  description = text_of,
  num_items = number_of,
  order_id = text_of,
  predicted_ltv = number_of,
  query = text_of,
  search_string = text_of,
  shop_id = text_of,
  status = text_of,
  value = amount_of,
}


local function own_properties(event)
  local properties = {}
  for field, value in pairs(event) do
    if sub(field, 1, #PREFIX) == PREFIX and not values.is_empty(value) then
      local name = sub(field, #PREFIX + 1)
      if FORMS[name] then value = FORMS[name](value) end
      properties[name] = value
    end
  end
  return properties
end


-- What TikTok's own pixel said of products is sent as it said it; else the usual properties are derived.
local function add_items(properties, event)
  local products = values.list_of(event.items)
  local contents = products and items.to("tiktok", products) or {}
  if contents[1] == nil then return end
  properties.contents = properties.contents or contents
  properties.content_ids = properties.content_ids or items.ids(products)
  properties.content_type = properties.content_type or "product"
  properties.num_items = properties.num_items or items.quantity(products)
end


-- Returns the properties, or nil where there are none. Common names come before TikTok's, since transformations see and
-- change those.
local function of(event)
  local properties = own_properties(event)
  properties.value = amount_of(event.value) or properties.value
  properties.currency = currency_of(event.currency) or properties.currency
  properties.order_id = text_of(event.transaction_id) or properties.order_id
  -- Integrations differ in which of the two holds what was searched for.
  properties.query = properties.query or text_of(event.search_term)
  properties.search_string = properties.search_string or text_of(event.search_term)
  add_items(properties, event)
  return values.object_of(properties)
end


return { of = of }
