-- Reads a Lua pattern into items and computes a bound for the native matcher's worst case, which is exponential in the
-- pattern and cannot be interrupted. Follows the rules of lstrlib.c (Lua 5.4); a malformed pattern is refused at once.

local budget, CAP = ...

local charge <const> = budget.charge
local byte <const>, char <const>, find <const>, sub <const> = string.byte, string.char, string.find, string.sub
local huge <const>, floor <const>, max <const>, next <const> = math.huge, math.floor, math.max, next

local LONGEST <const> = 1024
local CAPTURES <const> = 32
local CACHED_CLASSES <const> = 300

local PERCENT <const>, OPEN <const>, CLOSE <const>, DOT <const>, BRACKET <const> = 37, 40, 41, 46, 91
local QUANTIFIERS <const> = {[42] = "*", [43] = "+", [45] = "-", [63] = "?"}
local ACCEPT <const> = {}

local classes, cached_classes = {}, 0


-- Returns the set of bytes that a single-character item stands for, found by asking the native matcher.
local function set_of(source)
  local first = byte(source)
  if #source == 1 and first ~= DOT then return {[first] = true} end
  if classes[source] then return classes[source] end
  charge(100 + 16 * #source)
  local set, probe = {}, "^" .. source
  for value = 0, 255 do
    if find(char(value), probe) then set[value] = true end
  end
  if cached_classes >= CACHED_CLASSES then classes, cached_classes = {}, 0 end
  classes[source], cached_classes = set, cached_classes + 1
  return set
end


-- Returns the place after the single-character item at `at`, or nil and what is wrong.
local function after_single(p, at)
  local first = byte(p, at)
  if first == PERCENT then
    if at == #p then return nil, "malformed pattern (ends with '%')" end
    return at + 2
  end
  if first ~= BRACKET then return at + 1 end
  at = at + 1
  if sub(p, at, at) == "^" then at = at + 1 end
  repeat
    if at > #p then return nil, "malformed pattern (missing ']')" end
    if byte(p, at) == PERCENT then at = at + 1 end
    at = at + 1
  until sub(p, at, at) == "]"
  return at + 1
end


local function open_capture(state, at)
  if #state.captures >= CAPTURES then return nil, "too many captures" end
  local index = #state.captures + 1
  if byte(state.p, at + 1) == CLOSE then
    state.captures[index] = "closed"
    return {kind = "position", index = index}, at + 2
  end
  state.captures[index] = "open"
  return {kind = "open", index = index}, at + 1
end


local function close_capture(state, at)
  for index = #state.captures, 1, -1 do
    if state.captures[index] == "open" then
      state.captures[index] = "closed"
      return {kind = "close", index = index}, at + 1
    end
  end
  return nil, "invalid pattern capture"
end


local function frontier(state, at)
  if byte(state.p, at + 2) ~= BRACKET then return nil, "missing '[' after '%f' in pattern" end
  local after, problem = after_single(state.p, at + 2)
  if not after then return nil, problem end
  local source = sub(state.p, at + 2, after - 1)
  return {kind = "frontier", set = set_of(source), weight = #source}, after
end


-- Items that begin with `%` and are no single character; nil and nothing where it is one.
local function escaped(state, at)
  local p, letter = state.p, byte(state.p, at + 1)
  if letter == 98 then
    if at + 3 > #p then return nil, "malformed pattern (missing arguments to '%b')" end
    return {kind = "balance", from = byte(p, at + 2), to = byte(p, at + 3)}, at + 4
  elseif letter == 102 then
    return frontier(state, at)
  elseif letter and letter >= 48 and letter <= 57 then
    local index = letter - 48
    if state.captures[index] ~= "closed" then return nil, "invalid capture index %" .. index end
    return {kind = "back", index = index}, at + 2
  end
  return nil
end


local function single(state, at)
  local after, problem = after_single(state.p, at)
  if not after then return nil, problem end
  local source = sub(state.p, at, after - 1)
  local item = {kind = "single", set = set_of(source), weight = byte(source) == BRACKET and #source or 1}
  item.quantifier = QUANTIFIERS[byte(state.p, after)]
  return item, item.quantifier and after + 1 or after
end


-- Returns the item at `at` and the place after it, or nil and what is wrong.
local function item_at(state, at)
  local first = byte(state.p, at)
  if first == OPEN then return open_capture(state, at) end
  if first == CLOSE then return close_capture(state, at) end
  if first == 36 and at == #state.p then return {kind = "finish"}, at + 1 end
  if first == PERCENT then
    local item, after = escaped(state, at)
    if item or after then return item, after end
  end
  return single(state, at)
end


local function items_of(p)
  local state = {p = p, captures = {}}
  local items, at = {}, byte(p) == 94 and 2 or 1
  while at <= #p do
    local item, after = item_at(state, at)
    if not item then return nil, after end
    items[#items + 1], at = item, after
  end
  for _, status in next, state.captures do
    if status == "open" then return nil, "unfinished capture" end
  end
  return items, #state.captures
end


local function disjoint(a, b)
  for value in next, a do
    if b[value] then return false end
  end
  return true
end

-- What an item does to the bound, walking from the right. `bound.degree` is the power of the tail's worst case,
-- `bound.optional` its number of `?`, `bound.start` what the tail must begin with: a set, ACCEPT, or nil for unknown.
local effects = {
  open = function() end,
  close = function() end,
  position = function() end,
  finish = function(bound) bound.start = ACCEPT end,
  frontier = function(bound) bound.start = nil end,
  balance = function(bound, item)
    bound.degree = max(bound.degree, 1)
    bound.start = {[item.from] = true}
  end,
  back = function(bound)
    bound.degree = bound.degree + 1
    bound.start = nil
  end,
}


function effects.single(bound, item)
  local quantifier, start = item.quantifier, bound.start
  if quantifier == "?" then
    bound.optional = bound.optional + 1
    bound.start = nil
  elseif quantifier then
    -- Only one split point lets the tail begin where the two sets share nothing.
    local one_split = start == ACCEPT or start ~= nil and disjoint(item.set, start)
    bound.degree = one_split and max(bound.degree, 1) or bound.degree + 1
    bound.start = quantifier == "+" and item.set or nil
  else
    bound.start = item.set
  end
end


-- The most bytes of text that stay within CAP steps. Floats: an integer would wrap and let a bomb through.
local function longest(steps, degree)
  if steps > CAP then return -1 end
  if degree == 0 then return huge end
  return floor((CAP / steps) ^ (1 / degree)) - 1
end


-- Returns {items, captures, anchored, plain, lead, weight, degree, limit}, or nil and what is wrong. `lead` is the set
-- of bytes that every match begins with, nil where there is none such.
local function parse(p)
  if #p > LONGEST then return nil, "pattern too long (more than " .. LONGEST .. " bytes)" end
  charge(2000 + #p)
  local items, captures = items_of(p)
  if not items then return nil, captures end
  local bound = {degree = 0, optional = 0, start = ACCEPT, weight = 0}
  for place = #items, 1, -1 do
    effects[items[place].kind](bound, items[place])
    bound.weight = bound.weight + (items[place].weight or 1)
  end
  local anchored = byte(p) == 94
  local degree = bound.degree + (anchored and 0 or 1)
  local steps = max(bound.weight, 1) * 2.0 ^ bound.optional
  return {
    items = items, captures = captures, anchored = anchored, weight = steps, degree = degree,
    lead = bound.start ~= ACCEPT and bound.start or nil,
    plain = not find(p, "[%^%$%*%+%?%.%(%[%%%-]"), limit = longest(steps, degree),
  }
end

return parse
