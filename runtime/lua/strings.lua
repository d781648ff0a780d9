-- string as scripts see it, without the pattern functions (patterns.lua): no bytecode, no address, no C function that
-- works on more than its caps.

local budget, base, library, limits = ...

local charge <const>, charge_text <const> = budget.charge, budget.charge_text
local check <const>, span <const> = library.check, library.span
local error <const>, type <const>, select <const> = error, type, select
local pack <const>, unpack <const>, find <const>, gsub <const> = table.pack, table.unpack, string.find, string.gsub
local byte <const>, format <const>, rep <const> = string.byte, string.format, string.rep
local lower <const>, upper <const>, reverse <const> = string.lower, string.upper, string.reverse
local sub <const> = string.sub

local MAX_TEXT <const> = limits.max_text
local SLICE <const> = 8000
local CACHED_FORMATS <const> = 200

local strings = {char = library.of_any(string.char, "char"), len = string.len}


function strings.sub(s, first, last)
  if type(first) == "string" then charge_text(first) end
  if type(last) == "string" then charge_text(last) end
  return sub(s, first, last)
end


function strings.lower(s)
  s = check.text(s, 1, "lower")
  charge_text(s)
  return lower(s)
end


function strings.upper(s)
  s = check.text(s, 1, "upper")
  charge_text(s)
  return upper(s)
end


function strings.reverse(s)
  s = check.text(s, 1, "reverse")
  charge_text(s)
  return reverse(s)
end


-- The count is capped by itself too: repeating the empty text 2^53 times makes nothing, and takes for ever.
function strings.rep(s, n, separator)
  s, n = check.text(s, 1, "rep"), check.integer(n, 2, "rep")
  separator = separator == nil and "" or check.text(separator, 3, "rep")
  if n > MAX_TEXT or (#s + #separator) * n > MAX_TEXT then error("resulting string too large", 2) end
  if n > 0 then charge((n + (#s + #separator) * n) // 16) end
  return rep(s, n, separator)
end


function strings.byte(s, first, last)
  s = check.text(s, 1, "byte")
  if first == nil then return byte(s) end
  first = check.integer(first, 2, "byte")
  if last == nil then return byte(s, first) end
  last = check.integer(last, 3, "byte")
  if first < 0 then first = #s + first + 1 end
  if last < 0 then last = #s + last + 1 end
  if first < 1 then first = 1 end
  if last > #s then last = #s end
  charge(span(first, last, SLICE, "byte"))
  if last < first then return end
  return byte(s, first, last)
end

local plans, planned = {}, 0


-- Returns the conversion letters of a format, in order; a refused one as nil.
local function plan_of(pattern)
  local letters = {}
  local at = 1
  while true do
    local _, last, letter = find(pattern, "%%[-+ #0-9.]*(.?)", at)
    if not last then return letters end
    if letter == "p" then return nil end
    if letter ~= "%" then letters[#letters + 1] = letter end
    at = last + 1
  end
end


local function cached_plan(pattern)
  local plan = plans[pattern]
  if plan then return plan end
  plan = plan_of(pattern)
  if plan and #pattern <= 256 then
    if planned >= CACHED_FORMATS then plans, planned = {}, 0 end
    plans[pattern], planned = plan, planned + 1
  end
  return plan
end


-- `%s` goes through our tostring; `%p` would show an address.
function strings.format(pattern, ...)
  pattern = check.text(pattern, 1, "format")
  charge_text(pattern)
  local letters = cached_plan(pattern)
  if not letters then error("invalid conversion '%p' to 'format'", 2) end
  local values = pack(...)
  local work = 0
  for place = 1, #letters do
    local value = values[place]
    if letters[place] == "s" and type(value) ~= "number" and place <= values.n then
      value = base.tostring(value)
      values[place] = value
    end
    work = work + (type(value) == "string" and #value // 8 or 2)
  end
  charge(work)
  return format(pattern, unpack(values, 1, values.n))
end

return strings
