-- In this order: nearly every browser names itself after another one too.
local NOT_TOLD = {
  "; wv)", "FBAN", "FBAV", "Instagram", "Line/", "GSA/", "Vivaldi", "YaBrowser", "DuckDuckGo", "UCBrowser", "Electron",
  "HeadlessChrome",
}
local BROWSERS = {
  { "Edg/", "Edge" }, { "EdgA/", "Edge" }, { "EdgiOS/", "Edge" }, { "OPR/", "Opera" }, { "OPiOS/", "Opera" },
  { "OPT/", "Opera" }, { "SamsungBrowser/", "Samsung Internet" }, { "FxiOS/", "Firefox" }, { "Firefox/", "Firefox" },
  { "CriOS/", "Chrome" }, { "Chrome/", "Chrome" },
}
local SYSTEMS = {
  { "Windows Phone", "other" }, { "Windows NT", "Windows" }, { "iPhone", "iOS" }, { "iPad", "iOS" }, { "iPod", "iOS" },
  { "Android", "Android" }, { "CrOS", "ChromeOS" }, { "Macintosh", "macOS" }, { "Linux", "Linux" },
}


local function has(agent, word)
  return agent:find(word, 1, true) ~= nil
end


local function first_of(agent, words)
  for _, pair in ipairs(words) do
    if has(agent, pair[1]) then return pair[2] end
  end
  return "other"
end


local function browser(agent)
  for _, word in ipairs(NOT_TOLD) do
    if has(agent, word) then return "other" end
  end
  local named = first_of(agent, BROWSERS)
  if named ~= "other" or not (has(agent, "Version/") and has(agent, "Safari/")) then return named end
  return has(agent, "Android") and "other" or "Safari"
end


local function system(agent)
  return first_of(agent, SYSTEMS)
end


local function device(agent)
  local runs = system(agent)
  if runs == "other" then return "other" end
  if has(agent, "iPad") then return "tablet" end
  if runs == "iOS" then return "mobile" end
  if runs == "Android" then return has(agent, "Mobile") and "mobile" or "tablet" end
  return "desktop"
end


local PARTS = { browser = browser, device = device, system = system }


local function resolve(event, settings)
  local agent = event.user_agent
  if type(agent) ~= "string" or bots.match(agent) then return "other" end
  return PARTS[settings.part](agent)
end


return { resolve = resolve }
