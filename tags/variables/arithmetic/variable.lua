local NUDGE = 1e-9 -- 1.005 is stored as 1.00499999999999989, which is no reason to round it down.

local OPERATIONS = {
  add = function(left, right) return left + right end,
  subtract = function(left, right) return left - right end,
  multiply = function(left, right) return left * right end,
  divide = function(left, right) return right ~= 0 and left / right or nil end,
}


-- A number, or the sum of a list of numbers; nil for anything else. It is a float, since whole numbers wrap around.
local function sum_of(value)
  if type(value) ~= "table" then
    local number = values.number_of(value)
    return number and number + 0.0
  end
  local total
  for _, each in ipairs(value) do
    local number = values.number_of(each)
    if number then total = (total or 0.0) + number end
  end
  return total
end


local function operand(holder, field, fixed)
  if field == nil then return sum_of(fixed) end
  return sum_of(paths.value_at(holder, field))
end


local function sum_items(event, settings)
  local total
  for _, item in ipairs(values.list_of(event.items) or {}) do
    local left = type(item) == "table" and operand(item, settings.left_field, settings.left)
    if left then total = (total or 0) + left * (operand(item, settings.right_field, settings.right) or 1) end
  end
  return total
end


local function rounded(value, digits)
  local scale = 10 ^ digits
  local size = math.floor(math.abs(value) * scale + 0.5 + NUDGE) / scale
  return value < 0 and -size or size
end


local function resolve(event, settings)
  local result
  if settings.operation == "sum_items" then
    result = sum_items(event, settings)
  else
    local left = operand(event, settings.left_field, settings.left)
    local right = operand(event, settings.right_field, settings.right)
    result = left and right and OPERATIONS[settings.operation](left, right)
  end
  if not result then return nil end
  return values.number_of(settings.round and rounded(result, settings.round) or result)
end


return { resolve = resolve }
