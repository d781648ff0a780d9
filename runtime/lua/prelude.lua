-- The base chunk. It assembles the environment from the other chunks, takes the kit, seals both, strips the real
-- globals, and answers the host's entry functions. All user code runs in the runner, a coroutine with the count hook;
-- the main thread never carries it.

local parts, limits = ...

local error <const>, type <const>, next <const>, rawget <const> = error, type, next, rawget
local setmetatable <const>, collect <const> = setmetatable, collectgarbage
local create <const>, resume <const>, yield <const> = coroutine.create, coroutine.resume, coroutine.yield
local sub <const>, gsub <const>, valid <const> = string.sub, string.gsub, utf8.len
local string_meta <const>, info_of <const> = debug.getmetatable(""), debug.getinfo
local find <const> = string.find
local tostring <const>, tonumber <const> = tostring, tonumber

local IDLE <const> = {}
local SHOWN <const> = 500
local NO_MEMORY <const> = "not enough memory"

local budget = parts.budget(limits)
local basics = parts.base(budget)
local base, freeze = basics.functions, basics.freeze
local library = parts.libraries(budget)
local strings = parts.strings(budget, base, library, limits)
local copies = parts.copies()
local flatten, weigh = parts.flatten(limits), parts.weigh(limits)
local json = parts.json(budget, limits)
local crossing = parts.crossing(budget, base, json, limits)
local shared = parts.shared(base, freeze)
local kit = parts.kit(budget, base, library, json, limits)
kit.add("items", parts.kit_items())
kit.add("names", parts.kit_names(library))

do
  local parse = parts.pattern_parser(budget, limits.pattern_steps)
  for name, f in next, parts.patterns(budget, library, parse, parts.matcher()) do strings[name] = f end
end

local namespaces = {}
local base_meta
local entries = {}


-- Registers a Python callable as a function of the kit. Only before the seal.
function entries.register(namespace, name, python, kinds, function_cost, byte_cost)
  if base_meta then error("the kit is sealed") end
  local declared = {}
  for place = 1, #kinds do declared[place] = crossing.kind_of(kinds[place]) end
  namespaces[namespace] = namespaces[namespace] or {}
  namespaces[namespace][name] =
    crossing.expose(python, namespace .. "." .. name, declared, function_cost, byte_cost)
end


-- `python` gives 64 hexadecimal digits that follow from the call's seed.
function entries.register_chance(python)
  local digits_of = crossing.expose(python, "random", {}, 20, 0)
  library.reseed(function()
    local digits = digits_of()
    return tonumber(sub(digits, 1, 16), 16), tonumber(sub(digits, 17, 32), 16),
      tonumber(sub(digits, 33, 48), 16), tonumber(sub(digits, 49, 64), 16)
  end)
end


local function seal_string_metatable()
  for key in next, string_meta do string_meta[key] = nil end
  string_meta.__index = strings
  string_meta.__metatable = false
end


local function strip_globals()
  for _, name in next, {
    "io", "os", "debug", "package", "require", "load", "loadstring", "loadfile", "dofile", "collectgarbage", "python",
    "print", "warn", "newproxy", "module", "getfenv", "setfenv", "jit",
  } do _G[name] = nil end
end


-- Nothing can be added afterwards.
function entries.seal()
  kit.complete(namespaces)
  local libraries = {
    string = strings, table = library.table, math = library.math, utf8 = library.utf8, os = library.os,
    coroutine = basics.coroutine,
  }
  for name, private in next, libraries do base[name] = freeze(private) end
  for name, private in next, namespaces do base[name] = freeze(private) end
  base_meta = {__index = base, __metatable = false}
  shared.seal()
  seal_string_metatable()
  strip_globals()
end


-- Text for the host: valid UTF-8 and short. Never runs a metamethod.
local function message_of(problem)
  local kind = type(problem)
  if kind == "number" then problem = tostring(problem) end
  if kind == "userdata" then problem = "host error" end
  if type(problem) ~= "string" then problem = "(error object is a " .. kind .. ")" end
  problem = sub((gsub(problem, "^sandbox/[%a_]+:%d+: ", "")), 1, SHOWN)
  if not valid(problem) then problem = gsub(problem, "[\128-\255]", "?") end
  return problem
end

local pending = {}


-- Takes the call from `pending`, so that a runner at rest holds no data of its last one.
local function perform()
  local script, name, a, b, c, d = pending.script, pending.name, pending.a, pending.b, pending.c, pending.d
  pending.script, pending.a, pending.b, pending.c, pending.d = nil, nil, nil, nil, nil
  local environment = setmetatable({}, script.meta)
  environment._G = environment
  shared.begin(environment)
  local exported = script.chunk(environment)
  if type(exported) ~= "table" then error("the script returns no table of functions", 0) end
  if name == nil then return exported end
  local f = rawget(exported, name)
  if type(f) ~= "function" then error("the script returns no function `" .. name .. "`", 0) end
  return f(a, b, c, d)
end


local function serve()
  while true do yield(IDLE, perform()) end
end

local runner


