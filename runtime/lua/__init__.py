"""The Lua sandbox: scripts get data and return data, within a budget, and can reach nothing else.

Threat model: the author of a script writes its source and may also choose the event's keys, values and sizes. It must
never reach Python objects, files, the environment, the network, another script or another event; never hang, kill or
exhaust the process; never read a secret, a path or an address. It may fail its own event and waste its own budget.

The base chunks (*.lua) build the environment from nothing; `sandbox.py` is the only user of lupa. What this cannot
prove (faults in Lua or lupa, hash flooding with chosen keys) is left to the process that watches the router.
"""
