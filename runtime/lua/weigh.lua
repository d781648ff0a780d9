-- Looks through a result before the host takes it. Lua holds a text once however often a result names it, but Python
-- would make a copy for each: gigabytes of a few kilobytes. Runs outside of calls, by raw access, so that no metamethod
-- is met.

local limits = ...

local next <const>, type <const>, clock <const> = next, type, os.clock

local NODES <const>, DEPTH <const>, BYTES <const> = limits.max_nodes, limits.max_depth, limits.max_result
local TABLES <const>, READ_S <const> = 16, 0.2

local nodes, bytes, tables, read_until


-- Returns what is too much, nil where nothing is.
local function refusal(value, depth)
  if value == nil then return nil end
  nodes = nodes + 1
  if nodes > NODES then return "more than " .. NODES .. " values" end
  if type(value) == "string" then bytes = bytes + #value end
  if bytes > BYTES then return "more than " .. BYTES .. " bytes of text" end
  if type(value) ~= "table" then return nil end
  if depth > DEPTH then return "a table of more than " .. DEPTH .. " levels, or one that contains itself" end
  tables = tables + 1
  if tables % TABLES == 0 and clock() > read_until then return "tables that take too long to read" end
  for key, member in next, value do
    if type(key) == "string" then bytes = bytes + #key end
    local problem = refusal(member, depth + 1)
    if problem then return problem end
  end
  return nil
end


-- Returns what is wrong with three results, nil where the host may take them.
return function(a, b, c)
  nodes, bytes, tables, read_until = 0, 0, 0, clock() + READ_S
  return refusal(a, 1) or refusal(b, 1) or refusal(c, 1)
end
