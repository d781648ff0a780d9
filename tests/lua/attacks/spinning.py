"""What tries to run on in Lua past its budget."""

from __future__ import annotations

from tests.lua.attacks.table import Rows

# fmt: off
ATTACKS: dict[str, Rows] = {
    "endless Lua": [
        ("while", 'while true do end', "cpu"),
        ("goto", '::a:: goto a', "cpu"),
        ("for", 'for i = 1, math.huge do end', "cpu"),
        ("repeat", 'repeat until false', "cpu"),
        ("__index", 'local t = setmetatable({}, {__index = function(t, k) return t[k + 1] end}) return t[1]', "any"),
        ("iterator", 'for _ in function() return 1 end do end', "cpu"),
        ("tail calls", 'local function f() return f() end f()', "cpu"),
        ("gsub callback", "(('a'):rep(1000)):gsub('.', function() while true do end end)", "cpu"),
        ("sort comparator", 'table.sort({1, 2, 3}, function() while true do end end)', "cpu"),
        ("__close", 'local x <close> = setmetatable({}, {__close = function() while true do end end})', "cpu"),
        ("__tostring", 'tostring(setmetatable({}, {__tostring = function() while true do end end}))', "cpu"),
        ("in a coroutine", 'coroutine.wrap(function() while true do end end)()', "cpu"),
    ],
    "swallowing the kill": [
        ("pcall loop", 'while true do pcall(function() while true do end end) end', "cpu"),
        ("pcall of pcall", 'while true do pcall(pcall, function() while true do end end) end', "cpu"),
        ("xpcall handler", 'xpcall(function() while true do end end, function() while true do end end)', "cpu"),
        ("xpcall of pcall", 'while true do xpcall(pcall, pcall, function() while true do end end) end', "cpu"),
        ("wrap loop", 'while true do pcall(coroutine.wrap(function() while true do end end)) end', "cpu"),
        ("close with a looping __close",
         'local co = coroutine.create(function()\n'
         'local x <close> = setmetatable({}, {__close = function() while true do end end}) coroutine.yield()'
         ' end)\n'
         'coroutine.resume(co) coroutine.close(co)', "cpu"),
        ("__close after the kill",
         'local x <close> = setmetatable({}, {__close = function() while true do pcall(function() while true'
         ' do end end) end end})\n'
         'while true do end', "cpu"),
        ("error as a table", 'while true do pcall(error, {}) end', "cpu"),
        ("pcall in a gsub callback",
         "('x'):rep(100):gsub('.', function() pcall(function() while true do end end) end)", "cpu"),
        ("own text of a kill", "error('instructions', 0)", "error"),
    ],
    "hook evasion": [
        ("short coroutines", 'while true do coroutine.wrap(function() end)() end', "cpu"),
        ("busy coroutines", 'while true do coroutine.wrap(function() for i = 1, 190 do end end)() end', "cpu"),
        ("nested coroutines", 'local function f() coroutine.wrap(f)() end f()', "any"),
        ("resume the runner",
         'local r = coroutine.running() return coroutine.wrap(function() return coroutine.resume(r) end)()', "ok"),
        ("work in gsub callbacks", "while true do ('aaaaaaaa'):gsub('.', function(c) return c end) end", "cpu"),
        ("work in sort",
         'local t = {} for i = 1, 200 do t[i] = -i end while true do table.sort(t) table.sort(t, function(a,'
         ' b) return a > b end) end', "cpu"),
    ],
    "budget arithmetic": [
        ("NaN range", "pcall(table.concat, {}, '', 0/0, 0/0) while true do end", "cpu"),
        ("2^53 range", 'pcall(table.unpack, {}, 1, 2^53) while true do end', "cpu"),
        ("negative range", 'pcall(table.move, {}, 1, -2^62, 1) while true do end', "cpu"),
        ("string range", "pcall(table.concat, {}, '', '1', '9e15') while true do end", "cpu"),
        ("extreme range", 'pcall(table.move, {}, math.mininteger, math.maxinteger, 1) while true do end', "cpu"),
        ("negative rep", "for i = 1, 1000 do ('x'):rep(-2^53) end while true do end", "cpu"),
        ("insert far before", 'local t = {} pcall(table.insert, t, math.mininteger, 1) while true do end', "cpu"),
        ("remove far behind", 'local t = {} pcall(table.remove, t, math.maxinteger) while true do end', "cpu"),
        ("codepoint range", "pcall(utf8.codepoint, 'abc', math.mininteger, math.maxinteger) while true do end", "cpu"),
    ],
    "deep structures": [
        ("recursion", 'local function f() return 1 + f() end f()', "any"),
        ("pcall", 'local function f() return pcall(f) end return (f())', "any"),
        ("gsub", "local function f() return (('a'):gsub('a', f)) end return f()", "error"),
        ("tostring",
         'local m = {} m.__tostring = function() return tostring(setmetatable({}, m)) end return '
         'tostring(setmetatable({}, m))', "any"),
        ("__index chain", 'local t = {} for i = 1, 10000 do t = setmetatable({}, {__index = t}) end return t.x', "any"),
        ("sort in sort", 'local function f() table.sort({2, 1}, function() f() end) end f()', "error"),
        ("nested result", 'local t = {} for i = 1, 100 do t = {t} end return t', "result"),
        ("nested JSON", 'local t = {} for i = 1, 1000 do t = {t} end return json.encode(t)', "error"),
        ("cyclic JSON", 'local t = {} t[1] = t return json.encode(t)', "error"),
        ("coroutines", 'local function f(n) return coroutine.wrap(f)(n + 1) end return f(1)', "any"),
        ("concat metamethod",
         'local m = {} m.__concat = function(a, b) return a .. b end local t = setmetatable({}, m) return t '
         '.. t', "any"),
    ],
}
# fmt: on
