"""What tries to change another call, or to hand the host something that it must not touch."""

from __future__ import annotations

from tests.lua.attacks.table import Rows

# fmt: off
ATTACKS: dict[str, Rows] = {
    "smuggled values": [
        ("function as an argument", 'crypto.sha256(function() end)', "error"),
        ("thread as an argument", 'crypto.sha256(coroutine.create(function() end))', "error"),
        ("cycle as an argument", 'local t = {} t.t = t return url.build_query(t)', "error"),
        ("function in a table", 'url.build_query({a = function() end})', "error"),
        ("cycle as the result", 'local t = {} t.t = t return t', "result"),
        ("function in the result", 'return {a = function() end, b = 1}', "ok", {"b": 1}),
        ("coroutine in the result", 'return {a = coroutine.create(function() end), b = 1}', "ok", {"b": 1}),
        ("table as a key", 'return {[{}] = 1}', "result"),
        ("function as a key", 'return {[map] = 1, [print or 2.5] = 2}', "result"),
        ("boolean as a key", 'return {[true] = 1, [1] = 2}', "result"),
        ("NaN in the result", 'return {a = 0 / 0}', "result"),
        ("bytes in the result", "return {a = '\\xff\\xfe'}", "result"),
        ("bytes as the result", "return '\\xff\\xfe'", "result"),
        ("bytes as a key", "return {['\\xff\\xfe'] = 1}", "result"),
        ("kit function as a comparator", 'table.sort({3, 2, 1}, crypto.sha256)', "any"),
        ("kit function as __index", 'return setmetatable({}, {__index = crypto.sha256}).abc', "error"),
        ("kit function as an iterator", "for _ in bots.match, 'a' do break end", "any"),
        ("kit function as a callback", "return (('abc'):gsub('.', crypto.sha256))", "ok"),
        ("host object by the error", 'error(crypto.sha256)', "error"),
    ],
    "shared state": [
        ("library field", 'string.rep = nil', "error"),
        ("rawset on a library", "rawset(string, 'canary', 1)", "error"),
        ("table.insert into a library", 'table.insert(string, 1)', "error"),
        ("table.move into a library", 'table.move({1}, 1, 1, 1, string)', "error"),
        ("global stays in the call", 'canary = 1 _G.canary2 = 2 return canary', "ok", 1),
        ("override a global", 'string = {} tostring = nil pcall = nil', "ok"),
        ("metatable of _G", 'setmetatable(_G, {__index = function() return 1 end})', "error"),
        ("metatable of _ENV", 'setmetatable(_ENV, nil)', "error"),
        ("string method", "(''):getmetatable()", "error"),
        ("randomseed", 'math.randomseed(1)', "error"),
        ("change the event", "event.event_name = 'canary' event.items = nil return event.event_name", "ok", "canary"),
        ("change the settings", 'settings.canary = 1', "ok"),
        ("_ENV of a function", 'local _ENV = {} canary = 1', "ok"),
        ("kit namespace", "json.encode = function() return 'canary' end", "error"),
        ("next on a library", 'return next(string)', "any"),
        ("pairs on a library", 'for k in pairs(string) do string.canary = k end', "any"),
        ("upvalue between calls", 'calls = (calls or 0) + 1 return calls', "ok", 1),
    ],
    "finalizers": [
        ("__gc at once", 'setmetatable({}, {__gc = function() while true do end end})', "error"),
        ("__gc later", 'local m = {} setmetatable({}, m) m.__gc = function() while true do end end', "ok"),
        ("__gc later, set again",
         'local m = {} local t = setmetatable({}, m) m.__gc = function() while true do end end '
         'setmetatable(t, m)', "error"),
        ("__gc false", 'setmetatable({}, {__gc = false})', "error"),
        ("weak table", "setmetatable({}, {__mode = 'k'})", "error"),
    ],
    "metamethods on the host": [
        ("__index",
         'local function loop() while true do end end\n'
         'return setmetatable({a = 1}, {__index = loop})', "ok", {"a": 1}),
        ("__len",
         'local function loop() while true do end end\n'
         'return setmetatable({a = 1}, {__len = loop})', "ok", {"a": 1}),
        ("__pairs",
         'local function loop() while true do end end\n'
         'return setmetatable({a = 1}, {__pairs = loop})', "ok", {"a": 1}),
        ("__tostring",
         'local function loop() while true do end end\n'
         'return setmetatable({a = 1}, {__tostring = loop})', "ok", {"a": 1}),
        ("__eq",
         'local function loop() while true do end end\n'
         'return setmetatable({a = 1}, {__eq = loop})', "ok", {"a": 1}),
        ("__lt",
         'local function loop() while true do end end\n'
         'return setmetatable({a = 1}, {__lt = loop})', "ok", {"a": 1}),
        ("__call",
         'local function loop() while true do end end\n'
         'return setmetatable({a = 1}, {__call = loop})', "ok", {"a": 1}),
        ("__newindex",
         'local function loop() while true do end end\n'
         'return setmetatable({a = 1}, {__newindex = loop})', "ok", {"a": 1}),
        ("__close",
         'local function loop() while true do end end\n'
         'return setmetatable({a = 1}, {__close = loop})', "ok", {"a": 1}),
        ("nested",
         'local function loop() while true do end end\n'
         'return {b = setmetatable({1}, {__len = loop, __index = loop})}', "ok", {"b": [1]}),
        ("functions table",
         'local function loop() while true do end end\n'
         'return setmetatable({}, {__index = loop})', "ok", {}),
        ("error object",
         'local function loop() while true do end end\n'
         'error(setmetatable({}, {__tostring = loop, __index = loop}))', "error"),
        ("JSON",
         'local function loop() while true do end end\n'
         'return json.encode(setmetatable({1}, {__len = loop, __index = loop, __pairs = loop}))', "ok", "[1]"),
        ("logs",
         'local function loop() while true do end end\n'
         'log.info(setmetatable({1}, {__len = loop, __index = loop}))', "ok"),
    ],
    "coroutine forging": [
        ("yield at top level", 'coroutine.yield({})', "error"),
        ("yield at top level, caught", 'return pcall(coroutine.yield, {})', "ok"),
        ("yield in a comparator", 'table.sort({2, 1}, function() coroutine.yield() end)', "error"),
        ("yield in a gsub callback", "('a'):gsub('a', function() coroutine.yield() end)", "error"),
        ("yield in __close",
         'local x <close> = setmetatable({}, {__close = function() coroutine.yield() end})', "error"),
        ("yield of tokens",
         "local f = coroutine.wrap(function() for _, v in ipairs({{}, 1, true, 'idle'}) do "
         'coroutine.yield(v) end return 7 end)\n'
         'f() f() f() f() return f()', "ok", 7),
        ("resume after the end",
         'local co = coroutine.create(function() end) coroutine.resume(co) return coroutine.resume(co)', "ok"),
        ("close the runner", 'return pcall(coroutine.close, coroutine.running())', "ok"),
        ("close the runner from inside",
         'local r = coroutine.running() return coroutine.wrap(function() return pcall(coroutine.close, r) '
         'end)()', "ok"),
        ("resume itself", 'return coroutine.resume((coroutine.running()))', "ok"),
        ("resume no coroutine", 'coroutine.resume(42)', "error"),
    ],
}
# fmt: on
