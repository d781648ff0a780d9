-- What an answer of Meta's Graph API means for the events that were sent.
-- Codes: Meta developer documentation, Graph API error handling and Conversions API, checked 2026-09.
-- The body decides and not the status: Graph puts an `error` object into every failure.


local RETRY = { [1] = true, [2] = true, [5000] = true, [21009] = true }
local THROTTLE = { [4] = true, [17] = true, [32] = true, [341] = true, [613] = true }
local FIRST_BUSINESS_LIMIT, LAST_BUSINESS_LIMIT = 80000, 80014
local BLOCKED, BLOCKED_WAIT_S = 368, 3600

-- The credential or its rights are at fault, so that every event would fail: the tag stops and loses none.
local CREDENTIAL = { [3] = true, [10] = true, [102] = true, [190] = true }
local FIRST_PERMISSION, LAST_PERMISSION = 200, 299
local INVALID_PARAMETER, NO_SUCH_OBJECT = 100, 33
local REJECT = { [INVALID_PARAMETER] = true, [105] = true, [506] = true }

local USAGE_HEADERS = { "x-business-use-case-usage", "x-ad-account-usage", "x-app-usage" }
local TOO_LARGE = 413
local MAX_DEPTH = 4


local function within(code, first, last)
  return code >= first and code <= last
end


-- Returns the longest time, in minutes, that a usage header names anywhere inside.
local function longest_wait(usage, depth)
  if type(usage) ~= "table" or depth > MAX_DEPTH then return 0 end
  local minutes = tonumber(usage.estimated_time_to_regain_access) or 0
  for _, inner in pairs(usage) do minutes = math.max(minutes, longest_wait(inner, depth + 1)) end
  return minutes
end


local function wait_s(headers)
  local minutes = 0
  for _, name in ipairs(USAGE_HEADERS) do
    local readable, usage = pcall(json.decode, headers[name] or "{}")
    if readable then minutes = math.max(minutes, longest_wait(usage, 1)) end
  end
  return minutes > 0 and minutes * 60 or tonumber(headers["retry-after"])
end


local function words_of(problem)
  local code = tostring(problem.code)
  if problem.error_subcode then code = code .. "/" .. tostring(problem.error_subcode) end
  local words = "code " .. code .. ": " .. tostring(problem.error_user_msg or problem.message or "no message")
  local data = problem.error_data
  local fields = type(data) == "table" and data.blame_field_specs
  if fields then words = words .. " (" .. json.encode(fields) .. ")" end
  return words
end


local function of_error(problem, headers)
  local code = math.tointeger(tonumber(problem.code)) or 0
  local reason = words_of(problem)
  if THROTTLE[code] or within(code, FIRST_BUSINESS_LIMIT, LAST_BUSINESS_LIMIT) then
    return { disposition = "retry", reason = reason, retry_after = wait_s(headers) }
  end
  if code == BLOCKED then return { disposition = "retry", reason = reason, retry_after = BLOCKED_WAIT_S } end
  if problem.is_transient == true or RETRY[code] then return { disposition = "retry", reason = reason } end
  local no_access = code == INVALID_PARAMETER and tonumber(problem.error_subcode) == NO_SUCH_OBJECT
  if CREDENTIAL[code] or within(code, FIRST_PERMISSION, LAST_PERMISSION) or no_access then
    return { disposition = "retry", reason = reason, stop = true }
  end
  if REJECT[code] then return { disposition = "reject", reason = reason } end
  return { disposition = "retry", reason = reason }
end


-- A page of HTML or a gateway's words come from something before Graph, whatever their status.
local function is_foreign(response)
  if type(response.json) == "table" then return response.json.success == false end
  local body = response.body or ""
  return body:find("^%s*<") ~= nil or body:find("Service Unavailable", 1, true) ~= nil
end


local function of_success(body, count)
  local received = type(body) == "table" and tonumber(body.events_received)
  if received and received < count then
    log.warn(("Meta counted %d of %d events"):format(received, count))
  end
  return { disposition = "delivered" }
end


local function verdict(response, batch)
  local body, status = response.json, response.status
  if type(body) == "table" and type(body.error) == "table" then return of_error(body.error, response.headers) end
  if within(status, 200, 299) and not is_foreign(response) then return of_success(body, batch.count) end
  local reason = ("HTTP %d without an answer of Graph's"):format(status)
  if status == TOO_LARGE then return { disposition = "reject", reason = reason } end
  return { disposition = "retry", reason = reason, retry_after = wait_s(response.headers) }
end


return { verdict = verdict }
