-- Copies of the host's data. A script gets its own, cut to what its manifest grants and the operator does not deny: one
-- table in two scripts' hands would be a channel between them. Runs outside of calls, on data that is no script's.

local next <const>, type <const>, sub <const>, find <const> = next, type, string.sub, string.find


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


-- What a node of a tree says of a member: true (all of it), a tree, or nil (nothing).
local function below(node, name)
  if node == nil or node == true then return node end
  for prefix in next, node.prefixes do
    if sub(name, 1, #prefix) == prefix then return true end
  end
  return node.names[name]
end

-- What is denied of a member. A name with dots in it is denied like the path that it looks like.
local function denial(node, name)
  local node_below = below(node, name)
  local dot = node_below == nil and find(name, ".", 1, true)
  if not dot then return node_below end
  local first = below(node, sub(name, 1, dot - 1))
  if first == nil or first == true then return first end
  return denial(first, sub(name, dot + 1))
end

local left


-- A denial of all that lies beneath a value takes also a value that is no table.
local function permitted(value, tree, denied)
  if denied == nil then return granted(value, tree) end
  if denied == true then return nil end
  if type(value) == "table" then return left(value, tree, denied) end
  if tree == true and not denied.prefixes[""] then return value end
  return nil
end


local function left_list(source, tree, denied)
  local copy, count = {}, 0
  for place = 1, #source do
    local value = permitted(source[place], tree, denied)
    if value ~= nil then
      count = count + 1
      copy[count] = value
    end
  end
  return copy
end


-- What `tree` grants, true = all, without what the tree `denied` names. Both have the form that `cut` takes.
left = function(source, tree, denied)
  if source[1] ~= nil then return left_list(source, tree, denied) end
  local copy = {}
  for name, value in next, source do
    local grant = below(tree, name)
    if grant ~= nil then copy[name] = permitted(value, grant, denial(denied, name)) end
  end
  return copy
end

return {whole = whole, cut = cut, left = left}
