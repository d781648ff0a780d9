"""Containers: read from a file, checked as a whole, frozen as a snapshot. Nothing here runs a script."""
