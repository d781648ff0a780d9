"""What tries to run long, or grow large, where the count hook does not see it."""

from __future__ import annotations

from tests.lua.attacks.table import Rows

# fmt: off
ATTACKS: dict[str, Rows] = {
    "long C calls": [
        ("rep of nothing", "return (''):rep(2^53)", "error"),
        ("huge rep", "return ('x'):rep(2^31)", "error"),
        ("rep with separator", "return ('x'):rep(1000, ('y'):rep(100000))", "error"),
        ("concat", "return table.concat({}, 'x', 1, 2^40)", "error"),
        ("move", 'table.move({}, 1, 2^40, 2)', "error"),
        ("unpack", 'return table.unpack({}, 1, 1e6)', "error"),
        ("byte", "return ('x'):rep(100000):byte(1, -1)", "error"),
        ("insert with __len", 'table.insert(setmetatable({}, {__len = function() return 2^53 end}), 1, 1)', "error"),
        ("remove with __len", 'table.remove(setmetatable({}, {__len = function() return 2^53 end}), 1)', "error"),
        ("sort with __len", 'table.sort(setmetatable({}, {__len = function() return 2^30 end}))', "error"),
        ("concat with a late __index",
         "local m = {} local t = setmetatable({}, m) m.__index = function() return 'x' end return "
         "table.concat(t, '', 1, 10)", "error"),
        ("insert at the front",
         'local t = {} for i = 1, 1e5 do t[i] = i end while true do table.insert(t, 1, 0) end', "cpu"),
        ("sort of large equal prefixes",
         "local s = ('x'):rep(900000) local a, b, c = s .. 'a', s .. 'b', s .. 'c'\n"
         'local t = {} for i = 1, 60000 do t[i] = i % 3 == 0 and a or i % 3 == 1 and b or c end '
         'table.sort(t)', "cpu"),
        ("date format", "local f = ('%c'):rep(100) while true do os.date(f) end", "cpu"),
        ("large date format", "os.date(('%c'):rep(500000))", "error"),
        ("utf8.len", "local s = ('ä'):rep(500000) while true do utf8.len(s) end", "cpu"),
        ("utf8.offset",
         "local s = ('ä'):rep(500000) while true do utf8.offset(s, -1) utf8.offset(s, 490000) end", "cpu"),
        ("utf8.codes of continuation bytes", "for _ in utf8.codes(('\\x80'):rep(1000000)) do end", "error"),
        ("upper", "local s = ('x'):rep(1000000) while true do s:upper():lower():reverse() end", "cpu"),
        ("tonumber", "local s = ('1'):rep(1000000) while true do tonumber(s) end", "cpu"),
        ("format", "local s = ('x'):rep(1000000) while true do ('%s%q'):format(s, s) end", "any"),
        ("kit hash", "local s = ('x'):rep(1000000) while true do crypto.sha256(s) end", "cpu"),
        ("kit lower", "local s = ('ä'):rep(500000) while true do text.lower(s) end", "any"),
        ("kit JSON", "local s = '[' .. ('1,'):rep(40000) .. '1]' while true do json.decode(s) end", "any"),
        ("kit URL",
         "local s = ('%20'):rep(300000) while true do url.decode(s) url.encode(s:sub(1, 300000)) end", "any"),
        ("kit NFC of one long run of marks", "return text.nfc('e' .. ('\\u{301}\\u{327}'):rep(50000))", "error"),
        ("kit UUIDs", "while true do random.uuid() end", "any"),
        ("next on an emptied table",
         "local t = {} for i = 1, 60000 do t[i + 0.5] = true end for k in next, t do t[k] = nil end "
         "while true do next(t) end", "cpu"),
        ("comparing long texts",
         "local s = ('x'):rep(900000) local a, b = s .. 'a', s .. 'b' while a < b do end", "cpu"),
        ("long texts as keys", "local s, t = ('x'):rep(900000), {} while true do t[s .. 'y'] = nil end", "cpu"),
        ("registrable domain", "local s = ('a.'):rep(400000) .. 'com' while true do domain.registrable(s) end", "cpu"),
        ("distinct expressions", "for i = 1, 1e5 do regex.match('abc', '(a|b){' .. i % 90 .. '}' .. i) end", "any"),
        ("kit trim", "local s = (' '):rep(500000) while true do text.trim(s) text.trim('x' .. s) end", "cpu"),
        ("kit split", "local s = ('a'):rep(1000000) while true do text.split(s, 'aab') end", "cpu"),
    ],
    "pattern bombs": [
        ("lazy chain", "local s = ('a'):rep(10000) return s:find('.-.-.-.-.-b')", "cpu"),
        ("greedy chain", "return (('a'):rep(5000)):match('a*a*a*a*b')", "cpu"),
        ("optional captures", "return (('a'):rep(30)):match(('(a?)'):rep(30) .. ('a'):rep(30))", "any"),
        ("optional hundred", "return (('a'):rep(100)):match(('a?'):rep(100) .. ('a'):rep(100))", "cpu"),
        ("balance", "while true do local s = ('('):rep(400000) s:match('%b()') end", "cpu"),
        ("back-reference", "return (('a'):rep(20000)):match('(.*)%1b')", "cpu"),
        ("trailing space", "return ((' '):rep(100000) .. 'y'):match('%s+$x')", "any"),
        ("trim the classic way", "local s = (' '):rep(500000) .. 'x' while true do s:match('^(.-)%s*$') end", "cpu"),
        ("long literal",
         "local p = ('a'):rep(1000) .. '[b]' local s = ('a'):rep(1000000) while true do s:find(p) end", "cpu"),
        ("long set",
         "local p = '[' .. ('b'):rep(1000) .. 'a]*c' local s = ('a'):rep(1700) while true do s:find(p) end", "cpu"),
        ("many distinct patterns", "for i = 1, 1e9 do ('abc'):find('[' .. i .. 'a-z]+%d*') end", "cpu"),
        ("gsub", "return (('a'):rep(20000)):gsub('a*a*b', '')", "cpu"),
        ("gmatch", "for _ in (('a'):rep(20000)):gmatch('a-a-b') do end", "cpu"),
        ("anchored gmatch", "local n = 0 for _ in ('^a^a'):gmatch('^a') do n = n + 1 end return n", "ok", 2),
        ("plain find", "return (('a'):rep(1000000)):find(('a'):rep(500000) .. 'b', 1, true)", "error"),
        ("plain find in a loop",
         "local s, p = ('a'):rep(100000), ('a'):rep(1000) .. 'b' while true do s:find(p, 1, true) end", "cpu"),
        ("too long a pattern", "return ('a'):find(('a'):rep(2000) .. '+')", "error"),
        ("huge replacement", "return #(('a'):rep(100000)):gsub('a', ('b'):rep(100000))", "any"),
        ("frontiers", "local s = ('a '):rep(300000) while true do s:find('%f[%w]%w+%f[%W]x') end", "cpu"),
        ("RE2", "return regex.match(('a'):rep(50000), '(a*)*(a*)*b')", "ok", False),
        ("RE2 repeated", "local s = ('a'):rep(500000) while true do regex.match(s, '(x+x+)+y') end", "any"),
    ],
    "memory": [
        ("doubling", "local s = 'x' while true do s = s .. s end", "memory"),
        ("table growth", 'local t = {} for i = 1, 1e9 do t[i] = {} end', "any"),
        ("strings kept", "local t = {} for i = 1, 1e6 do t[i] = ('x'):rep(100000) .. i end", "memory"),
        ("swallowed",
         "local t = {} while true do pcall(function() for i = 1, 100 do t[#t + 1] = ('x'):rep(1000000) .. #t"
         ' end end) end', "memory"),
        ("full, then a kit call",
         "local t = {} pcall(function() while true do t[#t + 1] = ('x'):rep(500000) .. #t end end) return "
         "crypto.sha256('x')", "memory"),
        ("replacement", "local s = ('a'):rep(1000) while true do s = s:gsub('a', 'aaaaaaaaaa') end", "memory"),
        ("coroutines", 'local t = {} while true do t[#t + 1] = coroutine.create(function() end) end', "any"),
        ("weak keys",
         "local m = {} local t = setmetatable({}, m) m.__mode = 'k'\n"
         'local last = {} for i = 1, 40000 do local k = {} t[last] = k last = k end local s = '
         "('x'):rep(1000000) for i = 1, 20 do s = s:reverse() end", "any"),
        ("weak keys in chains, set twice",
         "local m = {} local t = setmetatable({}, m) m.__mode = 'k' return pcall(setmetatable, t, m)", "ok"),
        ("large result", "local t = {} for i = 1, 60000 do t[i] = 'x' .. i end return t", "result"),
        ("large texts in the result", "return {('x'):rep(1000000), ('y'):rep(1000000), ('z'):rep(1000000)}", "ok"),
        ("many values", 'return table.unpack({}, 1, 8000)', "ok"),
        ("large kit result", "return #text.base64(('x'):rep(1000000))", "error"),
        ("logs", "while true do log.info(('x'):rep(100000)) end", "cpu"),
        ("own text", "error('not enough memory', 0)", "any"),
        ("varargs", 'local function f(...) return f(1, 2, 3, 4, 5, 6, 7, 8, ...) end f()', "any"),
    ],
}
# fmt: on
