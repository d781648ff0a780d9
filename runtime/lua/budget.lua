-- What one call may use: VM instructions, CPU time, memory. Work done in C, which the count hook cannot see, is
-- charged before it is done. A call whose budget is spent is dead: every function that catches errors raises again.

local limits = ...

local clock <const> = os.clock
local collect <const> = collectgarbage
local error <const> = error
local sethook <const>, running <const>, setmetatable <const> = debug.sethook, coroutine.running, setmetatable

local STEP <const> = limits.hook_step
local DEBT <const> = limits.debt

local left, deadline, dead, debt = 0, 0, nil, 0
local soft_kb = limits.soft_kb

local budget = {step = STEP}


local function die(why)
  dead = dead or why
  error(dead, 0)
end


-- Tells whether more is held than a call may hold, after a collection if need be.
local function is_over()
  if collect("count") <= soft_kb then return false end
  collect("collect")
  return collect("count") > soft_kb
end


-- Returns what is spent beside the instructions, nil where nothing is.
local function spent()
  if clock() > deadline then return "time" end
  return is_over() and "memory" or nil
end


-- A count hook. Once the call is dead it fires at every instruction, so that `__close` handlers die as well.
local function hook()
  if not dead then
    left = left - STEP
    dead = left <= 0 and "instructions" or spent()
  end
  if dead then
    sethook(hook, "", 1)
    error(dead, 0)
  end
end


-- The collector calls this after each of its cycles, so that instructions that allocate megabytes are seen before a
-- thousand of them have run. An error raised here would be lost, so it has the hook fire at the next instruction.
-- Where memory is too short for the next witness, the next call makes it.
local cycle, is_watched = {}, false


local function watch_collector()
  is_watched = false
  setmetatable({}, cycle)
  is_watched = true
end


function cycle.__gc()
  watch_collector()
  if dead or clock() <= deadline then return end
  local thread, is_main = running()
  if not is_main then sethook(thread, hook, "", 1) end
end


-- Possible work in C: forces a look at clock and memory, takes nothing from the instructions.
local function owe(n)
  debt = debt + n
  if debt > DEBT then
    debt = 0
    local why = spent()
    if why then die(why) end
  end
end


-- Work that will be done in C, in instructions. A negative or NaN estimate must neither refund nor poison the budget.
local function charge(n)
  if not (n > 0) then return end
  left = left - n
  if left <= 0 then die("instructions") end
  owe(n)
end


-- The same for one text; short ones are paid by the wrapper's own instructions.
function budget.charge_text(text)
  local size = #text
  if size > 64 then charge(size // 8) end
end


-- Stands before every crossing into Python: afterwards there is room for the largest result.
function budget.gate()
  if dead then error(dead, 0) end
  if is_over() then die("memory") end
end


-- Ends the call where an error that was caught is Lua's own for the hard limit: a script must not go on after it.
function budget.check_memory(problem)
  if problem == "not enough memory" then die("memory") end
end


function budget.rethrow()
  if dead then error(dead, 0) end
end


-- Children do not inherit a hook function, so each coroutine gets its own. It also starts the count anew, so that
-- a call's count does not depend on the call before it.
function budget.arm(thread)
  sethook(thread, hook, "", STEP)
end


function budget.start()
  if not is_watched then watch_collector() end
  left, dead, debt = limits.instructions, nil, 0
  deadline = clock() + limits.cpu_s
end


-- Returns why the call is dead (nil: it is not) and the instructions it used.
function budget.state()
  local used = limits.instructions - left
  return dead, used // 1 | 0
end


-- What compiled scripts occupy is not any call's.
function budget.settle()
  collect("collect")
  soft_kb = collect("count") + limits.soft_kb
end

budget.charge, budget.owe, budget.is_over = charge, owe, is_over

return budget
