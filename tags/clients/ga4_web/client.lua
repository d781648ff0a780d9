-- Hits of Google's tag for GA4 (`/g/collect`), which is not documented: read as open clients write it, checked 2026-09.
-- The query holds what all events share; a body holds one event a line, in the same form, whose parameters replace the
-- query's. Without a body the query is the event.


local MAX_LINES, MAX_LINE, MAX_PARAMS = 100, 16 * 1024, 512

-- Line breaks, of which those of blank lines are no event's.
local MOST_BREAKS = 10 * MAX_LINES

-- Values that the events of a hit may hold together, so that no hit takes more time than a script has. Google's tag sends
-- at most 16 KiB, which hold half of it.
local MAX_VALUES = 4000

-- Bytes of a cookie that can hold a client id; a pattern over a longer one would take too long.
local MAX_COOKIE = 200


local function dead(reason, message, ...)
  return { dead = reason, message = message:format(...) }
end


local function occurrences(raw, pattern)
  return select(2, raw:gsub(pattern, "%0"))
end


-- Returns the parameters of a query or a line; nil and a dead entry where there are too many.
local function params_of(raw, repairs)
  if #raw > MAX_LINE then return nil, dead("line_too_long", "A query or line has more than %d bytes.", MAX_LINE) end
  if occurrences(raw, "&") >= MAX_PARAMS then
    return nil, dead("too_many_params", "A query or line has more than %d parameters.", MAX_PARAMS)
  end
  local stray = occurrences(raw, "%%") - occurrences(raw, "%%%x%x")
  if stray > 0 then repairs.bad_percent = (repairs.bad_percent or 0) + stray end
  return url.query(raw)
end


-- Returns the event lines of a body; nil where there are more than a hit may have.
local function lines_of(body)
  local lines = {}
  if occurrences(body, "\n") > MOST_BREAKS then return nil end
  for _, line in ipairs(text.split(body, "\n")) do
    if text.ends_with(line, "\r") then line = line:sub(1, -2) end
    if line:find("%S") then lines[#lines + 1] = line end
  end
  return #lines <= MAX_LINES and lines or nil
end


-- Returns the query's parameters with those of a line in their place, and how many they are.
local function overlay(shared, own)
  local params, size = {}, 0
  for name, value in pairs(shared) do params[name] = value end
  for name, value in pairs(own) do params[name] = value end
  for _ in pairs(params) do size = size + 1 end
  return params, size
end


local function contains(list, value)
  for _, each in ipairs(list) do
    if each == value then return true end
  end
  return false
end


-- Returns a dead entry where the parameters are no event that this client takes.
local function refusal(params, size, settings)
  local allowed = settings.measurement_ids
  if size > MAX_PARAMS then return dead("too_many_params", "The event has more than %d parameters.", MAX_PARAMS) end
  if params.v ~= "2" then return dead("wrong_version", "`v`, the format's version, is not 2.") end
  if (params.tid or "") == "" then return dead("no_measurement_id", "`tid`, the measurement id, is missing.") end
  if allowed and allowed[1] and not contains(allowed, params.tid) then
    return dead("measurement_id_refused", "`tid` is none of the client's measurement ids.")
  end
  if (params.en or "") == "" then return dead("no_event_name", "`en`, the event's name, is missing.") end
  return nil
end


-- The client id of a cookie: the last two parts of `_ga`; of the cookie of a server-side container, which comes first,
-- the text before its time may hold escapes. Both forms are from memory, so that another form is no error.
local function client_id_of(cookies)
  local server, browser = cookies.FPID or "", cookies._ga or ""
  if #server > MAX_COOKIE or #browser > MAX_COOKIE then return nil end
  local own = url.decode(server):match("^FPID%d+%.%d+%.([%w+/=_-]+%.%d+)$")
  return own or browser:match("^GA%d+%.[%d-]+%.(%d+%.%d+)$")
end


-- Reads one event into the hit's state.
local function read_event(params, size, settings, state)
  state.values = state.values + size
  local refused = refusal(params, size, settings)
  if refused then return refused end
  local event, more = ga4_web_event.read(params, state.pages, state.repairs)
  state.values = state.values + more
  event.client_id = event.client_id or state.client_id
  return event
end


-- Reads one line; past the hit's limit it is dead like one that is no event.
local function read_line(line, shared, settings, state)
  if state.values > MAX_VALUES then
    return dead("too_many_params", "The events of a hit have more than %d values together.", MAX_VALUES)
  end
  local own, problem = params_of(line, state.repairs)
  if not own then return problem end
  local params, size = overlay(shared, own)
  return read_event(params, size, settings, state)
end


local function parse(hit, settings)
  local state = { values = 0, pages = {}, repairs = {}, client_id = client_id_of(hit.cookies) }
  local lines = lines_of(hit.body or "")
  if not lines then return nil, "too_many_lines", ("The body has more than %d lines."):format(MAX_LINES) end
  local shared, problem = params_of(hit.query or "", state.repairs)
  if not shared then return nil, problem.dead, problem.message end
  if not lines[1] then
    local params, size = overlay(shared, {})
    local event = read_event(params, size, settings, state)
    if event.dead then return nil, event.dead, event.message end
    return { event }, state.repairs
  end
  local events = {}
  for place, line in ipairs(lines) do events[place] = read_line(line, shared, settings, state) end
  return events, state.repairs
end


return { parse = parse }
