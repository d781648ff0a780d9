"""The one way out: outgoing HTTP with its address guard."""
