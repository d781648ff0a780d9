"""Processes: who runs, who restarts whom, in which order they stop. Knows nothing of what they do."""
