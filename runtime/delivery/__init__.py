"""From the log to the vendors: reads hits, batches items, sends them, judges answers, settles what happened.

No Lua and no pipeline here: the app lends both as plain callables (ports.py).
"""
