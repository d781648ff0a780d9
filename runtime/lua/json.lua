-- JSON in Lua. Keys are sorted, because Lua's own order differs from process to process and a recomputed request must
-- be the same bytes. Only raw access: no metamethod runs, so this is safe on any table of a script.

local budget, limits = ...

local charge <const>, next <const>, type <const>, rawlen <const>, rawget <const> =
  budget.charge, next, type, rawlen, rawget
local find <const>, gsub <const>, sub <const>, byte <const> = string.find, string.gsub, string.sub, string.byte
local format <const>, char <const>, match <const> = string.format, string.char, string.match
local concat <const>, sort <const>, valid <const>, code_text <const> = table.concat, table.sort, utf8.len, utf8.char
local math_type <const>, tonumber <const>, pcall <const>, error <const> = math.type, tonumber, pcall, error

local DEPTH <const> = 64
local MAX_TEXT <const>, MAX_NODES <const> = limits.max_text, limits.max_nodes

local ESCAPES <const> = {
  ['"'] = '\\"', ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t",
}
for value = 0, 31 do
  ESCAPES[char(value)] = ESCAPES[char(value)] or format("\\u%04x", value)
end
ESCAPES["\127"] = "\\u007f"

local nodes, size
local put


local function spend(text)
  size = size + #text
  if size > MAX_TEXT then error("value is too large for JSON (more than " .. MAX_TEXT .. " bytes)", 0) end
  return text
end


local function quoted(text)
  if #text > 64 then charge(#text // 4) end
  if find(text, "[\128-\255]") and not valid(text) then error("text is not valid UTF-8", 0) end
  if find(text, '[%c"\\]') then text = gsub(text, '[%c"\\]', ESCAPES) end
  return '"' .. spend(text) .. '"'
end


-- The shortest of the usual forms that reads back as the same number; whole floats lose their `.0`.
local function number_text(value)
  if math_type(value) == "integer" then return format("%d", value) end
  if value ~= value or value - value ~= 0 then error("NaN and infinity have no JSON form", 0) end
  if value == value // 1 and value >= -9007199254740992 and value <= 9007199254740992 then
    return format("%d", value // 1)
  end
  local text = format("%.15g", value)
  if tonumber(text) == value then return text end
  text = format("%.16g", value)
  if tonumber(text) == value then return text end
  return format("%.17g", value)
end


-- Returns the sorted names of an object, or nil and the length where the table is a list.
local function shape(t)
  local length = rawlen(t)
  local count = 0
  if length > 0 then
    for key in next, t do
      if math_type(key) ~= "integer" then error("a table has names and places as keys; use one kind", 0) end
      count = count + 1
    end
    if count ~= length then error("a list has holes", 0) end
    return nil, length
  end
  local names = {}
  for key in next, t do
    if type(key) ~= "string" then error("a key is a " .. type(key) .. ", not text", 0) end
    count = count + 1
    names[count] = key
  end
  sort(names)
  return names, count
end


local function put_list(t, length, out, depth)
  out[#out + 1] = "["
  for place = 1, length do
    if place > 1 then out[#out + 1] = "," end
    put(rawget(t, place), out, depth)
  end
  out[#out + 1] = "]"
end


local function put_object(t, names, out, depth)
  local mark = "{"
  for place = 1, #names do
    local name = names[place]
    out[#out + 1] = mark .. quoted(name) .. ":"
    put(rawget(t, name), out, depth)
    mark = ","
  end
  out[#out + 1] = mark == "{" and "{}" or "}"
end


put = function(value, out, depth)
  local kind = type(value)
  nodes = nodes + 1
  if nodes > MAX_NODES then error("value is too large for JSON (more than " .. MAX_NODES .. " values)", 0) end
  if kind == "string" then
    out[#out + 1] = quoted(value)
  elseif kind == "number" then
    out[#out + 1] = spend(number_text(value))
  elseif kind == "boolean" then
    out[#out + 1] = value and "true" or "false"
  elseif kind == "nil" then
    out[#out + 1] = "null"
  elseif kind == "table" then
    if depth >= DEPTH then error("value is too deep for JSON (more than " .. DEPTH .. " levels)", 0) end
    local names, length = shape(value)
    charge(length)
    if names then put_object(value, names, out, depth + 1) else put_list(value, length, out, depth + 1) end
  else
    error("a " .. kind .. " has no JSON form", 0)
  end
end


-- Returns the JSON text, or nil and what is wrong.
local function encode(value)
  nodes, size = 0, 0
  local out = {}
  local ok, problem = pcall(put, value, out, 0)
  budget.rethrow()
  if not ok then
    budget.check_memory(problem)
    return nil, problem
  end
  return concat(out)
end

local UNESCAPED <const> = {
  ['"'] = '"', ["\\"] = "\\", ["/"] = "/", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t",
}


local function escaped_code(digits)
  return code_text(tonumber(digits, 16))
end


local function surrogates(high, low)
  return code_text(0x10000 + (tonumber(high, 16) - 0xD800) * 0x400 + tonumber(low, 16) - 0xDC00)
end


local function unescape(text)
  text = gsub(text, "\\u([dD][89abAB]%x%x)\\u([dD][c-fC-F]%x%x)", surrogates)
  return (gsub(text, "\\(.)(%x?%x?%x?%x?)", function(letter, digits)
    if letter == "u" then return escaped_code(digits) end
    return UNESCAPED[letter] .. digits
  end))
end


local function text_at(s, at)
  local stop = at
  while true do
    stop = find(s, '["\\]', stop)
    if byte(s, stop) == 34 then break end
    stop = stop + 2
  end
  local text = sub(s, at, stop - 1)
  if find(text, "\\", 1, true) then text = unescape(text) end
  return text, stop + 1
end

local value_at


local function list_at(s, at)
  local list, count = {}, 0
  if byte(s, at) == 93 then return list, at + 1 end
  repeat
    local value
    value, at = value_at(s, at)
    if value ~= nil then
      count = count + 1
      list[count] = value
    end
    at = at + 1
  until byte(s, at - 1) == 93
  return list, at
end


local function object_at(s, at)
  local object = {}
  if byte(s, at) == 125 then return object, at + 1 end
  repeat
    local name
    name, at = text_at(s, at + 1)
    object[name], at = value_at(s, at + 1)
    at = at + 1
  until byte(s, at - 1) == 125
  return object, at
end


value_at = function(s, at)
  local first = byte(s, at)
  if first == 34 then return text_at(s, at + 1) end
  if first == 123 then return object_at(s, at + 1) end
  if first == 91 then return list_at(s, at + 1) end
  if first == 116 then return true, at + 4 end
  if first == 102 then return false, at + 5 end
  if first == 110 then return nil, at + 4 end
  local digits = match(s, "^[-+.%deE]+", at)
  return tonumber(digits), at + #digits
end


-- Reads what the host wrote: valid, without spaces between values. Members that are null are left out.
local function decode(text)
  return (value_at(text, 1))
end

return {encode = encode, decode = decode, quoted = quoted}
