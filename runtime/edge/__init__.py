"""The collector port: takes a hit, decides what must be decided before the answer, and answers once it is durable.

No Lua, no parsing beyond the declared facts, no outgoing request: nothing a template does can slow an acknowledgement.
"""
