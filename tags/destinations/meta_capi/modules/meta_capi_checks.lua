-- Why Meta would refuse a server event. One invalid event makes it refuse the whole batch, so these are asked before.
-- Rules: Meta developer documentation, Conversions API parameters, checked 2026-09.


local is_empty = values.is_empty
local EXTINFO_SIZE = 16


local function check_website(server)
  local url = server.event_source_url
  if not url or not url:find("^https?://") then
    return "no_page_url: a website event needs the page's URL (page_location) with its scheme"
  end
  if not server.user_data.client_user_agent then
    return "no_user_agent: a website event needs the browser's user agent"
  end
  return nil
end


local function check_app(server)
  local data = server.app_data
  if type(data) ~= "table" or data.advertiser_tracking_enabled == nil or data.application_tracking_enabled == nil then
    return "invalid_app_data: an app event needs app_data with advertiser_ and application_tracking_enabled"
  end
  local info = data.extinfo
  if info == nil then return nil end
  if type(info) ~= "table" or #info ~= EXTINFO_SIZE or is_empty(info[1]) or is_empty(info[5]) then
    return "invalid_app_data: extinfo has 16 texts, of which the first and the fifth are not empty"
  end
  return nil
end


local function check_messaging(server)
  if not is_empty(server.messaging_channel) then return nil end
  return "no_messaging_channel: a business_messaging event needs its messaging_channel"
end


local CHECKS = { website = check_website, app = check_app, business_messaging = check_messaging }


local function check_purchase(server)
  local custom = server.custom_data or {}
  if custom.value == nil then return "no_value: Purchase needs a value of 0 or more" end
  if custom.currency == nil then return "no_currency: Purchase needs a currency of three letters" end
  return nil
end


-- Returns why Meta would refuse the event, or nil.
local function problem_of(server, dropped)
  if meta_capi_people.are_weak(server.user_data) then
    return "weak_identifiers: Meta cannot match anyone with so little user_data" .. dropped
  end
  local check = CHECKS[server.action_source]
  local problem = check and check(server)
  if problem then return problem end
  return server.event_name == "Purchase" and check_purchase(server) or nil
end


return { problem_of = problem_of }
