"""The benchmark's parts: a receiver, a load generator, readings of CPU time. Loopback only."""
