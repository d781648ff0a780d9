local function resolve(_, settings)
  return incoming.query(settings.name) or settings.default
end


return { resolve = resolve }
