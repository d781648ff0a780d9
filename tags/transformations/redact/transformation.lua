-- An address anywhere in a text, also in the query of a URL, where its @ may be encoded once or twice.
local EMAIL = [=[[^\s@/?&=#;,:"'<>()]+(?:@|%(?:25)*40)[^\s@/?&=#;,:"'<>()]+\.[^\x00-\x40\x5b-\x60\x7b-\x7f]{2,}]=]
local MOST_MASKED = 64
local MARK = "\1" -- Around what a pattern matched; no text of an event needs it.
local FIXED = { event_name = true, event_id = true, event_time = true }


local function masked(value, keep)
  local length = text.length(value)
  if length < 2 * keep then keep = 0 end
  local hidden = ("*"):rep(math.min(length - keep, MOST_MASKED))
  return keep == 0 and hidden or hidden .. value:sub(utf8.offset(value, -keep))
end


local function redacted(value, settings)
  if settings.mode == "mask" then return masked(value, settings.keep_last) end
  return settings.replacement or ""
end


-- Replaces a value; of an object or a list each value in it, so that its form stays.
local function redact(holder, key, settings)
  local value = holder[key]
  if type(value) ~= "table" then
    holder[key] = redacted(values.word_of(value) or "", settings)
    return
  end
  for inner in pairs(value) do redact(value, inner, settings) end
end


local function may_hold_email(value)
  return value:find("@", 1, true) or (value:find("%", 1, true) and value:find("40", 1, true))
end


-- Replaces each part of a text that a pattern matches.
local function without(value, pattern, settings)
  if settings.mode == "text" then
    return regex.replace(value, pattern, ((settings.replacement or ""):gsub("\\", "\\\\")))
  end
  local marked = regex.replace(value:gsub(MARK, ""), pattern, MARK .. "\\0" .. MARK)
  return (marked:gsub(MARK .. "([^" .. MARK .. "]*)" .. MARK, function(part)
    return masked(part, settings.keep_last)
  end))
end


local function clean(value, settings)
  if settings.emails and may_hold_email(value) then value = without(value, EMAIL, settings) end
  for _, pattern in ipairs(settings.patterns or {}) do value = without(value, pattern, settings) end
  return value
end


local function clean_all(holder, settings, fixed)
  for key, value in pairs(holder) do
    if type(value) == "table" then
      clean_all(value, settings, {})
    elseif type(value) == "string" and not fixed[key] then
      holder[key] = clean(value, settings)
    end
  end
end


local function apply(event, settings)
  for _, path in ipairs(settings.fields or {}) do
    for _, place in ipairs(paths.find(event, path)) do redact(place.holder, place.key, settings) end
  end
  if settings.emails or settings.patterns then clean_all(event, settings, FIXED) end
  return event
end


return { apply = apply }
