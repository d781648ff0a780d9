local function resolve(_, settings)
  return random.integer(settings.min, settings.max)
end


return { resolve = resolve }
