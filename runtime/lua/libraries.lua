-- table, math, utf8 and os as scripts see them. Nothing runs long in C without a cap and a charge, and nothing tells
-- the machine's clock, time zone, locale or chance.

local budget = ...

local charge <const>, charge_text <const> = budget.charge, budget.charge_text
local error <const>, type <const>, next <const>, select <const> = error, type, next, select
local rawget <const>, rawlen <const>, byte <const> = rawget, rawlen, string.byte
local tonumber <const>, tostring <const>, metatable_of <const> = tonumber, tostring, debug.getmetatable
local pack <const>, load <const>, gsub <const> = table.pack, load, string.gsub
local tointeger <const>, math_type <const>, ult <const> = math.tointeger, math.type, math.ult
local native <const> = {
  concat = table.concat, insert = table.insert, move = table.move, remove = table.remove, sort = table.sort,
  unpack = table.unpack, date = os.date, len = utf8.len, offset = utf8.offset, codepoint = utf8.codepoint,
  codes = utf8.codes,
}

local RANGE <const> = 1000000
local SLICE <const> = 8000
local SORTABLE <const> = 200000
local DATE_FORMAT <const> = 200

local check = {}


local function refuse(place, name, wanted, value, level)
  local got = wanted == "integer" and type(value) == "number" and "number without integer form" or type(value)
  error("bad argument #" .. place .. " to '" .. name .. "' (" .. wanted .. " expected, got " .. got .. ")", level)
end


-- The checks raise at the line of the script: `check` is called by the library function itself.
function check.text(value, place, name)
  if type(value) == "string" then return value end
  if type(value) == "number" then return tostring(value) end
  refuse(place, name, "string", value, 4)
end


-- NaN, fractions and numbers past 64 bits are no integers, so no bound computed from one can be poisoned.
function check.integer(value, place, name, default)
  if math_type(value) == "integer" then return value end
  if value == nil and default ~= nil then return default end
  local number = value
  if type(value) == "string" then
    charge_text(value)
    number = tonumber(value)
  end
  local whole = number ~= nil and type(number) == "number" and tointeger(number)
  if not whole then refuse(place, name, "integer", value, 4) end
  return whole
end


function check.callable(value, place, name)
  if type(value) ~= "function" then refuse(place, name, "function", value, 4) end
end


-- Metamethods for length and access would run inside C, on sizes of their choosing.
function check.plain(value, place, name)
  if type(value) ~= "table" then refuse(place, name, "table", value, 4) end
  local meta = metatable_of(value)
  if meta == nil then return end
  if rawget(meta, "__len") ~= nil or rawget(meta, "__index") ~= nil or rawget(meta, "__newindex") ~= nil then
    error("bad argument #" .. place .. " to '" .. name .. "' (table without __len, __index and __newindex expected)", 3)
  end
end


-- Returns how many places a range has, at most `most`; bounds near the end of the integers must not wrap.
local function span(first, last, most, name)
  if last < first then return 0 end
  local size = last - first
  if size < 0 or size >= most then error("bad range for '" .. name .. "' (more than " .. most .. " places)", 3) end
  return size + 1
end

local tables = {pack = table.pack}


function tables.concat(t, separator, first, last)
  check.plain(t, 1, "concat")
  separator = separator == nil and "" or check.text(separator, 2, "concat")
  first, last = check.integer(first, 3, "concat", 1), check.integer(last, 4, "concat", rawlen(t))
  charge(span(first, last, RANGE, "concat"))
  return native.concat(t, separator, first, last)
end


function tables.insert(t, place, ...)
  check.plain(t, 1, "insert")
  local extra = select("#", ...)
  if extra == 0 then return native.insert(t, place) end
  if extra > 1 then error("wrong number of arguments to 'insert'", 2) end
  place = check.integer(place, 2, "insert")
  charge((rawlen(t) - place) / 5)
  return native.insert(t, place, (...))
end


function tables.remove(t, place)
  check.plain(t, 1, "remove")
  if place == nil then return native.remove(t) end
  place = check.integer(place, 2, "remove")
  charge((rawlen(t) - place) / 5)
  return native.remove(t, place)
end


function tables.move(from, first, last, target, to)
  check.plain(from, 1, "move")
  if to == nil then to = from else check.plain(to, 5, "move") end
  first, last = check.integer(first, 2, "move"), check.integer(last, 3, "move")
  target = check.integer(target, 4, "move")
  charge(span(first, last, RANGE, "move"))
  return native.move(from, first, last, target, to)
end


function tables.unpack(t, first, last)
  check.plain(t, 1, "unpack")
  first, last = check.integer(first, 2, "unpack", 1), check.integer(last, 3, "unpack", rawlen(t))
  charge(span(first, last, SLICE, "unpack"))
  return native.unpack(t, first, last)
end


local function ascending(a, b) return a < b end


-- The comparator is always Lua, so that the count hook sees each comparison.
function tables.sort(t, before)
  check.plain(t, 1, "sort")
  local size = rawlen(t)
  if size > SORTABLE then error("bad argument #1 to 'sort' (more than " .. SORTABLE .. " places)", 2) end
  charge(size)
  if before == nil then return native.sort(t, ascending) end
  check.callable(before, 2, "sort")
  return native.sort(t, function(a, b) return before(a, b) end)
end

-- Native functions turn text into the numbers that they take, and read all of it at every call.
local function charge_texts(...)
  local values = pack(...)
  for place = 1, values.n do
    if type(values[place]) == "string" then charge_text(values[place]) end
  end
