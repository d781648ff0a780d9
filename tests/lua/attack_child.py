"""Runs the attacks of one class in a process of their own, and prints one JSON line for each, as it ends.

After each attack a script that had run before runs again in the same sandbox: its answer tells what changed.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from runtime.errors import ScriptFault
from runtime.lua.sandbox import Sandbox
from tests.lua.attacks import ATTACKS
from tests.lua.attacks.table import Attack

AT_US = 1_767_225_600_000_000
EVENT = {"event_name": "purchase", "value": 9.5, "items": [{"item_id": "a"}, {"item_id": "b"}]}
SETTINGS = {"pixel_id": "123", "access_token": "\0secret:TOKEN\0"}
CANARY = """
local NAMES = {
  "string", "table", "math", "utf8", "os", "coroutine", "json", "text", "crypto", "pcall", "canary", "calls",
}
return {map = function(event, settings)
  local kinds = {}
  for _, name in ipairs(NAMES) do kinds[name] = type(_G[name]) end
  local checks = {
    (" a b "):match("^%s*(.-)%s*$"), ("x"):rep(3, "-"), table.concat({1, 2}, ","), json.encode(event), settings,
    tostring(12), text.lower("Ä"), crypto.sha256("a"), math.random(1000), os.time(), pcall(error, "x"),
    string.canary == nil, event.items[2].item_id, select("#", 1, 2), #utf8.char(228), type(string.rep),
    coroutine.wrap(function() return 5 end)(),
  }
  return {kinds = kinds, checks = checks}
end}
"""


def run(sandbox: Sandbox, attack: Attack) -> dict[str, Any]:
    source = f"local map\nmap = function(event, settings)\n{attack.body}\nend\nreturn {{map = map}}"
    started = time.process_time()
    try:
        script = sandbox.script("attack", source)
        pushed = sandbox.push(EVENT), sandbox.push(SETTINGS)
        returned = sandbox.call(script, "map", *pushed, at_us=AT_US, seed="attack")
        outcome = {"outcome": "ok", "values": [_shortened(value) for value in returned.values]}
    except ScriptFault as fault:
        outcome = {"outcome": fault.kind, "message": fault.message}
    return {"name": attack.name, "cpu_s": time.process_time() - started, **outcome}


def _shortened(value: Any) -> Any:
    return value if len(json.dumps(value)) < 10_000 else "(large)"


def main(cls: str) -> None:
    sandbox = Sandbox()
    canary = sandbox.script("canary", CANARY)

    def answer() -> Any:
        pushed = sandbox.push(EVENT), sandbox.push(SETTINGS)
        return sandbox.call(canary, "map", *pushed, at_us=AT_US, seed="canary").values

    before = answer()
    for attack in ATTACKS:
        if attack.cls == cls:
            report = run(sandbox, attack)
            print(json.dumps(report | {"unaffected": answer() == before}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
