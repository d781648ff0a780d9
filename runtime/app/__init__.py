"""The only wiring: what each kind of process is made of, one file a kind.

The supervisor forks an edge and a router per worker, a router alone for a shard that lost its worker, and one admin
process. Nothing here decides anything; it hands each part what it needs.
"""

from runtime.app.start import Listen, start

__all__ = ["Listen", "start"]
