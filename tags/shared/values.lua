-- Single values of event data, which may hold anything: what cannot be read is nil, and nothing here raises.


local MICROSECONDS_FROM, MILLISECONDS_FROM = 1e14, 1e11
local type, next, tonumber, tostring, tointeger, find = type, next, tonumber, tostring, math.tointeger, string.find


-- Whether a value says nothing: absent, an empty text, an empty list or object.
local function is_empty(value)
  return value == nil or value == "" or (type(value) == "table" and next(value) == nil)
end


-- A finite number, or nil. Text counts where it reads as a decimal number.
local function number_of(value)
  if type(value) == "string" and (value == "" or find(value, "[^%d.eE+-]")) then return nil end
  local number = (type(value) == "number" or type(value) == "string") and tonumber(value)
  if not number or number - number ~= 0 then return nil end
  return tointeger(number) or number
end


-- A text that is not empty, or a number as text; nil for anything else.
local function text_of(value)
  if type(value) == "string" then return value ~= "" and value or nil end
  return type(value) == "number" and tostring(tointeger(value) or value) or nil
end


-- As text_of, and true and false by these words.
local function word_of(value)
  if type(value) == "boolean" then return tostring(value) end
  return text_of(value)
end


-- A boolean, or one of the usual words and numbers for it; nil for anything else.
local function boolean_of(value)
  if value == true or value == 1 or value == "1" or value == "true" then return true end
  if value == false or value == 0 or value == "0" or value == "false" then return false end
  return nil
end


-- Whole seconds from a Unix time in seconds, milliseconds or microseconds; nil for anything else.
local function seconds_of(value)
  local at = number_of(value)
  if not at or at < 1 then return nil end
  if at > MICROSECONDS_FROM then
    at = at // 1000000
  elseif at > MILLISECONDS_FROM then
    at = at // 1000
  end
  return tointeger(at // 1)
end


-- An object that is not empty, or nil.
local function object_of(value)
  return type(value) == "table" and value[1] == nil and next(value) ~= nil and value or nil
end


-- A list that is not empty, or nil; one value alone is a list of itself.
local function list_of(value)
  if is_empty(value) or object_of(value) then return nil end
  return type(value) == "table" and value or { value }
end


return {
  boolean_of = boolean_of,
  is_empty = is_empty,
  list_of = list_of,
  number_of = number_of,
  object_of = object_of,
  seconds_of = seconds_of,
  text_of = text_of,
  word_of = word_of,
}
