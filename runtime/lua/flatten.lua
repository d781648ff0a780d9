-- A call's results as few values: the form of all tables as one text, their texts joined as another, and the numbers
-- and booleans one by one. For Python that is far cheaper than to take table after table apart; shapes.py puts the
-- results together again.
--
-- A form is a list of pieces: the kind of a value (`s` text, `n` number or boolean, `-` nil, `{` table of names, `[`
-- list), in a table of names followed by the name, and after a table's members `}`. Only what is plain, small and has
-- no function in it is made flat. Runs outside of calls, by raw access, so that no metamethod is met.

local limits = ...

local next <const>, type <const>, concat <const>, unpack <const> = next, type, table.concat, table.unpack
local math_type <const>, clock <const> = math.type, os.clock

local SEPARATOR <const> = "\31"
local MOST_PIECES <const>, MOST_VALUES <const>, MOST_BYTES <const> = math.min(1000, limits.max_nodes), 200, 65536
local DEEPEST <const> = limits.max_depth
local TABLES <const>, READ_S <const> = 16, 0.02

local form, texts, others = {}, {}, {}
local pieces, text_count, other_count, bytes = 0, 0, 0, 0
local tables, read_until = 0, 0

local add_members


-- One table that was emptied takes as long to go through as when it was full, and can be in a result many times.
local function takes_long()
  tables = tables + 1
  if tables % TABLES ~= 0 then return false end
  if tables == TABLES then read_until = clock() + READ_S end
  return clock() > read_until
end


-- Adds a value's kind, the name that it has, and itself; returns false where it is too much or no plain data.
local function add(value, name, depth)
  local kind, is_list = type(value), false
  if kind == "string" then
    kind = "s"
    bytes = bytes + #value
    text_count = text_count + 1
    texts[text_count] = value
  elseif kind == "number" or kind == "boolean" then
    kind = "n"
    other_count = other_count + 1
    others[other_count] = value
  elseif kind == "table" then
    is_list = math_type(next(value)) == "integer"
    kind = is_list and "[" or "{"
  else
    return false
  end
  pieces = pieces + 1
  form[pieces] = kind
  if name ~= nil then
    bytes = bytes + #name
    pieces = pieces + 1
    form[pieces] = name
  end
  if kind == "s" or kind == "n" then return true end
  return add_members(value, is_list, depth)
end


-- The commonest kind, text with a name, is added in place: a call for each would double the cost of the whole.
local function add_named(source, depth)
  local count, size = pieces, 0
  for name, value in next, source do
    if type(name) ~= "string" or count > MOST_PIECES or size > MOST_BYTES then return false end
    if type(value) == "string" then
      form[count + 1], form[count + 2] = "s", name
      count, size = count + 2, size + #name + #value
      text_count = text_count + 1
      texts[text_count] = value
    else
      pieces = count
      if not add(value, name, depth + 1) then return false end
      count = pieces
    end
  end
  pieces, bytes = count, bytes + size
  return true
end


local function add_listed(source, depth)
  local place = 0
  for key, value in next, source do
    place = place + 1
    if key ~= place or pieces > MOST_PIECES or bytes > MOST_BYTES or not add(value, nil, depth + 1) then return false end
  end
  return true
end


add_members = function(source, is_list, depth)
  if depth > DEEPEST or pieces > MOST_PIECES or bytes > MOST_BYTES or takes_long() then return false end
  if not (is_list and add_listed or add_named)(source, depth) then return false end
  pieces = pieces + 1
  form[pieces] = "}"
  return pieces < MOST_PIECES and bytes < MOST_BYTES
end


local function add_result(value)
  if value ~= nil then return add(value, nil, 1) end
  pieces = pieces + 1
  form[pieces] = "-"
  return true
end


-- Returns the number of pieces, the form, the joined texts, numbers and booleans; or nil and the results as they are.
return function(a, b, c)
  pieces, text_count, other_count, bytes, tables = 0, 0, 0, 0, 0
  if not (add_result(a) and add_result(b) and add_result(c)) or other_count > MOST_VALUES then
    form, texts, others = {}, {}, {} -- What was too much must not be held.
    return nil, a, b, c
  end
  return pieces, concat(form, SEPARATOR, 1, pieces), concat(texts, SEPARATOR, 1, text_count),
    unpack(others, 1, other_count)
end
