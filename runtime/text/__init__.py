"""Words and bytes: decoding, hashing, patterns, domains, secrets and masks. Pure functions without I/O."""
