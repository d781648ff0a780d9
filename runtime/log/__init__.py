"""The event log: every accepted hit, durable before it is answered."""
