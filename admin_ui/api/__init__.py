"""The admin API: JSON, for programs."""
