-- Server events to Meta's Conversions API. What an event becomes is in meta_capi_event.lua, what an answer means in
-- meta_capi_answers.lua. The access token travels in the body, because URLs end up in logs.


local COMPANION_SETTINGS = { "partner_agent", "test_event_code" }


local function map(event, settings)
  local server_event, reason = meta_capi_event.build(event, settings)
  if not server_event then return nil, reason end
  return server_event, { key = meta_capi_event.batch_key(event) }
end


local function url_of(settings)
  local base = settings.endpoint:gsub("/+$", "")
  local url = ("%s/%s/%s/events"):format(base, settings.graph_version, settings.pixel_id)
  if not settings.app_secret then return url end
  return url .. "?appsecret_proof=" .. crypto.hmac_sha256(settings.app_secret, settings.access_token)
end


local function request(batch, settings)
  local body = batch.key ~= "" and json.decode(batch.key) or {}
  for _, name in ipairs(COMPANION_SETTINGS) do body[name] = body[name] or settings[name] end
  body.access_token = settings.access_token
  body.data = batch.items
  return {
    method = "POST",
    url = url_of(settings),
    headers = { ["Content-Type"] = "application/json" },
    body = body,
  }
end


return { map = map, request = request, verdict = meta_capi_answers.verdict }
