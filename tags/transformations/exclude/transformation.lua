local function remove(holder, key)
  if type(key) == "number" then
    table.remove(holder, key)
  else
    holder[key] = nil
  end
end


local function apply(event, settings)
  for _, path in ipairs(settings.fields) do
    local places = paths.find(event, path)
    -- From the last to the first: taking an element out of a list moves those behind it.
    for index = #places, 1, -1 do remove(places[index].holder, places[index].key) end
  end
  return event
end


return { apply = apply }
