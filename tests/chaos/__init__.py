"""What becomes of the server and its terminals when things go wrong: `python -m tests.chaos`."""
