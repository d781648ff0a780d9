-- The part of the kit that is written in Lua: what is called often, or belongs to the call. Their documentation is with
-- the others', in kit/<namespace>.py. Larger namespaces have a chunk of their own, kit_<namespace>.lua.

local budget, base, library, json, limits = ...

local check <const>, charge <const>, charge_text <const> = library.check, budget.charge, budget.charge_text
local error <const>, type <const>, next <const> = error, type, next
local pack <const>, concat <const> = table.pack, table.concat
local find <const>, gsub <const>, sub <const> = string.find, string.gsub, string.sub
local byte <const>, char <const>, format <const> = string.byte, string.char, string.format
local lower <const>, upper <const>, tonumber <const> = string.lower, string.upper, tonumber
local valid <const>, offset <const>, date <const> = utf8.len, utf8.offset, os.date

local LINES <const>, LINE <const> = limits.log_lines, limits.log_line
local FIRST_S <const>, LAST_S <const> = -62135596800, 253402300799

local at_us = 0
local lines = nil

local kit = {json = {}, text = {}, crypto = {}, time = {}, random = {}, log = {}}


function kit.json.encode(value)
  local text, problem = json.encode(value)
  if not text then error(problem, 2) end
  return text
end


function kit.text.trim(text)
  text = check.text(text, 1, "text.trim")
  charge_text(text)
  local first = find(text, "%S")
  if not first then return "" end
  local last = #text
  while find(text, "^%s", last) do last = last - 1 end
  return sub(text, first, last)
end


function kit.text.starts_with(text, start)
  text, start = check.text(text, 1, "text.starts_with"), check.text(start, 2, "text.starts_with")
  return sub(text, 1, #start) == start
end


function kit.text.ends_with(text, ending)
  text, ending = check.text(text, 1, "text.ends_with"), check.text(ending, 2, "text.ends_with")
  return ending == "" or sub(text, -#ending) == ending
end


function kit.text.split(text, separator)
  text, separator = check.text(text, 1, "text.split"), check.text(separator, 2, "text.split")
  if separator == "" then error("bad argument #2 to 'text.split' (a text that is not empty expected)", 2) end
  if (#text + 1) * #separator > 2e8 then error("texts are too long for 'text.split'", 2) end
  charge(10 + #text // 8 + #text * #separator // 10000)
  local parts, at = {}, 1
  while true do
    local first, last = find(text, separator, at, true)
    parts[#parts + 1] = sub(text, at, first and first - 1)
    if not first then return parts end
    at = last + 1
  end
end


-- Where the text is not UTF-8, utf8.len gives a second value, which is nobody's.
function kit.text.length(text)
  text = check.text(text, 1, "text.length")
  charge_text(text)
  return (valid(text))
end


function kit.text.is_utf8(text)
  text = check.text(text, 1, "text.is_utf8")
  charge_text(text)
  return valid(text) ~= nil
end


function kit.text.cut(text, most)
  text, most = check.text(text, 1, "text.cut"), check.integer(most, 2, "text.cut")
  if most < 0 then error("bad argument #2 to 'text.cut' (0 or more expected)", 2) end
  if #text <= most then return text end
  charge_text(text)
  local after = offset(text, most + 1)
  return after and sub(text, 1, after - 1) or text
end


function kit.text.hex(bytes)
  bytes = check.text(bytes, 1, "text.hex")
  charge(#bytes * 4)
  return (gsub(bytes, ".", function(c) return format("%02x", byte(c)) end))
end


function kit.text.unhex(text)
  text = check.text(text, 1, "text.unhex")
  charge(#text * 2)
  if #text % 2 == 1 or find(text, "%X") then return nil end
  return (gsub(text, "..", function(digits) return char(tonumber(digits, 16)) end))
end


function kit.crypto.is_sha256(value)
  return type(value) == "string" and #value == 64 and not find(value, "%X")
end


function kit.time.now() return at_us // 1000000 end


function kit.time.now_ms() return at_us // 1000 end


local function check_seconds(seconds, name)
  if type(seconds) ~= "number" or not (seconds >= FIRST_S and seconds <= LAST_S) then
    error("bad argument #1 to '" .. name .. "' (Unix seconds of the years 1 to 9999 expected)", 3)
  end
  charge(40)
end


function kit.time.iso(seconds)
  check_seconds(seconds, "time.iso")
  return (date("!%Y-%m-%dT%H:%M:%SZ", seconds // 1 | 0))
end


-- Rounded to the millisecond: 0.123 s is a little less than 123 ms in binary fractions.
function kit.time.iso_ms(seconds)
  check_seconds(seconds, "time.iso_ms")
  local ms = (seconds * 1000 + 0.5) // 1 | 0
  return date("!%Y-%m-%dT%H:%M:%S", ms // 1000) .. format(".%03dZ", ms % 1000)
end


function kit.time.day(seconds)
  check_seconds(seconds, "time.day")
  return (date("!%Y-%m-%d", seconds // 1 | 0))
end


function kit.random.integer(low, high)
  low, high = check.integer(low, 1, "random.integer"), check.integer(high, 2, "random.integer")
  if low > high then error("bad argument to 'random.integer' (interval is empty)", 2) end
  return library.between(low, high)
end


-- Version 4 of RFC 9562.
function kit.random.uuid()
  local high, low = library.draw(), library.draw()
  local text = format("%016x%016x", high & ~0xF000 | 0x4000, low & ~(0x3 << 62) | (0x2 << 62))
  return (gsub(text, "^(........)(....)(....)(....)(............)$", "%1-%2-%3-%4-%5"))
end


local function shown(value)
  if type(value) ~= "table" then return base.tostring(value) end
  return json.encode(value) or base.tostring(value)
end


local function note(level, ...)
  lines = lines or {}
  if #lines >= LINES then return end
  local parts = pack(...)
  charge(50 * parts.n)
  for place = 1, parts.n do parts[place] = sub(shown(parts[place]), 1, LINE) end
  local line = sub(level .. ": " .. concat(parts, " ", 1, parts.n), 1, LINE)
  if not valid(line) then line = gsub(line, "[\128-\255]", "?") end
  lines[#lines + 1] = line
end


function kit.log.info(...) note("info", ...) end


function kit.log.warn(...) note("warn", ...) end


-- Puts a shorter way before a function of Python: no crossing where the text is ASCII.
local function ascii_first(python, native, name)
  return function(text)
    text = check.text(text, 1, name)
    if find(text, "[\128-\255]") then return python(text) end
    charge_text(text)
    return native(text)
  end
end


-- Adds a namespace that a chunk of its own has made.
local function add(name, functions) kit[name] = functions end


-- Joins both halves of the kit.
local function complete(namespaces)
  for name, functions in next, kit do
    local namespace = namespaces[name] or {}
    namespaces[name] = namespace
    for key, f in next, functions do namespace[key] = f end
  end
  local text = namespaces.text
  text.lower = ascii_first(text.lower, lower, "text.lower")
  text.upper = ascii_first(text.upper, upper, "text.upper")
end


local function begin(arrival_us)
  at_us, lines = arrival_us, nil
end


local function logged() return lines end

return {add = add, complete = complete, begin = begin, logged = logged}
