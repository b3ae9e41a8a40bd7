"""What a start makes, checks and tells."""