-- Puts the place before a message that has none: the topmost line of a script on the dead runner's stack. A function
-- that was left by a tail call is on no stack, so its line is lost.
local function placed(thread, message)
  if find(message, "^[^%s:]+:%d+: ") then return message end
  local level = 1
  while true do
    local info = info_of(thread, level, "Slf")
    if not info or level == 1 and info.func == perform then return message end
    if info.currentline > 0 and sub(info.source, 1, 9) ~= "=sandbox/" then
      return sub(sub(info.source, 2) .. ":" .. info.currentline .. ": " .. message, 1, SHOWN)
    end
    level = level + 1
  end
end


-- Runs the pending call. Returns its fault kind or nil, then message or up to three values. A runner that did not
-- come back idle is dropped, never closed: closing would run what the script left behind.
local function run()
  local thread = runner or create(serve)
  runner = nil
  basics.begin(thread)
  library.reseed()
  crossing.begin()
  budget.arm(thread)
  budget.start()
  local ok, token, v1, v2, v3 = resume(thread)
  local dead = budget.state()
  if dead then return dead == "memory" and "memory" or "cpu", dead end
  if not ok then
    if token == NO_MEMORY then return "memory", token end
    return "error", placed(thread, message_of(token))
  end
  if token ~= IDLE then return "error", "attempt to yield from outside a coroutine" end
  -- The last instructions may have gone past the limit unseen, and the host needs room to take the results.
  if budget.is_over() then return "memory", "memory" end
  runner = thread
  return nil, v1, v2, v3
end


local tried = {}


-- Makes a shared module in the runner, as any code that a person wrote, to see whether it can be. Returns nil, or the
-- fault kind and the message.
local function try(name)
  if tried[name] then return nil end
  kit.begin(0)
  library.begin(0)
  pending.script = {meta = base_meta, chunk = function()
    shared.try(name)
    return {}
  end}
  pending.name = nil
  local fault, problem = run()
  if not fault then tried[name] = shared.members(name) end
  return fault, fault and problem
end

entries.add_shared = shared.add


-- Returns a script, or nil, the fault kind and the message. `grants` is a tree for copies.cut or nil for all, `denied`
-- one for copies.left or nil for nothing.
function entries.script(name, source, grants, modules, denied)
  local chunk, problem = shared.compiled(name, source)
  if not chunk then return nil, problem == NO_MEMORY and "memory" or "error", message_of(problem) end
  local members = {}
  for place = 1, #modules do
    local module = modules[place]
    local fault, message = try(module)
    if fault then return nil, fault, message end
    members[module] = tried[module]
  end
  local meta = next(members) == nil and base_meta or shared.meta_for(modules)
  return {chunk = chunk, meta = meta, members = members, grants = grants, denied = denied}
end


-- An event as the script may see it.
local function view(script, event)
  if script.denied then return copies.left(event, script.grants or true, script.denied) end
  return copies.cut(event, script.grants)
end


local function begin(script, name, at_us)
  kit.begin(at_us)
  library.begin(at_us // 1000000)
  pending.script, pending.name = script, name
end


local function answer(fault, ...)
  local _, used = budget.state()
  return fault, used, kit.logged(), ...
end

local results = {}


local function forget()
  results.a, results.b, results.c = nil, nil, nil
end


-- An answer whose results are made flat where they can be. They are kept as they are too, until the next call or
-- until memory is looked at.
local function flat_answer(fault, a, b, c)
  if fault then return answer(fault, nil, a) end
  local function weighed(pieces, ...)
    local problem = pieces == nil and weigh(a, b, c)
    if problem then return answer("result", nil, "the script returned " .. problem) end
    results.a, results.b, results.c = a, b, c
    return answer(nil, pieces, ...)
  end
  return weighed(flatten(a, b, c))
end


-- Calls a function of a script. `cut`: the first argument is an event, of which the script may not see everything;
-- `last`: it is nobody's afterwards. Returns fault kind or nil, instructions used, log lines or nil, then what flatten
-- returns: for a fault nil and its message.
function entries.call(script, name, at_us, cut, last, a, b, c, d)
  begin(script, name, at_us)
  forget()
  if a == nil or last and not cut then
    pending.a = a
  else
    pending.a = cut and view(script, a) or copies.whole(a)
  end
  if b ~= nil then pending.b = copies.whole(b) end
  if c ~= nil then pending.c = copies.whole(c) end
  if d ~= nil then pending.d = copies.whole(d) end
  return flat_answer(run())
end


-- Returns the last call's results as they are.
function entries.results() return results.a, results.b, results.c end


-- Returns like `call`, with a table of the functions' names.
function entries.functions(script)
  begin(script, nil, 0)
  local fault, exported = run()
  if fault then return answer(fault, nil, exported) end
  local names = {}
  for key, value in next, exported do
    if type(key) == "string" and type(value) == "function" and valid(key) then names[#names + 1] = key end
  end
  return answer(nil, nil, names)
end


-- Returns the globals that a script sees: each with a list of its members' names where it is a table, else with true.
function entries.names(script)
  local names = {_G = true}
  for name, value in next, script.meta.__index do
    names[name] = true
    if type(value) == "table" then
      local members = {}
      for key in base.pairs(value) do
        if type(key) == "string" then members[#members + 1] = key end
      end
      names[name] = members
    end
  end
  for name, members in next, script.members do names[name] = members end
  return names
end

function entries.settle()
  forget()
  budget.settle()
end


function entries.collect()
  forget()
  collect("collect")
end

return entries
