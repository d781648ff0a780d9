"""What people ask of the data: traces computed again from the log, and lists. Reads only, changes nothing."""
