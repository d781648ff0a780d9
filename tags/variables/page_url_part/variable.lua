local USUAL_PORTS = { http = 80, https = 443 }


local function parameter(parts, settings)
  return parts.query and settings.parameter and url.query(parts.query)[settings.parameter]
end


local function host(parts, settings)
  return settings.strip_www and parts.host:gsub("^www%.", "") or parts.host
end


local READERS = {
  scheme = function(parts) return parts.scheme end,
  host = host,
  domain = function(parts) return domain.registrable(parts.host) end,
  port = function(parts) return parts.port or USUAL_PORTS[parts.scheme] end,
  path = function(parts) return parts.path or "/" end,
  query = function(parts) return parts.query end,
  parameter = parameter,
  fragment = function(parts) return parts.fragment end,
}


local function resolve(event, settings)
  local address = paths.value_at(event, settings.field)
  local parts = type(address) == "string" and url.parse(address)
  if not parts then return settings.default end
  if settings.part == "url" then return (address:gsub("#.*$", "")) end
  return READERS[settings.part](parts, settings) or settings.default
end


return { resolve = resolve }
