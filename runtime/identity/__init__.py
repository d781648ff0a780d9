"""The visitor's first-party identifiers: which value is kept, and when a new one is made. Pure rules, no cookies."""
