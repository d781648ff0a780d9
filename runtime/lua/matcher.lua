-- A pattern matcher in Lua, for texts too long for the native one's bound: the count hook sees each of its steps.
-- The same recursion as lstrlib.c (Lua 5.4) over the items of pattern_parser.lua.

local byte <const>, sub <const>, find <const>, concat <const> = string.byte, string.sub, string.find, table.concat
local error <const>, type <const>, tostring <const>, unpack <const> = error, type, tostring, table.unpack

local OPEN <const>, POSITION <const> = -1, -2

local step


local function expand_most(state, i, at, least)
  local s, set = state.s, state.items[i].set
  local count = 0
  while set[byte(s, at + count)] do count = count + 1 end
  while count >= least do
    local stop = step(state, i + 1, at + count)
    if stop then return stop end
    count = count - 1
  end
  return nil
end


local function expand_least(state, i, at)
  local s, set = state.s, state.items[i].set
  while true do
    local stop = step(state, i + 1, at)
    if stop then return stop end
    if not set[byte(s, at)] then return nil end
    at = at + 1
  end
end


local function balanced(s, at, from, to)
  if byte(s, at) ~= from then return nil end
  local depth = 1
  for place = at + 1, #s do
    local value = byte(s, place)
    if value == to then
      depth = depth - 1
      if depth == 0 then return place + 1 end
    elseif value == from then
      depth = depth + 1
    end
  end
  return nil
end


-- What a capture saw is undone where the rest does not match.
local function capture(state, i, at, item)
  local starts, sizes, index = state.starts, state.sizes, item.index
  if item.kind == "close" then
    sizes[index] = at - starts[index]
    local stop = step(state, i + 1, at)
    if not stop then sizes[index] = OPEN end
    return stop
  end
  starts[index], sizes[index] = at, item.kind == "position" and POSITION or OPEN
  return step(state, i + 1, at)
end


local function repeated(state, at, index)
  local size = state.sizes[index]
  if size < 0 then error("invalid capture index %" .. index .. " in pattern", 0) end
  local start, s = state.starts[index], state.s
  if #s - at + 1 < size then return nil end
  if sub(s, start, start + size - 1) ~= sub(s, at, at + size - 1) then return nil end
  return at + size
end


local function at_frontier(s, at, set)
  local before, here = at > 1 and byte(s, at - 1) or 0, byte(s, at) or 0
  return not set[before] and set[here]
end


-- Returns the place after a match of the items from `i` on, at `at`; nil where there is none. Past the end `byte` is
-- nil, which no set holds.
step = function(state, i, at)
  local s, items = state.s, state.items
  while true do
    local item = items[i]
    if item == nil then return at end
    local kind = item.kind
    if kind == "single" then
      local quantifier = item.quantifier
      if quantifier == "*" then return expand_most(state, i, at, 0) end
      if quantifier == "-" then return expand_least(state, i, at) end
      if quantifier == "+" then return expand_most(state, i, at, 1) end
      local fits = item.set[byte(s, at)]
      if quantifier == "?" then
        local stop = fits and step(state, i + 1, at + 1)
        if stop then return stop end
      elseif fits then
        at = at + 1
      else
        return nil
      end
    elseif kind == "finish" then
      return at == #s + 1 and at or nil
    elseif kind == "balance" then
      at = balanced(s, at, item.from, item.to)
    elseif kind == "frontier" then
      at = at_frontier(s, at, item.set) and at or nil
    elseif kind == "back" then
      at = repeated(state, at, item.index)
    else
      return capture(state, i, at, item)
    end
    if at == nil then return nil end
    i = i + 1
  end
end


local function new_state(s, program)
  return {s = s, items = program.items, captures = program.captures, starts = {}, sizes = {}}
end


local function captured(state, index)
  local start, size = state.starts[index], state.sizes[index]
  if size == POSITION then return start end
  return sub(state.s, start, start + size - 1)
