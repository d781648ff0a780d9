"""What tries to get out of the sandbox, or to learn of what is outside."""

from __future__ import annotations

from tests.lua.attacks.table import Rows

# fmt: off
ATTACKS: dict[str, Rows] = {
    "host libraries": [
        ("absent io", 'return type(io)', "ok", "nil"),
        ("absent debug", 'return type(debug)', "ok", "nil"),
        ("absent package", 'return type(package)', "ok", "nil"),
        ("absent require", 'return type(require)', "ok", "nil"),
        ("absent collectgarbage", 'return type(collectgarbage)', "ok", "nil"),
        ("absent print", 'return type(print)', "ok", "nil"),
        ("absent warn", 'return type(warn)', "ok", "nil"),
        ("absent dofile", 'return type(dofile)', "ok", "nil"),
        ("absent loadfile", 'return type(loadfile)', "ok", "nil"),
        ("absent os.execute", 'return type(os.execute)', "ok", "nil"),
        ("absent os.getenv", 'return type(os.getenv)', "ok", "nil"),
        ("absent os.exit", 'return type(os.exit)', "ok", "nil"),
        ("absent os.remove", 'return type(os.remove)', "ok", "nil"),
        ("absent os.tmpname", 'return type(os.tmpname)', "ok", "nil"),
        ("absent os.clock", 'return type(os.clock)', "ok", "nil"),
        ("absent os.setlocale", 'return type(os.setlocale)', "ok", "nil"),
        ("through _G", 'return type(_G.io), type(_G._G.package)', "ok", ("nil", "nil")),
        ("through _ENV", 'return type(_ENV.debug), type(_ENV._G.os.execute)', "ok", ("nil", "nil")),
        ("string method", "return type((''):gsub('', '')), type(('').dump)", "ok", ("string", "nil")),
        ("call os.exit", 'os.exit(1)', "error"),
    ],
    "code loading": [
        ("absent load", 'return type(load)', "ok", "nil"),
        ("absent loadstring", 'return type(loadstring)', "ok", "nil"),
        ("absent string.dump", 'return type(string.dump)', "ok", "nil"),
        ("absent string.pack", 'return type(string.pack)', "ok", "nil"),
        ("absent string.unpack", 'return type(string.unpack)', "ok", "nil"),
        ("absent dofile", 'return type(dofile)', "ok", "nil"),
        ("string.dump by method", "return pcall(function() return ('x').dump(map) end)", "ok"),
        ("through the string table", "return type(getmetatable('')), type(rawget(string, 'dump'))", "ok"),
    ],
    "Python bridge": [
        ("absent python", 'return type(python)', "ok", "nil"),
        ("absent _G.python", 'return type(_G.python)', "ok", "nil"),
        ("absent lupa", 'return type(lupa)', "ok", "nil"),
        ("absent builtins", 'return type(builtins)', "ok", "nil"),
        ("globals of a kit function", 'return crypto.sha256.__globals__', "error"),
        ("type of a kit function", 'return type(crypto.sha256)', "ok", "function"),
        ("dunder of the event", 'return event.__class__, event.keys, settings.items', "ok"),
        ("error of a kit function", "local ok, e = pcall(regex.match, 'a', '(') return type(e)", "ok", "string"),
    ],
    "userdata metatable": [
        ("of a kit function", 'return type(getmetatable(crypto.sha256))', "ok", "nil"),
        ("of a string", "return type(getmetatable(''))", "ok", "nil"),
        ("set __call", 'getmetatable(crypto.sha256).__call = function() end', "error"),
        ("setmetatable on a function", 'setmetatable(crypto.sha256, {})', "error"),
        ("setmetatable on a string", "setmetatable('', {})", "error"),
        ("of a library", 'return getmetatable(string), getmetatable(crypto)', "ok", (False, False)),
        ("replace a library's", 'setmetatable(string, {})', "error"),
        ("of the environment", 'return getmetatable(_G)', "ok", False),
        ("of the event", 'return type(getmetatable(event))', "ok", "nil"),
    ],
    "exception objects": [
        ("pcall", "local ok, e = pcall(crypto.sha256, '\\xff\\xfe') return type(e)", "ok", "string"),
        ("xpcall",
         "local seen; xpcall(crypto.sha256, function(e) seen = type(e) end, '\\xff\\xfe') return seen", "ok", "string"),
        ("coroutine",
         "local co = coroutine.create(crypto.sha256) local ok, e = coroutine.resume(co, '\\xff\\xfe') return "
         'type(e)', "ok", "string"),
        ("wrap",
         "local ok, e = pcall(coroutine.wrap(function() crypto.sha256('\\xff\\xfe') end)) "
         "return type(e)", "ok", "string"),
        ("close argument",
         'local seen\n'
         'pcall(function() local x <close> = setmetatable({}, {__close = function(_, e) seen = type(e) end})\n'
         "crypto.sha256('\\xff\\xfe') end) return seen", "ok", "string"),
        ("lone surrogate", "local ok, e = pcall(text.nfc, '\\xed\\xa0\\x80') return type(e)", "ok", "string"),
        ("surrogate in JSON", 'return type(json.decode(\'"\\\\ud800"\'))', "ok", "nil"),
        ("huge integer in JSON", "return type(json.decode('[123456789012345678901234567890]'))", "any"),
        ("uncaught", "crypto.sha256('\\xff\\xfe')", "error"),
        ("deep JSON", "return type(json.decode(('['):rep(100000)))", "ok", "nil"),
    ],
    "leaks": [
        ("tostring of a table",
         'return tostring({}), tostring(map), tostring(pcall)', "ok", ("table", "function", "function")),
        ("%s of a table", "return ('%s'):format({})", "ok", "table"),
        ("%p", "return ('%p'):format({})", "error"),
        ("%p with a width", "return ('%20p'):format({})", "error"),
        ("__name", "return tostring(setmetatable({}, {__name = 'x'}))", "ok", "table"),
        ("error about a table", "return ('x'):rep({})", "error"),
        ("concat of a table", "return 'a' .. {}", "error"),
        ("thread", 'return tostring(coroutine.running())', "ok", "thread"),
        ("host text",
         "local _, e = pcall(crypto.sha256, '\\xff\\xfe') "
         "return e:find('codec') or e:find('/') or 'clean'", "ok", "clean"),
        ("error object", "error(setmetatable({}, {__tostring = function() return 'x' end}))", "error"),
        ("time of the machine", "return os.time(), os.date('%Y-%m-%d')", "ok", (1767225600, "2026-01-01")),
    ],
}
# fmt: on
