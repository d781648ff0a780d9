-- Copies of the host's data. A script gets its own, cut to what its manifest grants: one table in two scripts' hands
-- would be a channel between them. Runs outside of calls, on data that is no script's.

local next <const>, type <const>, sub <const> = next, type, string.sub


local function whole(source)
  local copy = {}
  for key, value in next, source do
    if type(value) == "table" then
      copy[key] = whole(value)
    else
      copy[key] = value
    end
  end
  return copy
end

local cut


-- A path that goes on past a value which is no table does not grant that value.
local function granted(value, tree)
  if type(value) ~= "table" then
    if tree == true then return value end
    return nil
  end
  if tree == true then return whole(value) end
  return cut(value, tree)
end


local function cut_list(source, tree)
  local copy, count = {}, 0
  for place = 1, #source do
    local value = granted(source[place], tree)
    if value ~= nil then
      count = count + 1
      copy[count] = value
    end
  end
  return copy
end


-- `tree` is {names = {name = true or tree}, prefixes = {text = true}}. A list is cut element by element.
cut = function(source, tree)
  if source[1] ~= nil then return cut_list(source, tree) end
  local copy = {}
  for name, below in next, tree.names do
    local value = source[name]
    if value ~= nil then copy[name] = granted(value, below) end
  end
  if next(tree.prefixes) == nil then return copy end
  for name, value in next, source do
    for prefix in next, tree.prefixes do
      if sub(name, 1, #prefix) == prefix then copy[name] = granted(value, true) end
    end
  end
  return copy
end

return {whole = whole, cut = cut}