end


-- Returns the captures; the whole match where there are none.
local function captures_of(state, from, stop)
  local count = state.captures
  if count == 0 then return sub(state.s, from, stop - 1) end
  if count == 1 then return captured(state, 1) end
  local values = {}
  for index = 1, count do values[index] = captured(state, index) end
  return unpack(values, 1, count)
end


local function first_match(state, program, init)
  local s, lead = state.s, program.lead
  local last = program.anchored and init or #s + 1
  for from = init, last do
    if not lead or lead[byte(s, from)] then
      local stop = step(state, 1, from)
      if stop then return from, stop end
    end
  end
  return nil
end

local matcher = {}


function matcher.match(s, program, init)
  local state = new_state(s, program)
  local from, stop = first_match(state, program, init)
  if not from then return nil end
  return captures_of(state, from, stop)
end


function matcher.find(s, program, init)
  local state = new_state(s, program)
  local from, stop = first_match(state, program, init)
  if not from then return nil end
  if program.captures == 0 then return from, stop - 1 end
  return from, stop - 1, captures_of(state, from, stop)
end


-- An empty match right after a match does not count.
function matcher.gmatch(s, program, init)
  local state, lead = new_state(s, program), program.lead
  local from, last_stop = init, nil
  return function()
    while from <= #s + 1 do
      local stop = (not lead or lead[byte(s, from)]) and step(state, 1, from)
      if stop and stop ~= last_stop then
        local begun = from
        from, last_stop = stop, stop
        return captures_of(state, begun, stop)
      end
      from = from + 1
    end
    return nil
  end
end


-- Returns what `%0` to `%9` stand for in a replacement text.
local function referred(state, digit, from, stop)
  if digit == 0 or digit == 1 and state.captures == 0 then return sub(state.s, from, stop - 1) end
  if digit > state.captures then
    error("invalid capture index %" .. digit .. " in replacement string", 0)
  end
  return tostring(captured(state, digit))
end


local function filled(state, replacement, from, stop, out)
  local at = 1
  while true do
    local mark = find(replacement, "%", at, true)
    if not mark then break end
    out[#out + 1] = sub(replacement, at, mark - 1)
    local letter = sub(replacement, mark + 1, mark + 1)
    local digit = byte(letter) and byte(letter) - 48
    if letter == "%" then
      out[#out + 1] = "%"
    elseif digit and digit >= 0 and digit <= 9 then
      out[#out + 1] = referred(state, digit, from, stop)
    else
      error("invalid use of '%' in replacement string", 0)
    end
    at = mark + 2
  end
  out[#out + 1] = sub(replacement, at)
end


local function replaced(state, replacement, from, stop, out)
  local kind, value = type(replacement), nil
  if kind == "string" then return filled(state, replacement, from, stop, out) end
  if kind == "function" then
    value = replacement(captures_of(state, from, stop))
  else
    value = replacement[(captures_of(state, from, stop))]
  end
  if not value then
    value = sub(state.s, from, stop - 1)
  elseif type(value) ~= "string" and type(value) ~= "number" then
    error("invalid replacement value (a " .. type(value) .. ")", 0)
  end
  out[#out + 1] = tostring(value)
end


function matcher.gsub(s, program, replacement, most)
  local state, out, lead = new_state(s, program), {}, program.lead
  local from, kept, last_stop, count = 1, 1, nil, 0
  while count < most do
    local stop = (not lead or lead[byte(s, from)]) and step(state, 1, from)
    if stop and stop ~= last_stop then
      count = count + 1
      out[#out + 1] = sub(s, kept, from - 1)
      replaced(state, replacement, from, stop, out)
      from, kept, last_stop = stop, stop, stop
    elseif from <= #s then
      from = from + 1
    else
      break
    end
    if program.anchored then break end
  end
  out[#out + 1] = sub(s, kept)
  return concat(out), count
end

return matcher
