local DAY_S, HOUR_S, WEEK = 86400, 3600, 7
local EPOCH_WEEKDAY = 3 -- 1 January 1970 was a Thursday; Monday is 0.

local FORMS = {
  seconds = function() return time.now() end,
  milliseconds = function() return time.now_ms() end,
  iso = function() return time.iso(time.now()) end,
  iso_ms = function() return time.iso_ms(time.now_ms() / 1000) end,
  day = function() return time.day(time.now()) end,
  hour = function() return time.now() % DAY_S // HOUR_S end,
  weekday = function() return (time.now() // DAY_S + EPOCH_WEEKDAY) % WEEK + 1 end,
}


local function resolve(_, settings)
  return FORMS[settings.unit]()
end


return { resolve = resolve }
