local function is_value(value)
  return type(value) == "string" or type(value) == "number" or type(value) == "boolean"
end


local function with_query(address, query)
  local names = {}
  for name, value in pairs(query or {}) do
    if is_value(value) then names[#names + 1] = name end
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local before = address:find("?", 1, true) and "&" or "?"
    address = address .. before .. url.encode(name) .. "=" .. url.encode(tostring(query[name]))
  end
  return address
end


local function headers_of(settings)
  local headers = { accept = "application/json" }
  for name, value in pairs(settings.headers or {}) do
    if is_value(value) then headers[text.lower(name)] = tostring(value) end
  end
  if settings.token then headers[text.lower(settings.token_header)] = settings.token_prefix .. settings.token end
  return headers
end


local function lookup(event, settings)
  local request = { method = settings.method, url = with_query(settings.url, settings.query) }
  request.headers = headers_of(settings)
  if settings.method == "POST" then request.body = settings.body end
  return request
end


local function resolve(event, settings, consent, answer)
  if answer == nil or answer.status < 200 or answer.status > 299 then return settings.default end
  local value = answer.json
  if value == nil then value = answer.body ~= "" and answer.body or nil end
  if settings.path ~= "" then value = type(value) == "table" and paths.value_at(value, settings.path) or nil end
  if value == nil then return settings.default end
  return value
end


return { lookup = lookup, resolve = resolve }
