"""From a logged hit to one encoded item per event and tag.

A pure function: no file, socket, clock or chance. Kit time is the hit's arrival and kit random is seeded by (hit,
event, instance, function), so that any hit of the log can be computed again, byte for byte, for a replay or a trace.
"""
