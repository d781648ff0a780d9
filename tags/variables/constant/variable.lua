local function resolve(_, settings)
  return settings.value
end


return { resolve = resolve }
