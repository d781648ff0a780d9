"""A script that hangs its process: one table operation that takes some 20 s inside of Lua, where no hook fires.

The keys fill a hash of half the size without a collision. As it grows, all of them fall into one chain of the new one,
and Lua walks that chain for each key. Every step before is cheap, so no budget is near its end.
"""

from __future__ import annotations

HANG_SOURCE_BODY = "local t = {} for k = 1, 140000 do t[k * 262143] = true end return {n = 1}"
"""Body of any function of a script, for example `map`."""
