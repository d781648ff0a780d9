"""Databases beside the log. Each file has exactly one writing process."""
