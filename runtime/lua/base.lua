-- The basic functions and coroutines as scripts see them. What catches errors lets a dead call die and shows no host
-- object; what looks into objects shows no address and no foreign metatable.

local budget = ...

local charge <const>, rethrow <const>, arm <const> = budget.charge, budget.rethrow, budget.arm
local check_memory <const>, gsub <const> = budget.check_memory, string.gsub
local error <const>, type <const>, next <const>, rawget <const>, select <const> = error, type, next, rawget, select
local native_pcall <const>, native_rawset <const> = pcall, rawset
local native_tostring <const>, tonumber <const> = tostring, tonumber
local native_setmetatable <const>, metatable_of <const> = setmetatable, debug.getmetatable
local create <const>, resume <const>, close <const> = coroutine.create, coroutine.resume, coroutine.close
local running <const>, yield <const>, isyieldable <const> = coroutine.running, coroutine.yield, coroutine.isyieldable

local ORIGIN <const> = {}
local METAMETHODS <const> = {
  "__index", "__newindex", "__call", "__tostring", "__metatable", "__len", "__eq", "__lt", "__le", "__concat",
  "__pairs", "__close", "__unm", "__add", "__sub", "__mul", "__div", "__idiv", "__mod", "__pow",
  "__band", "__bor", "__bxor", "__bnot", "__shl", "__shr",
}

local frozen = {}
local shadows = {}
local runner

local base = {
  assert = assert, error = error, ipairs = ipairs, next = next, pairs = pairs, rawequal = rawequal, rawget = rawget,
  rawlen = rawlen, type = type, _VERSION = _VERSION,
}


local function no_table(place, name, value)
  error("bad argument #" .. place .. " to '" .. name .. "' (table expected, got " .. type(value) .. ")", 3)
end


-- A read-only view. `next` on it yields nothing; a member must not be used where raw access matters.
local function freeze(private)
  local function refuse(_, key)
    error("attempt to change a read-only table (field '" .. base.tostring(key) .. "')", 2)
  end
  local function following(_, key) return next(private, key) end
  local proxy = native_setmetatable({}, {
    __index = private,
    __newindex = refuse,
    __len = function() return #private end,
    __pairs = function() return following, nil, nil end,
    __metatable = false,
  })
  frozen[proxy] = true
  return proxy
end


-- Error values. A Python exception must never be seen by a script, nor the place of a line of ours.
local function shown(problem)
  local kind = type(problem)
  if kind == "userdata" then return "host error" end
  if kind ~= "string" then return problem end
  check_memory(problem)
  return (gsub(problem, "^sandbox/[%a_]+:%d+: ", ""))
end


local function caught(ok, ...)
  rethrow()
  if ok then return true, ... end
  local problem = ...
  return false, shown(problem)
end


function base.pcall(f, ...)
  return caught(native_pcall(f, ...))
end


local function handled(handler, ok, ...)
  rethrow()
  if ok then return true, ... end
  local problem = ...
  local function second(_, ...) return false, ... end
  return second(caught(native_pcall(handler, shown(problem))))
end


-- Native xpcall runs the handler inside the hook, where nothing can stop it; here it runs after unwinding.
function base.xpcall(f, handler, ...)
  return handled(handler, native_pcall(f, ...))
end


function base.rawset(t, key, value)
  if type(t) ~= "table" then no_table(1, "rawset", t) end
  if frozen[t] then error("attempt to change a read-only table", 2) end
  return native_rawset(t, key, value)
end


function base.getmetatable(value)
  if type(value) ~= "table" then return nil end
  local meta = metatable_of(value)
  if meta == nil then return nil end
  local protected = rawget(meta, "__metatable")
  if protected ~= nil then return protected end
  return rawget(meta, ORIGIN)
end


-- Lua gets a private copy of the metamethods, as they are now. `__gc` would run while the runtime is closed. Weak
-- tables are refused too: what they hold depends on the collector, so a replay could differ, and chains of weak keys
-- cost it quadratic time that nothing can interrupt (9 s for 40,000 keys). Lua reads `__mode` late, hence the copy.
local function shadow_of(meta)
  local shadow = shadows[meta]
  if not shadow then
    shadow = {[ORIGIN] = meta}
    shadows[meta] = shadow
  end
  for _, name in next, METAMETHODS do shadow[name] = rawget(meta, name) end
  local close = shadow.__close
  if type(close) == "function" then
    shadow.__close = function(value, problem) return close(value, shown(problem)) end
  end
  return shadow
end


function base.setmetatable(t, meta)
  if type(t) ~= "table" then no_table(1, "setmetatable", t) end
  if meta == nil then return native_setmetatable(t, nil) end
  if type(meta) ~= "table" then no_table(2, "setmetatable", meta) end
  if rawget(meta, "__gc") ~= nil then error("a metatable must not have __gc", 2) end
  if rawget(meta, "__mode") ~= nil then error("a metatable must not have __mode: there are no weak tables", 2) end
  return native_setmetatable(t, shadow_of(meta))
end


function base.tostring(value)
  local kind = type(value)
  if kind == "string" then return value end
  if kind == "number" or kind == "boolean" or kind == "nil" then return native_tostring(value) end
  local meta = kind == "table" and metatable_of(value)
  local convert = meta and rawget(meta, "__tostring")
  if convert == nil or convert == false then return kind end
  local text = convert(value)
  if type(text) ~= "string" then error("'__tostring' must return a string", 2) end
  return text
end


function base.tonumber(value, radix)
  if type(value) == "string" then budget.charge_text(value) end
  if radix == nil then return tonumber(value) end
  if type(radix) == "string" then budget.charge_text(radix) end
  return tonumber(value, radix)
end



function base.select(place, ...)
  if type(place) == "string" then budget.charge_text(place) end
  return select(place, ...)
end

local threads = {status = coroutine.status}


local function no_function(name, value)
  error("bad argument #1 to '" .. name .. "' (function expected, got " .. type(value) .. ")", 3)
end


local function no_thread(name, value)
  error("bad argument #1 to '" .. name .. "' (coroutine expected, got " .. type(value) .. ")", 3)
end


-- A new coroutine may run one hook step before it is first counted, so it pays that step now.
local function spawn(f)
  charge(budget.step)
  local thread = create(f)
  arm(thread)
  return thread
end


function threads.create(f)
  if type(f) ~= "function" then no_function("create", f) end
  return spawn(f)
end


function threads.resume(thread, ...)
  if type(thread) ~= "thread" then no_thread("resume", thread) end
  return caught(resume(thread, ...))
end


local function passed(ok, ...)
  rethrow()
  if ok then return ... end
  local problem = ...
  error(shown(problem), 0)
end


function threads.wrap(f)
  if type(f) ~= "function" then no_function("wrap", f) end
  local thread = spawn(f)
  return function(...) return passed(resume(thread, ...)) end
end


function threads.close(thread)
  if type(thread) ~= "thread" then no_thread("close", thread) end
  return caught(close(thread))
end


function threads.yield(...)
  if running() == runner then error("attempt to yield from outside a coroutine", 2) end
  return yield(...)
end


function threads.isyieldable()
  return running() ~= runner and isyieldable()
end


function threads.running()
  local thread = running()
  return thread, thread == runner
end


-- Called as a call begins: nothing of the last one may be met again.
local function begin(thread)
  runner = thread
  if next(shadows) ~= nil then shadows = {} end
end

return {functions = base, coroutine = threads, freeze = freeze, begin = begin}
