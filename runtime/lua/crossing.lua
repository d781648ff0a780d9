-- From a script into Python. A script sees a closure; the Python callable behind it is seen by nobody. Order matters:
-- arguments are checked, encoded and paid for, then the gate makes room, then Python is called inside a native pcall.

local budget, base, json, limits = ...

local charge <const>, gate <const>, rethrow <const> = budget.charge, budget.gate, budget.rethrow
local error <const>, type <const>, pcall <const> = error, type, pcall
local tostring <const>, select <const>, match <const> = tostring, select, string.match
local math_type <const>, tointeger <const>, valid <const> = math.type, math.tointeger, utf8.len

local MAX_TEXT <const>, MAX_CALLS <const> = limits.max_text, limits.max_crossings
local LUA_TYPES <const> = {text = "string", boolean = "boolean", number = "number"}

local calls = 0


local function refuse(place, name, wanted, value)
  error("bad argument #" .. place .. " to '" .. name .. "' (" .. wanted .. " expected, got " .. type(value) .. ")", 4)
end


local function encoded(value, place, name)
  local text, problem = json.encode(value)
  if not text then error("bad argument #" .. place .. " to '" .. name .. "' (" .. problem .. ")", 3) end
  return text
end


-- Returns the form in which an argument crosses. Called only where its Lua type is not already the declared one.
local function converted(value, kind, place, name)
  local wanted, optional = kind.name, kind.optional
  if value == nil and optional then return nil end
  if wanted == "any" or wanted == "table" and type(value) == "table" then return encoded(value, place, name) end
  if wanted == "text" and type(value) == "number" then return tostring(value) end
  if wanted == "integer" and type(value) == "number" then
    local whole = math_type(value) == "integer" and value or tointeger(value)
    if whole then return whole end
  end
  refuse(place, name, wanted, value)
end


local function failure(name, problem, ...)
  budget.check_memory(problem)
  for place = 1, 4 do
    local value = (select(place, ...))
    if type(value) == "string" and not valid(value) then
      return "bad argument #" .. place .. " to '" .. name .. "' (text is not valid UTF-8)"
    end
  end
  return "host error"
end


local function size_of(value)
  return type(value) == "string" and #value or 0
end


local function enter(function_cost, byte_cost, size)
  calls = calls + 1
  if calls > MAX_CALLS then error("more than " .. MAX_CALLS .. " calls of kit functions", 3) end
  if size > MAX_TEXT then error("arguments are too large (more than " .. MAX_TEXT .. " bytes)", 3) end
  charge(function_cost + size * byte_cost // 1)
  gate()
end


-- Returns the closure for a function of up to four declared parameters; further arguments are ignored, as in Lua.
local function expose(python, name, kinds, function_cost, byte_cost)
  local k1, k2, k3, k4 = kinds[1], kinds[2], kinds[3], kinds[4]
  local t1, t2, t3, t4 = k1 and k1.lua, k2 and k2.lua, k3 and k3.lua, k4 and k4.lua

  local function finish(a, b, c, d, ok, good, value, structured)
    rethrow()
    if not ok then error(failure(name, good, a, b, c, d), 2) end
    if not good then error(value, 2) end
    if not structured then return value end
    charge(#value)
    return json.decode(value)
  end

  if not k1 then
    return function()
      enter(function_cost, byte_cost, 0)
      return finish(nil, nil, nil, nil, pcall(python))
    end
  elseif not k2 then
    return function(a)
      if type(a) ~= t1 then a = converted(a, k1, 1, name) end
      enter(function_cost, byte_cost, size_of(a))
      return finish(a, nil, nil, nil, pcall(python, a))
    end
  elseif not k3 then
    return function(a, b)
      if type(a) ~= t1 then a = converted(a, k1, 1, name) end
      if type(b) ~= t2 then b = converted(b, k2, 2, name) end
      enter(function_cost, byte_cost, size_of(a) + size_of(b))
      return finish(a, b, nil, nil, pcall(python, a, b))
    end
  end
  return function(a, b, c, d)
    if type(a) ~= t1 then a = converted(a, k1, 1, name) end
    if type(b) ~= t2 then b = converted(b, k2, 2, name) end
    if type(c) ~= t3 then c = converted(c, k3, 3, name) end
    if k4 and type(d) ~= t4 then d = converted(d, k4, 4, name) end
    enter(function_cost, byte_cost, size_of(a) + size_of(b) + size_of(c) + size_of(d))
    if k4 then return finish(a, b, c, d, pcall(python, a, b, c, d)) end
    return finish(a, b, c, nil, pcall(python, a, b, c))
  end
end


-- A declared type such as `text?`.
local function kind_of(declared)
  local name, mark = match(declared, "^(%a+)(%??)$")
  return {name = name, optional = mark == "?", lua = LUA_TYPES[name] or "no such type"}
end


local function begin() calls = 0 end

return {expose = expose, kind_of = kind_of, begin = begin}