end


-- The native function keeps its name, so that its errors tell of the function that the script called.
local function named(form, name, native_function, pay)
  return load(gsub(form, "NAME", name), "=sandbox/libraries", "t", {})(native_function, type, pay)
end


local function of_one(native_function, name)
  return named([[local NAME, type, pay = ...
    return function(a)
      if type(a) == "string" then pay(a) end
      return NAME(a)
    end]], name, native_function, charge_text)
end


local function of_any(native_function, name)
  return named([[local NAME, type, pay = ...
    return function(...)
      local a, b, more = ...
      if more ~= nil or type(a) == "string" or type(b) == "string" then pay(...) end
      return NAME(...)
    end]], name, native_function, charge_texts)
end

local ANY <const> = {atan = true, fmod = true, log = true, max = true, min = true, ult = true}
local numbers = {}
for name, value in next, math do
  if name == "type" or type(value) ~= "function" then
    numbers[name] = value
  elseif name ~= "random" and name ~= "randomseed" then
    numbers[name] = (ANY[name] and of_any or of_one)(value, name)
  end
end

local unicode = {char = of_any(utf8.char, "char"), charpattern = utf8.charpattern}


function unicode.len(s, first, last, lax)
  s = check.text(s, 1, "len")
  charge_text(s)
  return native.len(s, check.integer(first, 2, "len", 1), check.integer(last, 3, "len", -1), lax)
end


function unicode.offset(s, n, from)
  s, n = check.text(s, 1, "offset"), check.integer(n, 2, "offset")
  charge_text(s)
  if from == nil then return native.offset(s, n) end
  return native.offset(s, n, check.integer(from, 3, "offset"))
end


function unicode.codepoint(s, first, last, lax)
  s = check.text(s, 1, "codepoint")
  first = check.integer(first, 2, "codepoint", 1)
  last = check.integer(last, 3, "codepoint", first)
  charge(span(first, last, SLICE, "codepoint"))
  return native.codepoint(s, first, last, lax)
end


-- The iterator is bound to its checked text: the native one, given another, skips a megabyte in one step.
function unicode.codes(s, lax)
  s = check.text(s, 1, "codes")
  charge_text(s)
  if not native.len(s, 1, -1, lax) then error("invalid UTF-8 code", 2) end
  local following = native.codes(s, lax)
  return function(_, place) return following(s, place) end, s, 0
end

local clock = {}
local arrival_s = 0


-- Days from 1970-01-01 to a date of the proleptic Gregorian calendar; years begin in March, so that a leap day is last.
local function days(year, month, day)
  local months = month - 3
  local y, m = year + months // 12, months % 12
  local era = y // 400
  local of_era = y - era * 400
  return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + (153 * m + 2) // 5 + day - 719469
end


local function field(t, name, default)
  local value = rawget(t, name)
  if value == nil and default == nil then error("field '" .. name .. "' missing in date table", 3) end
  local whole = value == nil and default or math_type(value) == "integer" and value or tointeger(tonumber(value))
  if not whole or whole < -2147483648 or whole > 2147483647 then
    error("field '" .. name .. "' is not an integer", 3)
  end
  return whole
end


-- UTC, like every time of the sandbox.
function clock.time(t)
  if t == nil then return arrival_s end
  if type(t) ~= "table" then refuse(1, "time", "table", t, 3) end
  local date = days(field(t, "year"), field(t, "month"), field(t, "day"))
  return date * 86400 + field(t, "hour", 12) * 3600 + field(t, "min", 0) * 60 + field(t, "sec", 0)
end


function clock.date(format, time)
  format = format == nil and "%c" or check.text(format, 1, "date")
  if #format > DATE_FORMAT then error("bad argument #1 to 'date' (more than 200 bytes)", 2) end
  charge(20 + 4 * #format)
  if byte(format) ~= 33 then format = "!" .. format end
  return native.date(format, check.integer(time, 2, "date", arrival_s))
end


local function begin(at_s) arrival_s = at_s end

-- Chance of the call: `block` gives four 64-bit integers that follow from the call's seed.
local block
local drawn = {}


local function draw()
  local count = #drawn
  if count == 0 then
    drawn[1], drawn[2], drawn[3], drawn[4] = block()
    count = #drawn
  end
  local value = drawn[count]
  drawn[count] = nil
  return value
end


-- Even over the range: draws again where the masked draw lies past it.
local function between(low, high)
  local size = high - low
  if size & (size + 1) == 0 then return low + (draw() & size) end
  local mask = size
  local shift = 1
  while shift < 64 do
    mask = mask | (mask >> shift)
    shift = shift * 2
  end
  local value
  repeat value = draw() & mask until not ult(size, value)
  return low + value
end


function numbers.random(low, high)
  if low == nil then return (draw() >> 11) * 2.0 ^ -53 end
  low = check.integer(low, 1, "random")
  if high == nil then
    if low == 0 then return draw() end
    low, high = 1, low
  end
  high = check.integer(high, 2, "random")
  if low > high then error("bad argument to 'random' (interval is empty)", 2) end
  return between(low, high)
end


local function reseed(source)
  block = source or block
  for place = #drawn, 1, -1 do drawn[place] = nil end
end

return {
  table = tables, math = numbers, utf8 = unicode, os = clock,
  check = check, span = span, of_any = of_any, begin = begin, draw = draw, between = between, reseed = reseed,
}
