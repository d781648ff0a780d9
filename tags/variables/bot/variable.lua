local function resolve(event)
  return type(event.user_agent) == "string" and bots.match(event.user_agent)
end


return { resolve = resolve }
