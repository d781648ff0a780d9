-- string.find, match, gmatch and gsub as scripts see them: native where the worst case is bounded, else the matcher
-- written in Lua. Either way the work is paid before it is done.

local budget, library, parse, matcher = ...

local charge <const>, owe <const>, check <const> = budget.charge, budget.owe, library.check
local error <const>, type <const>, byte <const> = error, type, string.byte
local find <const>, match <const>, gmatch <const>, gsub <const> = string.find, string.match, string.gmatch, string.gsub
local huge <const> = math.huge

local CACHED <const> = 300
local PLAIN_WORK <const> = 2e8

local programs, cached = {}, 0


local function program_of(p, level)
  local program = programs[p]
  if program then return program end
  local problem
  program, problem = parse(p)
  if not program then error(problem, level + 1) end
  if cached >= CACHED then programs, cached = {}, 0 end
  programs[p], cached = program, cached + 1
  return program
end


-- Tells whether the native matcher may have `n` bytes, and pays for it. The worst case is rare, so it goes to the
-- clock and not to the instructions.
local function native_may(program, n)
  if n > program.limit then return false end
  charge(10 + n // 8)
  local worst = program.weight * (n + 1) ^ program.degree
  if worst > 2000 then owe(worst / 20) end
  return true
end


local function plain_find(s, p, init)
  local work = (#s - init + 2) * (#p + 1)
  if work > PLAIN_WORK then error("text and search text are too long for 'find'", 3) end
  charge(10 + (#s - init + 1) // 8 + work // 10000)
  return find(s, p, init, true)
end


-- Returns where the search begins, at least 1; past the end plus one there is nothing to find.
local function begin_at(s, init, name)
  if init == nil then return 1 end
  init = check.integer(init, 3, name)
  if init > 0 then return init end
  if init == 0 or init < -#s then return 1 end
  return #s + init + 1
end

local patterns = {}


-- Both `find` and `match` begin with a shorter way for what is most often asked, at half the cost.
function patterns.find(s, p, init, plain)
  if init == nil and plain == nil and type(s) == "string" then
    local program = programs[p]
    if program and not program.plain and native_may(program, #s) then return find(s, p) end
  end
  s, p = check.text(s, 1, "find"), check.text(p, 2, "find")
  init = begin_at(s, init, "find")
  if init > #s + 1 then return nil end
  if plain then return plain_find(s, p, init) end
  local program = program_of(p, 2)
  if program.plain then return plain_find(s, p, init) end
  if native_may(program, #s - init + 1) then return find(s, p, init) end
  return matcher.find(s, program, init)
end


function patterns.match(s, p, init)
  if init == nil and type(s) == "string" then
    local program = programs[p]
    if program and native_may(program, #s) then return match(s, p) end
  end
  s, p = check.text(s, 1, "match"), check.text(p, 2, "match")
  init = begin_at(s, init, "match")
  if init > #s + 1 then return nil end
  local program = program_of(p, 2)
  if native_may(program, #s - init + 1) then return match(s, p, init) end
  return matcher.match(s, program, init)
end


-- The work is done, and so paid, when the iterator is called: many that wait would else share one look at the clock.
local function paid_gmatch(s, p, init, program)
  local following, paid = gmatch(s, p, init), false
  return function()
    if not paid then paid = native_may(program, #s - init + 1) end
    return following()
  end
end


-- Here a leading `^` is no anchor but itself.
function patterns.gmatch(s, p, init)
  s, p = check.text(s, 1, "gmatch"), check.text(p, 2, "gmatch")
  init = begin_at(s, init, "gmatch")
  if byte(p) == 94 then p = "%" .. p end
  local program = program_of(p, 2)
  if init > #s + 1 then init = #s + 2 end
  if #s - init + 1 > program.limit then return matcher.gmatch(s, program, init) end
  return paid_gmatch(s, p, init, program)
end


function patterns.gsub(s, p, replacement, most)
  s, p = check.text(s, 1, "gsub"), check.text(p, 2, "gsub")
  local kind = type(replacement)
  if kind == "number" then
    replacement, kind = check.text(replacement, 3, "gsub"), "string"
  elseif kind ~= "string" and kind ~= "table" and kind ~= "function" then
    error("bad argument #3 to 'gsub' (string, function or table expected, got " .. kind .. ")", 2)
  end
  most = check.integer(most, 4, "gsub", #s + 1)
  local program = program_of(p, 2)
  if kind == "string" then charge((#s + 1) * #replacement // 1000) end
  if native_may(program, #s) then return gsub(s, p, replacement, most) end
  return matcher.gsub(s, program, replacement, most)
end

return patterns
