local function resolve(_, settings)
  return incoming.header(settings.name) or settings.default
end


return { resolve = resolve }
