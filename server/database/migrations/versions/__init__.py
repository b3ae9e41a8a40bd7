"""One file for each step, in order: 0001, 0002, ..."""
