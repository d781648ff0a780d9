"""What takes a little of the budget and makes much of it: in C, in the host's hands, or between two looks at "
         "the clock.

Each of these once ran for seconds, took gigabytes, or was told of as something else.
"""

from __future__ import annotations

from tests.lua.attacks.table import Rows

_EMPTIED = "local e = {} for i = 1, 100000 do e['k' .. i] = 1 end for k in next, e do e[k] = nil end\n"
_FULL = "local s, t = ('x'):rep(1000000), {} for i = 1, 22 do t[i] = s .. i end\n"
_SPACES = "local s, t = (' '):rep(1000000) .. '65', {} for i = 1, 7000 do t[i] = s end\n"

# fmt: off
ATTACKS: dict[str, Rows] = {
    "long C calls": [
        ("numbers as long texts, to string.char", _SPACES + "while true do string.char(table.unpack(t)) end",
         "cpu"),
        ("numbers as long texts, to utf8.char", _SPACES + "while true do utf8.char(table.unpack(t)) end", "cpu"),
        ("numbers as long texts, to math.max", _SPACES + "while true do math.max(table.unpack(t)) end", "cpu"),
        ("numbers as long texts, to math.floor", _SPACES + "while true do math.floor(s) end", "cpu"),
        ("numbers as long texts, to math.ult", _SPACES + "while true do math.ult(s, s) end", "cpu"),
        ("numbers as long texts, to sub", _SPACES + "while true do local x = ('abc'):sub(s) end", "cpu"),
        ("numbers as long texts, to select", _SPACES + "while true do select(s, 1) end", "cpu"),
        ("numbers as long texts, to utf8.len", _SPACES + "while true do pcall(utf8.len, 'a', s) end", "cpu"),
        ("numbers as long texts, to tonumber", _SPACES + "while true do pcall(tonumber, '1', s) end", "cpu"),
        ("numbers as long texts, to a loop", _SPACES + "while true do pcall(function() for _ = 1, s do break "
         "end end) end",
         "cpu"),
        ("numbers as long texts, to os.time", _SPACES + "while true do os.time{year = s, month = s, day = s} "
         "end", "cpu"),
        ("concat of one text", "local s, t = ('x'):rep(1000000), {} for i = 1, 7 do t[i] = s end "
         "while true do table.concat(t) end", "cpu"),
        ("joining eight megabytes", "local s = ('x'):rep(1000000) s = s .. s s = s .. s s = s .. s "
         "while true do local x = s .. 'b' end", "any"),
        ("chain of __index", "local t = {} for i = 1, 1900 do t = setmetatable({}, {__index = t}) end "
         "while true do local x = t.x end", "cpu"),
        ("next on a table emptied", _EMPTIED + "while true do next(e) end", "cpu"),
        ("JSON of a table emptied", _EMPTIED + "local t = {} for i = 1, 40000 do t[i] = e end return "
         "json.encode(t)", "cpu"),
        ("logs of a table emptied", _EMPTIED + "local t = {} for i = 1, 40000 do t[i] = e end "
         "while true do log.info(t) end", "cpu"),
    ],
    "pattern bombs": [
        ("many gmatch that wait", "local s, t = ('a'):rep(1220), {} for i = 1, 500 do t[i] = s:gmatch('.-b') end "
         "for i = 1, 500 do t[i]() end while true do end", "cpu"),
        ("many gmatch of degree three", "local s, t = ('a'):rep(98), {} for i = 1, 900 do t[i] = "
         "s:gmatch('a-a-b') end "
         "for i = 1, 900 do t[i]() end while true do end", "cpu"),
        ("find at the bound", "local s = ('a'):rep(1220) while true do s:find('.-b') end", "cpu"),
        ("gsub callbacks that match", "local s = ('a'):rep(1000) while true do s:gsub('a', function() "
         "s:find('.-b') end) end",
         "cpu"),
        ("captures without end", "local s = ('a'):rep(20000) return s:find('(a-)(a-)(a-)%3%2%1b')", "cpu"),
    ],
    "memory": [
        ("caught and raised again",
         "local s = ('x'):rep(1000000) local ok, e = pcall(function() while true do s = s .. s end end) "
         "error(e)", "memory"),
        ("caught and raised with words",
         "local s = ('x'):rep(1000000) local ok, e = pcall(function() while true do s = s .. s end end) "
         "error('it: ' .. e)",
         "memory"),
        ("caught by xpcall", "local s = ('x'):rep(1000000) xpcall(function() while true do s = s .. s end "
         "end, error)",
         "memory"),
        ("caught by wrap", "local s = ('x'):rep(1000000) pcall(coroutine.wrap(function() while true do s = s "
         ".. s end end)) "
         "return 1", "memory"),
        ("caught by resume", "local s = ('x'):rep(1000000) "
         "return coroutine.resume(coroutine.create(function() while true do s = s .. s end end))", "memory"),
        ("hidden by __close", "local s = ('x'):rep(1000000) return pcall(function() "
         "local x <close> = setmetatable({}, {__close = function() error('mine') end}) while true do s = s .. "
         "s end end)",
         "memory"),
        ("seen by __close", "local s, seen = ('x'):rep(1000000) pcall(function() "
         "local x <close> = setmetatable({}, {__close = function(_, e) seen = e end}) while true do s = s .. "
         "s end end) "
         "return seen", "memory"),
        ("in __close", "local x <close> = setmetatable({}, {__close = function() local t = {} while true do "
         "t[#t + 1] = t end "
         "end})", "memory"),
        ("in gsub, caught", "return pcall(string.gsub, ('x'):rep(1000000), 'x', ('y'):rep(1000))", "memory"),
        ("in concat, caught", "local s, t = ('x'):rep(1000000), {} for i = 1, 1000 do t[i] = s end "
         "return pcall(table.concat, t)", "memory"),
        ("in JSON, caught", "local s, t = ('\\1'):rep(170000), {} while true do t[#t + 1] = select(2, "
         "pcall(json.encode, s)) "
         "end", "memory"),
        ("in a kit call, caught", _FULL + "for i = 1, 100 do pcall(text.upper, 'ä') end return 1", "memory"),
        ("full as it returns", _FULL + "return {t}", "memory"),
        ("full as it returns nothing", _FULL + "return 1, function() return t end", "memory"),
        ("full as it returns tables", "local r = {} for i = 1, 90 do r[i] = {{}, {}, {}, {}} end "
         "" + _FULL + "return {t, r}",
         "memory"),
        ("one text forty thousand times", "local s, t = ('x'):rep(1000000), {} for i = 1, 40000 do t[i] = s "
         "end return t",
         "result"),
        ("one text as every key", "local s, t = ('x'):rep(1000000), {} for i = 1, 8000 do t[i] = {[s] = 1} "
         "end return t",
         "result"),
        ("one text in the second result", "local s, t = ('x'):rep(1000000), {} for i = 1, 8000 do t[i] = s "
         "end return 1, t",
         "result"),
        ("one text behind many values", "local a = {} for i = 1, 50001 do a[i] = 1 end "
         "local s, t = ('x'):rep(1000000), {a} for i = 2, 40000 do t[i] = s end return t", "result"),
        ("a short text many times", "local s, t = ('x'):rep(30000), {} for i = 1, 900 do t[i] = s end return "
         "t", "result"),
        ("tables shared to the power", "local t = {1} for i = 1, 30 do t = {t, t} end return t", "result"),
        ("a table emptied, many times",
         _EMPTIED + "local t = {} for i = 1, 20000 do t[i] = e end return t", "result"),
        ("a table emptied, in few values", _EMPTIED + "local t = {} for i = 1, 300 do t[i] = e end return t",
         "any"),
    ],
    "shared state": [
        ("iterator kept in a global", "calls = calls or ('abc'):gmatch('.') return calls()", "ok", "a"),
        ("coroutine kept in _G", "_G.co = _G.co or coroutine.wrap(function() for i = 1, 9 do "
         "coroutine.yield(i) end end) "
         "return _G.co()", "ok", 1),
        ("metatable of the event", "setmetatable(event, {__index = function() return 'canary' end}) return "
         "event.other", "ok",
         "canary"),
        ("metatable of the settings", "setmetatable(settings, {__newindex = error}) return 1", "ok", 1),
        ("sorting the event's list", "table.sort(event.items, function(a, b) return a.item_id > b.item_id end) "
         "return event.items[1].item_id", "ok", "b"),
        ("removing from the event", "for k in pairs(event) do event[k] = nil end return next(event) == nil",
         "ok", True),
        ("kit tables that come back", "local a = json.decode('{\"a\":1}') a.a = 2 return "
         "json.decode('{\"a\":1}').a", "ok", 1),
    ],
    "smuggled values": [
        ("names that read as a form", "return {[('\\31{\\31a'):rep(5000)] = 1}", "ok"),
        ("names that read as lists", "return {[('\\31['):rep(9000)] = {1}}", "ok"),
        ("names that end a form", "return {['\\31}\\31}\\31}'] = 'x', b = 'y'}", "ok",
         {"\x1f}\x1f}\x1f}": "x", "b": "y"}),
        ("texts that part", "return {a = '\\31', b = '\\31\\31'}", "ok", {"a": "\x1f", "b": "\x1f\x1f"}),
        ("tables as keys, compared", "local function loop() while true do end end\n"
         "local m = {__lt = loop, __eq = loop, __le = loop, __hash = loop}\n"
         "return {[setmetatable({}, m)] = 1, [setmetatable({}, m)] = 2, [setmetatable({}, m)] = 3}", "result"),
        ("half a character", "return '\\u{d800}'", "result"),
        ("a character past Unicode", "return {'\\u{7fffffff}'}", "result"),
        ("a fraction as a key", "return {[1.5] = 1}", "result"),
        ("places from zero", "return {[0] = 1, [1] = 2}", "result"),
        ("holes", "return {1, nil, 3}", "result"),
        ("infinity", "return {a = {1 / 0}}", "result"),
        ("integers past 64 bits in JSON", "return json.decode('[123456789012345678901234567890]')[1] > 1e29",
         "ok", True),
        ("an integer past all floats in JSON", "return #json.decode('[' .. ('9'):rep(400) .. ']')", "any"),
    ],
    "leaks": [
        ("place of ours in a caught error", "local _, e = pcall(string.rep) return e:find('sandbox') or "
         "'clean'", "ok", "clean"),
        ("place of ours in an overflow", "local function f() return (('a'):gsub('a', f)) end local _, e = pcall(f) "
         "return e:find('sandbox') or 'clean'", "ok", "clean"),
        ("place of ours in a sort", "local _, e = pcall(table.sort, {3, 1, 'x'}) return e:find('sandbox') or "
         "'clean'", "ok",
         "clean"),
        ("place of ours in a matcher", "local _, e = pcall(string.find, ('a'):rep(5000), '(a*)(a*)%3') "
         "return e:find('sandbox') or 'clean'", "ok", "clean"),
        ("function as an error", "error(print or next)", "error"),
        ("long error", "error(('x'):rep(1000000))", "error"),
        ("bytes as an error", "error('\\xff\\xfe\\0')", "error"),
    ],
}
# fmt: on
