"""Who may use the admin port, and how that is known."""
