local function resolve(_, settings)
  if settings.part == "host" then
    local host = incoming.host()
    return host and host:gsub(":%d+$", "")
  end
  if settings.part == "method" then return incoming.method() end
  return incoming.path()
end


return { resolve = resolve }
