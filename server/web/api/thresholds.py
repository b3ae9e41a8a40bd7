"""What the threshold in force is, and what it risks."""
