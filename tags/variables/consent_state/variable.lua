local function resolve(_, settings, consent)
  return consent[settings.purpose]
end


return { resolve = resolve }
