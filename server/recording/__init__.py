"""What terminals saw, kept as numbers when that is wanted: to decide it again, and to count near misses."""
