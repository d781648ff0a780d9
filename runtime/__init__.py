"""Firsthand: a self-hosted, first-party tag server.

The data path, from a hit to its deliveries:

1. edge.collector   claims a request, decides client IP, consent and cookies
2. log.writer       commits the hit; only then the sender gets its 2xx
3. delivery.consumer reads the log by its cursor
4. pipeline.run     parse → consent → transformations → triggers → map; pure
5. delivery.dispatcher batches the items of a tag
6. pipeline.tag     describes the request, and judges the answer
7. http.transport   sends it, past the address guard
8. delivery.settle  moves cursors, writes retries, dead letters, attempts and summaries in one transaction
"""

__version__ = "0.1.0"
