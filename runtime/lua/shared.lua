-- Shared modules. Every call makes those that it uses anew: what a module's functions wrote to its locals or tables in
-- one call would else be seen by the next, and by other scripts. Modules that the host keeps, because they are its own
-- and hold no state, are made once; scripts see them frozen, and they see none but each other.

local base, freeze = ...

local error <const>, type <const>, next <const>, load <const> = error, type, next, load
local setmetatable <const>, rawset <const>, gmatch <const>, sub <const> =
  setmetatable, rawset, string.gmatch, string.sub

local TOO_DEEP <const> = "C stack overflow"

local sources, chunks = {}, {}
local made, making = {}, {}
local keeps, kept = {}, {}
local place_of_globals
local shared = {}
local module_environment, kept_environment


local function loaded(name, source)
  return load("local _ENV = ...; " .. source, "=" .. name, "t", {})
end


-- Returns the first line up to which a source nests too deep: the compiler tells of it without a place.
local function deep_line(source)
  local ends = {}
  for place in gmatch(source, "()\n") do ends[#ends + 1] = place end
  ends[#ends + 1] = #source
  local low, high = 1, #ends
  while low < high do
    local middle = (low + high) // 2
    local _, problem = loaded("part", sub(source, 1, ends[middle]))
    if problem == TOO_DEEP then high = middle else low = middle + 1 end
  end
  return low
end


function shared.compiled(name, source)
  local chunk, problem = loaded(name, source)
  if problem == TOO_DEEP then
    problem = name .. ":" .. deep_line(source) .. ": the source nests too deep (more than 200 levels)"
  end
  return chunk, problem
end


local function chunk_of(name)
  local chunk, problem = chunks[name], nil
  if chunk then return chunk end
  chunk, problem = shared.compiled("shared/" .. name, sources[name])
  if not chunk then error(problem, 0) end
  chunks[name] = chunk
  return chunk
end


local function make(name, environment)
  if making[name] then error("shared module `" .. name .. "` needs itself", 0) end
  local chunk = chunk_of(name)
  making[name] = true
  local exported = chunk(environment)
  making[name] = nil
  if type(exported) ~= "table" then error("shared module `" .. name .. "` returns no table of functions", 0) end
  return exported
end


-- A read-only view of a module's result, nested tables included.
local function freeze_all(value)
  if type(value) ~= "table" then return value end
  local inner = {}
  for key, member in next, value do inner[key] = freeze_all(member) end
  return freeze(inner)
end


local function kept_of(name)
  if keeps[name] and not kept[name] then kept[name] = freeze_all(make(name, kept_environment)) end
  return kept[name]
end


-- Returns a module as the call under way sees it; nil where there is none of that name.
local function module_of(name)
  if keeps[name] then return kept_of(name) end
  if sources[name] and not made[name] then made[name] = make(name, module_environment) end
  return made[name]
end


local function environment_with(others)
  local visible = {}
  for key, value in next, base do visible[key] = value end
  setmetatable(visible, {__index = function(_, name) return others(name) end})
  return freeze(visible)
end


-- What a module sees: the sealed environment, and other modules by name. It can set no global.
function shared.seal()
  module_environment, kept_environment = environment_with(module_of), environment_with(kept_of)
end


-- Returns the metatable for the environments of scripts that list these modules. A module becomes a global of the
-- call's environment at its first use.
function shared.meta_for(modules)
  local visible, listed = {}, {}
  for key, value in next, base do visible[key] = value end
  for place = 1, #modules do
    local name = modules[place]
    if keeps[name] then visible[name] = kept_of(name) else listed[name] = true end
  end
  if next(listed) == nil then return {__index = visible, __metatable = false} end
  setmetatable(visible, {__index = function(_, name)
    if not listed[name] then return nil end
    local module = module_of(name)
    rawset(place_of_globals, name, module)
    return module
  end})
  return {__index = visible, __metatable = false}
end


function shared.add(name, source, keep)
  if base[name] ~= nil then error("a shared module must not be called `" .. name .. "`, which the kit has", 0) end
  sources[name], keeps[name] = source, keep or nil
end


-- Makes a module, as a call's first use of it would.
function shared.try(name)
  if not module_of(name) then error("there is no shared module `" .. name .. "`", 0) end
end


-- Returns the names of a module's members, where the call under way made it.
function shared.members(name)
  local names = {}
  for key in base.pairs(module_of(name)) do
    if type(key) == "string" then names[#names + 1] = key end
  end
  return names
end


-- Called as a call begins, with the environment that it runs in.
function shared.begin(environment)
  place_of_globals = environment
  if next(made) ~= nil then made = {} end
  if next(making) ~= nil then making = {} end
end

return shared
