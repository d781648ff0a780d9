-- What an answer of TikTok's Events API means for the events that were sent. Codes: TikTok API for Business, v1.3,
-- checked 2026-09. The body decides, because most failures come with HTTP 200.


local OK, PARTIAL = 0, 20001

-- The credential or its rights are at fault, so that every event would fail: the tag stops and loses none.
local CREDENTIAL = { [40001] = true, [40105] = true }
local TOO_MANY_REQUESTS = 40100
local FIRST_REFUSAL, FIRST_SERVER_FAULT = 40000, 50000

-- Statuses without an answer of TikTok's. Some say that endpoint or token are wrong, none says what of an event is.
local RETRY_STATUSES = { [408] = true, [425] = true, [429] = true }
local STOP_STATUSES = { [401] = true, [403] = true, [404] = true, [405] = true, [407] = true }

-- Names under which a list of refused events may give the place of each.
local INDEX_NAMES = { "index", "event_index", "order_in_list", "order" }

local type, ipairs, pairs, tostring, tonumber, tointeger = type, ipairs, pairs, tostring, tonumber, math.tointeger


-- Returns the code of an answer, or of an entry in it; nil where it has none that is a whole number.
local function code_of(said)
  local code = said.code
  return (type(code) == "number" or type(code) == "string") and tointeger(tonumber(code)) or nil
end


local function words_of(said)
  local words = ("code %s: %s"):format(tostring(said.code), tostring(said.message or "no message"))
  return said.request_id and words .. " (request " .. tostring(said.request_id) .. ")" or words
end


-- Returns the disposition of a code that is a failure.
local function of_code(code, reason)
  if CREDENTIAL[code] then return { disposition = "retry", reason = reason, stop = true } end
  if code == TOO_MANY_REQUESTS then return { disposition = "retry", reason = reason } end
  local refused = code >= FIRST_REFUSAL and code < FIRST_SERVER_FAULT
  return { disposition = refused and "reject" or "retry", reason = reason }
end


local function index_of(entry)
  if type(entry) ~= "table" then return nil end
  for _, name in ipairs(INDEX_NAMES) do
    if type(entry[name]) == "number" then return tointeger(entry[name]) end
  end
  return nil
end


-- Returns the places that a list names, and whether they count from 0; nil where the list cannot be read for certain:
-- an entry without code or place, a place twice or out of range, or a list that does not tell where counting begins.
local function places_of(list, count)
  local places, seen, from_zero, from_one = {}, {}, false, false
  for number, entry in ipairs(list) do
    local place = index_of(entry)
    if not place or not code_of(entry) or place < 0 or place > count or seen[place] then return nil end
    places[number], seen[place] = place, true
    from_zero, from_one = from_zero or place == 0, from_one or place == count
  end
  if from_zero == from_one then return nil end
  return places, from_zero
end


-- Returns the verdicts of the events that a list names, none where it cannot be read for certain.
local function items_in(list, count)
  local places, from_zero = places_of(list, count)
  if not places then return nil end
  local verdicts = {}
  for number, place in ipairs(places) do
    local entry = list[number]
    local code = code_of(entry)
    local verdict = code == OK and { disposition = "delivered" } or of_code(code, words_of(entry))
    verdict.index, verdict.stop = from_zero and place + 1 or place, nil
    verdicts[number] = verdict
  end
  return verdicts
end


-- Looks for the one list in `data` that tells what became of which event.
local function items_of(data, count)
  if type(data) ~= "table" then return nil end
  if data[1] ~= nil then return items_in(data, count) end
  local found
  for _, member in pairs(data) do
    local verdicts = type(member) == "table" and member[1] ~= nil and items_in(member, count)
    if verdicts and found then return nil end
    found = found or verdicts or nil
  end
  return found
end


-- No document says how TikTok names the events that it refused. Where it cannot be known, none is sent again: most were
-- taken. The reason stays with the attempt. A request of one event has no other that could be meant.
local function of_partial(said, count)
  local reason = words_of(said)
  if count == 1 then return { disposition = "reject", reason = reason } end
  local verdicts = items_of(said.data, count)
  if verdicts then return { disposition = "delivered", reason = reason, items = verdicts } end
  log.warn("TikTok refused some of " .. tostring(count) .. " events without saying which: " .. reason)
  return { disposition = "delivered", reason = "some were refused, which cannot be known: " .. reason }
end


-- A page of HTML, an empty body or a gateway's words come from something before TikTok's API.
local function of_status(status)
  local reason = ("HTTP %d without an answer of TikTok's"):format(status)
  local redirected = status >= 300 and status < 400
  if STOP_STATUSES[status] or redirected then return { disposition = "retry", reason = reason, stop = true } end
  local refused = status >= 400 and status < 500 and not RETRY_STATUSES[status]
  return { disposition = refused and "reject" or "retry", reason = reason }
end


local function verdict(response, batch)
  local said = response.json
  local code = type(said) == "table" and code_of(said)
  if not code then return of_status(response.status) end
  if code == OK then return { disposition = "delivered" } end
  if code == PARTIAL then return of_partial(said, batch.count) end
  return of_code(code, words_of(said))
end


return { verdict = verdict }
