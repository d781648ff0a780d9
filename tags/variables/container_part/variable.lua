local function resolve(_, settings)
  return container[settings.part]()
end


return { resolve = resolve }
