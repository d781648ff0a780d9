-- Compares the matcher written in Lua with the native one on random patterns and texts. Runs in a bare runtime.

local parse, matcher, seed, rounds = ...

local CLASSES = {"%a", "%d", "%l", "%s", "%u", "%w", "%x", "%p", "%c", "%g", "%A", "%D", "%S", "%W", "."}
local LITERALS = {"a", "b", "c", "x", "1", " ", "-", "]", "%.", "%%", "%-", "%]", "$", "^", "\0"}
local SETS = {
  "[ab]", "[^ab]", "[a-c]", "[^a-c]", "[%a]", "[^%d]", "[%w_]", "[]a]", "[^]a]", "[a-]", "[-a]", "[a%-c]", "[%]]",
  "[%s%d]", "[^%s]", "[a-c1-3]",
}
-- Captures that later items name, with what may stand between them.
local REPEATS = {
  "(%s)%%1", "(%s)(%s)%%2%%1", "((%s)%s)%%2%%1", "(%s)()%%1", "((%s)(%s))%%1", "%%f%s(%s)%%1", "(%s)%%b()%%1", "(%s)%s%%1*",
  "^(%s)(%s)%%1$", "(()%s)%%1", "%%f%s(%s)%%f%s", "(%%b()%s)%%1",
}
local QUANTIFIERS = {"", "", "", "*", "+", "-", "?"}
local SUBJECTS = {"a", "b", "c", "x", "1", "2", " ", "-", "(", ")", "]", "%", ".", "$", "^", "\0", "ab", "aaa", "abc",
  "\200"}
local FUNCTIONS = {"find", "match", "gmatch", "gsub"}

math.randomseed(seed)


local function pick(list) return list[math.random(#list)] end


local function single()
  local kind = math.random(10)
  local item = kind <= 5 and pick(LITERALS) or kind <= 7 and pick(CLASSES) or pick(SETS)
  return item .. pick(QUANTIFIERS)
end


local function repeating_pattern()
  local form = pick(REPEATS)
  return (form:gsub("%%(.)", function(letter)
    if letter ~= "s" then return nil end
    return math.random(3) == 1 and single() .. single() or single()
  end):gsub("%%%%", "%%"):gsub("%%f([^%[])", "%%f[%1]"))
end


local function random_pattern()
  if math.random(6) == 1 then return repeating_pattern() end
  local out, open, closed = {}, 0, 0
  if math.random(5) == 1 then out[1] = "^" end
  for _ = 1, math.random(0, 7) do
    local kind = math.random(20)
    if kind == 1 then
      out[#out + 1] = "("
      open = open + 1
    elseif kind == 2 and open > 0 then
      out[#out + 1] = ")"
      open, closed = open - 1, closed + 1
    elseif kind == 3 then
      out[#out + 1] = "()"
      closed = closed + 1
    elseif kind == 4 then
      out[#out + 1] = pick({"%b()", "%bab", "%baa", "%b--"})
    elseif kind == 5 then
      out[#out + 1] = "%f" .. pick(SETS)
    elseif kind == 6 and closed > 0 then
      out[#out + 1] = "%" .. math.random(closed + 1)
    else
      out[#out + 1] = single()
    end
  end
  out[#out + 1] = (")"):rep(open)
  if math.random(5) == 1 then out[#out + 1] = "$" end
  if math.random(60) == 1 then out[#out + 1] = pick({"%", "[a", "(", ")", "%f", "%b", "%b(", "%9", "%0"}) end
  return table.concat(out)
end


local function random_subject()
  local out = {}
  for place = 1, math.random(0, 12) do out[place] = pick(SUBJECTS) end
  return table.concat(out)
end

local REPLACEMENTS = {
  "", "-", "<%0>", "%1", "%%", "%2x", "%x", {a = "A", ab = 7, [1] = "one"},
  function(a, b) return b and a .. b or nil end,
  function(a) return #tostring(a) % 2 == 0 and tostring(a) end, function() return {} end,
}


-- Returns the results of a call as one text, or nil where it raised.
local function outcome(f, ...)
  local results = table.pack(pcall(f, ...))
  if not results[1] then return nil end
  for place = 1, results.n do
    local value = results[place]
    results[place] = math.type(value) or type(value)
    results[place] = results[place] .. ":" .. tostring(value)
  end
  return table.concat(results, "|", 1, results.n)
end


local function drained(iterator)
  local out = {}
  for _ = 1, 100 do
    local found = table.pack(iterator())
    if found[1] == nil then break end
    for place = 1, found.n do out[#out + 1] = math.type(found[place]) or "text" .. tostring(found[place]) end
    out[#out + 1] = ";"
  end
  return table.concat(out, ",")
end


local function begin_at(s, init)
  if init > 0 then return init end
  if init == 0 or init < -#s then return 1 end
  return #s + init + 1
end


local function ours(name, s, p, extra)
  local program, problem = parse(name == "gmatch" and p:byte() == 94 and "%" .. p or p)
  if not program then error(problem) end
  if name == "gsub" then return matcher.gsub(s, program, extra[1], extra[2]) end
  local init = begin_at(s, extra[1])
  if init > #s + 1 then
    if name == "gmatch" then return "" end
    return nil
  end
  if name == "gmatch" then return drained(matcher.gmatch(s, program, init)) end
  return matcher[name](s, program, init)
end


local function natives(name, s, p, extra)
  if name == "gsub" then return s:gsub(p, extra[1], extra[2]) end
  if name == "gmatch" then return drained(s:gmatch(p, extra[1])) end
  return string[name](s, p, extra[1])
end

-- Counts the set tests of a search, to hold them against the parser's bound.
local function steps_of(s, program)
  local steps = 0
  for _, item in ipairs(program.items) do
    local set = item.set
    item.set = set and setmetatable({}, {__index = function(_, value)
      steps = steps + 1
      return set[value]
    end})
  end
  matcher.gsub(s, program, "", #s + 1)
  return steps
end

local differences, compared, over = {}, 0, {}
for _ = 1, rounds do
  local p = random_pattern()
  local program = parse(p)
  if program then
    local s = ("ab"):rep(math.random(0, 3)) .. ("a"):rep(math.random(0, 9)) .. random_subject()
    local ok, steps = pcall(steps_of, s, program)
    if ok and steps > program.weight * (#s + 1) ^ program.degree then over[#over + 1] = p .. " on " .. s end
  end
  for _, name in ipairs(FUNCTIONS) do
    local s = random_subject()
    local extra = {math.random(5) > 1 and 1 or math.random(-8, 10)}
    if name == "gsub" then extra = {pick(REPLACEMENTS), math.random(3) == 1 and math.random(0, 3) or #s + 1} end
    local native = outcome(natives, name, s, p, extra)
    local own = outcome(ours, name, s, p, extra)
    if native and own then
      compared = compared + 1
      if native ~= own then
        differences[#differences + 1] = ("%s(%q, %q, %s): native %s, ours %s"):format(name, s, p, extra[1], native, own)
      end
    end
  end
end

local function first(list) return table.concat(list, "\n", 1, math.min(#list, 20)) end

return compared, first(differences), first(over)
